"""Who reads, what they get, and what the trail has of it."""

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from flaskr.audit.models import AuditEvent
from flaskr.extensions import db
from flaskr.users.models import Role
from tests.users.people import signed_in

NAME, SAID = "Åsa Utterström", "Zorn Exampelmark slipped on the stairs"
REASON = "reason=asked by the person"
PSEUDONYM = "policyholder_"
OF_FILES = ("file_exported", "manifest_read", "export_kept", "kept_export_read")
OF_FILES += ("kept_export_deleted",)


def reader(app: Flask, role: Role, email: str = "") -> FlaskClient:
    """Somebody signed in, who reads every answer to its end, as a browser does."""
    return to_the_end(signed_in(app, role, email))


def to_the_end(client: FlaskClient) -> FlaskClient:
    client.get = partial(client.get, buffered=True)
    client.head = partial(client.head, buffered=True)
    return client


def frame(body: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(body), dtype=str, keep_default_na=False)


def pseudonym_in(columns) -> str:
    (found,) = (name for name in columns if name.startswith(PSEUDONYM))
    return found


def told(app: Flask) -> list[dict[str, Any]]:
    """What the trail has of files, oldest first."""
    with app.app_context():
        query = select(AuditEvent).where(AuditEvent.action.in_(OF_FILES)).order_by(AuditEvent.id)
        found = [
            {
                "action": str(event.action),
                "subject": event.subject,
                "actor": event.actor,
                **json.loads(event.after or "{}"),
            }
            for event in db.session.scalars(query)
        ]
        db.session.remove()
    return found


def names_in_spool(app: Flask) -> list[Path]:
    folder = app.config["INSTANCE_FOLDER"] / "spool"
    return sorted(folder.iterdir()) if folder.exists() else []
