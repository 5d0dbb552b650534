"""Checks of what the database lets this user do."""

import os
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from flaskr.database.append_only import missing_triggers
from flaskr.database.engine import is_embedded
from flaskr.extensions import db
from flaskr.operations.doctor.findings import Finding

_ROLE = text("""
    SELECT current_user AS name, rolsuper AS is_super, pg_is_in_recovery() AS is_replica,
        current_setting('default_transaction_read_only') = 'on' AS is_read_only,
        has_database_privilege(current_database(), 'TEMPORARY') AS may_load
    FROM pg_roles WHERE rolname = current_user
""")
_RELATIONS = text("""
    SELECT relname AS name, pg_get_userbyid(relowner) = current_user AS is_own,
        CASE relkind
            WHEN 'S' THEN has_sequence_privilege(oid, 'USAGE')
            WHEN 'r' THEN has_table_privilege(oid, 'SELECT')
                AND (relname = 'alembic_version' OR has_table_privilege(oid, 'INSERT')
                    AND has_table_privilege(oid, 'UPDATE')
                    AND has_table_privilege(oid, 'DELETE'))
        END AS is_usable
    FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'S')
    ORDER BY relname
""")


def check_rights() -> Iterator[Finding]:
    """Whether the book can be written, and whether its triggers can be switched off."""
    yield from _rights_on_file() if is_embedded() else _rights_of_role()


def check_triggers() -> Iterator[Finding]:
    """Whether the triggers are there that keep rows from being changed."""
    missing = missing_triggers(db.session.connection())
    if missing:
        yield Finding.wrong(
            "triggers",
            f"Rows can be changed, for triggers are missing or switched off: {', '.join(missing)}.",
        )
    else:
        yield Finding.ok("triggers", "The triggers that keep rows from being changed are there.")


def _rights_on_file() -> Iterator[Finding]:
    """Yield whether this user may write the embedded book's file."""
    path = str(db.engine.url.database)
    if os.access(path, os.R_OK | os.W_OK):
        yield Finding.ok("rights", f"This user may read and write {path}.")
    else:
        yield Finding.wrong("rights", f"This user may not write {path}.")


def _rights_of_role() -> Iterator[Finding]:
    """Yield what PostgreSQL's role may and should not."""
    role = db.session.execute(_ROLE).one()
    relations = db.session.execute(_RELATIONS).all()
    if role.is_replica or role.is_read_only:
        reason = "a replica" if role.is_replica else "set to read only"
        yield Finding.wrong("rights", f"Nothing can be written: the database is {reason}.")
    unusable = [each.name for each in relations if not each.is_usable]
    if not role.may_load:
        unusable.append("temporary tables, with which imports update")
    if unusable:
        yield Finding.wrong(
            "rights", f"The role {role.name} lacks grants to use {', '.join(unusable)}."
        )
    elif not (role.is_replica or role.is_read_only):
        yield Finding.ok("rights", f"The role {role.name} may read and write the book.")
    yield _ownership(role, any(each.is_own for each in relations))


def _ownership(role: Any, is_owner: bool) -> Finding:
    """Return whether the role can go round the triggers that keep rows from being changed."""
    if role.is_super:
        return Finding.look(
            "role",
            f"The role {role.name} is a superuser and can switch off whatever protects the book. "
            "Let the book run as another role.",
        )
    if is_owner:
        return Finding.look(
            "role",
            f"The role {role.name} owns tables of the book: it can migrate them, and switch off "
            "the triggers that keep rows from being changed.",
        )
    return Finding.ok(
        "role", f"The role {role.name} owns no table of the book: another one migrates it."
    )
