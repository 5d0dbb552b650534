"""Users of three roles at work in one book, and the events of each step."""

from flask import request

from flaskr.audit.models import Action, AuditEvent
from flaskr.extensions import db
from flaskr.users.models import Role
from tests.users.people import add_user, email_of

HANDLER, ACTUARY, ADMINISTRATOR = map(email_of, (Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR))


class Tour:
    """Users of three roles at work in one book, and the endpoints they visited."""

    def __init__(self, app) -> None:
        self.app = app
        for role in (Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR):
            add_user(app, role)
        self.visited: set[str] = set()
        app.before_request_funcs.setdefault(None, []).append(self.note_endpoint)
        self.last = 0
        self.new_events()

    def note_endpoint(self) -> None:
        if request.method == "POST" and request.endpoint:
            self.visited.add(request.endpoint)

    def new_events(self) -> list[tuple[str, str, str, str]]:
        """The events since the last call: (action, actor, subject kind, subject).

        Without those of who saw names, which forms that are opened record.
        """
        with self.app.app_context():
            newest = db.select(AuditEvent).where(AuditEvent.id > self.last).order_by(AuditEvent.id)
            events = db.session.scalars(newest).all()
            self.last = events[-1].id if events else self.last
            return [
                (each.action.value, each.actor, each.subject_kind.value, each.subject)
                for each in events
                if each.action is not Action.NAMES_SEEN
            ]
