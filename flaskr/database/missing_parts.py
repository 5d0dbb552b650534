"""Whether a database has every table and column that this version's book has."""

from sqlalchemy import Connection, text

from flaskr.extensions import db

_COLUMNS = {
    "sqlite": text("""
        SELECT tables.name, columns.name
        FROM sqlite_master AS tables, pragma_table_xinfo(tables.name) AS columns
        WHERE tables.type = 'table'
    """),
    "postgresql": text("""
        SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
            AND pg_table_is_visible(pg_class.oid)
            AND relnamespace <> 'pg_catalog'::regnamespace
    """),
}


def missing_parts(connection: Connection) -> list[str]:
    """Return the names of the tables, and of the columns of other tables, that are not there."""
    found = {tuple(row) for row in connection.execute(_COLUMNS[connection.dialect.name])}
    tables = {table for table, _ in found}
    missing = []
    for table in db.metadata.sorted_tables:
        if table.name not in tables:
            missing.append(table.name)
            continue
        names = (column.name for column in table.columns)
        missing += [f"{table.name}.{name}" for name in names if (table.name, name) not in found]
    return missing
