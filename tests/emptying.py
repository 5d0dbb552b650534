"""Emptying one PostgreSQL database again and again: a copy for each test costs more."""

from contextlib import suppress

import psycopg

from tests.books import create_database
from tests.postgres import PostgresServer

# What a test may change besides rows; if it does, the database is created again.
SCHEMA_OF_BOOK = """
    SELECT (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace),
           (SELECT string_agg(tgname || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger),
           (SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint),
           (SELECT string_agg(column_name || data_type, ' ' ORDER BY table_name, column_name)
            FROM information_schema.columns WHERE table_schema = 'public'),
           (SELECT string_agg(version_num, ' ') FROM alembic_version),
           (SELECT string_agg(currency || time_zone, ' ') FROM book)
"""
# In the replica role the triggers that keep tables append-only do not fire.
EMPTY_BOOK = """
    SET session_replication_role = replica;
    UPDATE book SET first_posted_at = NULL;
    TRUNCATE seals, entry_texts, closings, live_declarations, ledger_entries, claim_revisions,
        policy_revisions, claims, policies, import_files,
        imports, counters, users, sessions, tokens, password_links, sign_in_attempts,
        audit_events, event_texts, refusal_counts, second_factors, recovery_codes RESTART IDENTITY
"""


def empty_book(url: str, schema: tuple | None) -> bool:
    """Empty a book whose schema is unchanged; return whether it was."""
    # a test may have dropped the tables
    with suppress(psycopg.errors.UndefinedTable), psycopg.connect(url, autocommit=True) as book:
        if book.execute(SCHEMA_OF_BOOK).fetchone() == schema:
            book.execute(EMPTY_BOOK)
            return True
    return False


class EmptiedDatabase:
    """A database that is handed out again and again, empty each time."""

    name = "emptied_book"

    def __init__(self, server: PostgresServer, template: str) -> None:
        self.server = server
        self.template = template
        self.url = create_database(server, self.name, template)
        with psycopg.connect(self.url, autocommit=True) as connection:
            self.schema = connection.execute(SCHEMA_OF_BOOK).fetchone()

    def hand_out(self) -> str:
        """Empty the database, or create it again if its schema changed; return its URL."""
        if not empty_book(self.url, self.schema):
            with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{self.name}" WITH (FORCE)')
            create_database(self.server, self.name, self.template)
        return self.url
