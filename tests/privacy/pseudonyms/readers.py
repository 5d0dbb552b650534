"""Clients that read files, what the files hold, and the events recorded."""

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from flaskr.audit.models import AuditEvent, EventTexts
from flaskr.extensions import db
from flaskr.users.models import Role
from tests.users.people import signed_in_client

NAME, DESCRIPTION = "Åsa Utterström", "Zorn Exampelmark slipped on the stairs"
ENTRY_TEXTS = {
    "payee": "Rörmokare Quistgaard",
    "payee_reference": "F-55120-QX",
    "note": "Zorn the brother",
    "reason": "Said by Zorn",
}
REASON = "reason=asked by the person"
PSEUDONYM = "policyholder_"
FILE_ACTIONS = ("file_exported", "manifest_read", "export_kept", "kept_export_read")
FILE_ACTIONS += ("kept_export_deleted",)


def reading_client(app: Flask, role: Role, email: str = "") -> FlaskClient:
    """A signed-in client that reads every response to its end, as a browser does."""
    return read_fully(signed_in_client(app, role, email))


def read_fully(client: FlaskClient) -> FlaskClient:
    client.get = partial(client.get, buffered=True)
    client.head = partial(client.head, buffered=True)
    return client


def frame(body: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False)


def pseudonym_in(columns) -> str:
    (column,) = (name for name in columns if name.startswith(PSEUDONYM))
    return column


def file_events(app: Flask) -> list[dict[str, Any]]:
    """The events of files, oldest first."""
    with app.app_context():
        query = (
            select(AuditEvent, EventTexts.reason)
            .outerjoin(EventTexts)
            .where(AuditEvent.action.in_(FILE_ACTIONS))
            .order_by(AuditEvent.id)
        )
        events = [
            {
                "action": str(event.action),
                "subject": event.subject,
                "actor": event.actor,
                **json.loads(event.after or "{}"),
                **({"reason": reason} if reason else {}),
            }
            for event, reason in db.session.execute(query)
        ]
        db.session.remove()
    return events


def spooled_files(app: Flask) -> list[Path]:
    folder = app.config["INSTANCE_FOLDER"] / "spool"
    return sorted(folder.iterdir()) if folder.exists() else []
