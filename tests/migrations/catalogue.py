"""The tables of a book as the database describes them."""

import sqlalchemy as sa
from sqlalchemy import inspect

from flaskr.extensions import db


def catalogue() -> dict[str, object]:
    """The tables as the database describes them: columns, keys, checks, indexes."""
    inspector = inspect(db.engine)
    return {name: description_of(inspector, name) for name in sorted(db.metadata.tables)}


def description_of(inspector: sa.Inspector, table: str) -> dict[str, object]:
    columns = {
        column["name"]: (str(column["type"]), column["nullable"], collation(column["type"]))
        for column in inspector.get_columns(table)
    }
    return {
        "columns": columns,
        "primary key": inspector.get_pk_constraint(table),
        "foreign keys": by_name(inspector.get_foreign_keys(table)),
        "unique": by_name(inspector.get_unique_constraints(table)),
        "checks": by_name(inspector.get_check_constraints(table)),
        "indexes": [
            (index["name"], index["column_names"], index["unique"])
            for index in by_name(inspector.get_indexes(table))
        ],
        "conditions": conditions_of(inspector, table),
    }


def conditions_of(inspector: sa.Inspector, table: str) -> dict[str, str]:
    """The conditions of partial indexes, by name: SQLite's are objects that equal no other."""
    options = {
        each["name"]: each.get("dialect_options", {}) for each in inspector.get_indexes(table)
    }
    return {
        str(name): str(value)
        for name, of_index in options.items()
        for option, value in of_index.items()
        if option.endswith("_where")
    }


def collation(kind: sa.types.TypeEngine) -> str | None:
    return getattr(kind, "collation", None)


def by_name(records: list) -> list:
    return sorted(records, key=lambda one: one["name"])
