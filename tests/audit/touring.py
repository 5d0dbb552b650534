"""People of three roles at work in one book, and what each step leaves in the trail."""

from flask import request

from flaskr.audit.models import AuditEvent
from flaskr.extensions import db
from flaskr.users.models import Role
from tests.users.people import email_of, let_in

HANDLER, ACTUARY, ADMINISTRATOR = map(email_of, (Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR))


class Tour:
    """People of three roles at work in one book; `steps` are what each left in the trail."""

    def __init__(self, app) -> None:
        self.app = app
        for role in (Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR):
            let_in(app, role)
        self.visited: set[str] = set()
        app.before_request_funcs.setdefault(None, []).append(self.note)
        self.last = 0
        self.new()

    def note(self) -> None:
        if request.method == "POST" and request.endpoint:
            self.visited.add(request.endpoint)

    def new(self) -> list[tuple[str, str, str, str]]:
        """What came since: (action, who, on what kind, on what)."""
        with self.app.app_context():
            told = db.select(AuditEvent).where(AuditEvent.id > self.last).order_by(AuditEvent.id)
            found = db.session.scalars(told).all()
            self.last = found[-1].id if found else self.last
            return [
                (each.action.value, each.actor, each.subject_kind.value, each.subject)
                for each in found
            ]
