"""A book that people write, back up and put back, and a reader who asks for its feeds and files."""

import csv
import io
import shutil
import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from flaskr.book.sealing.queries import contains_seal, parse_seal, watermark
from flaskr.claims.check.services import rebuild_balances
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from flaskr.policies.models import Policy
from flaskr.settings import BOOK_FILE
from flaskr.values.money import format_money
from tests.claims.clocks import amend, edit
from tests.exports.feeds.following import VERSION, versions_in_book
from tests.factories import ACTOR, make_claim, make_policy, reserve

CLAIMS = "/export_claims?columns=claim_reference,cause,paid,outstanding"
POLICIES = "/export_policies?columns=policy_number,premium"


class SqliteBackups:
    """Copies of the file."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.book, self.folder = Path(app.instance_path) / BOOK_FILE, folder

    def back_up(self, number: int) -> None:
        with sqlite3.connect(self.book) as book:
            book.execute("VACUUM INTO ?", (str(self.folder / f"{number}.db"),))
        book.close()

    def put_back(self, number: int) -> None:
        for ending in ("-wal", "-shm", "-writers"):  # as docs/operating.md says
            self.book.with_name(f"{BOOK_FILE}{ending}").unlink(missing_ok=True)
        copy = self.book.with_name("copy.db")
        shutil.copy(self.folder / f"{number}.db", copy)
        copy.replace(self.book)


class PostgresBackups:
    """Copies of the database, by the server's own templates."""

    def __init__(self, app: Flask) -> None:
        url = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
        self.name = str(url.database)
        self.server = url.set(database="postgres").render_as_string(hide_password=False)

    def back_up(self, number: int) -> None:
        self._copy(self.name, f"{self.name}_{number}")

    def put_back(self, number: int) -> None:
        self._copy(f"{self.name}_{number}", self.name)

    def _copy(self, source: str, target: str) -> None:
        with psycopg.connect(self.server, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)'.encode())
            server.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"'.encode())


class History:
    """One book and its backups; each action is committed."""

    def __init__(self, app: Flask, folder: Path) -> None:
        is_sqlite = db.engine.dialect.name == "sqlite"
        self.backups = SqliteBackups(app, folder) if is_sqlite else PostgresBackups(app)
        self.made = 0

    def write(self, place: int) -> None:
        """Report a claim, set a reserve, or edit a claim or a policy."""
        claims = db.session.scalars(select(Claim).order_by(Claim.id)).all()
        kind, place = place % 4, place // 4
        if kind == 0 or not claims:
            make_claim(policy=make_policy())
        elif kind == 1:
            claim = claims[place % len(claims)]
            reserve(claim, str(claim.outstanding + place + 1), date(2026, 1, 1))
        elif kind == 2:
            claim = claims[place % len(claims)]
            edit(claim, cause=Cause.FIRE if claim.cause != Cause.FIRE else Cause.WATER)
        else:
            policy = db.session.scalars(select(Policy).order_by(Policy.id)).first()
            amend(policy, premium=policy.premium + 1)
        db.session.commit()

    def rebuild(self, place: int) -> None:
        """Make balances wrong without a word, and correct them."""
        db.session.execute(text("UPDATE claims SET paid = paid + 100"))
        db.session.commit()
        rebuild_balances(ACTOR)
        db.session.commit()

    def back_up(self, place: int) -> None:
        self._close()
        self.backups.back_up(self.made)
        self.made += 1

    def put_back(self, place: int) -> None:
        if self.made:
            self._close()
            self.backups.put_back(place % self.made)

    def _close(self) -> None:
        """Let no connection be open, as when the book is stopped."""
        db.session.remove()
        db.engine.dispose()


class FeedReader:
    """A program with copies of the feeds and the tags of files."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.begun = 0
        self.begin_again()
        self.files: dict[str, tuple[str, bytes]] = {}
        self.seals: dict[str, str] = {}  # of the book when a tag was given

    def begin_again(self) -> None:
        self.begun += 1
        self.ledger: dict[int, Decimal] = {}
        self.versions: dict[tuple, dict] = {}
        self.since = {"ledger": "", "revisions": ""}

    def follow(self) -> None:
        """Read both feeds; begin again when told to."""
        for contents in ("ledger", "revisions"):
            rows = self._rows_since(contents)
            if rows is None:
                self.begin_again()
                return self.follow()
            for row in rows:
                if contents == "ledger":
                    assert int(row["entry_id"]) not in self.ledger
                    self.ledger[int(row["entry_id"])] = Decimal(row["outstanding"])
                else:
                    self.versions[tuple(row[name] for name in VERSION)] = row
        return None

    def _rows_since(self, contents: str) -> list[dict] | None:
        """What came since the last time; None when the book is of another history."""
        since = f"?since={self.since[contents]}" if self.since[contents] else ""
        answer = self.client.get(f"/export_{contents}{since}", buffered=True)
        if answer.status_code == 409:
            assert "Begin again" in answer.text
            return None
        assert answer.status_code == 200, answer.text
        self.since[contents] = answer.headers["X-Next-Since"]
        return list(csv.DictReader(io.StringIO(answer.text)))

    def file(self, address: str) -> bytes:
        """A file, by the tag that the reader has."""
        tag, body = self.files.get(address, ("", b""))
        answer = self.client.get(address, headers={"If-None-Match": tag}, buffered=True)
        if answer.status_code != 304:
            assert answer.status_code == 200, answer.text
            tag, body = answer.headers["ETag"], answer.data
            self.files[address] = tag, body
            self.seals[tag] = watermark()["seal"]
        return body

    def check_rest_of(self, address: str) -> None:
        """Ask for the rest of a file: it is that of the same file, while the book contains it."""
        if address not in self.files:
            return
        tag, body = self.files[address]
        asked = {"Range": "bytes=5-", "If-Range": tag}
        answer = self.client.get(address, headers=asked, buffered=True)
        if answer.status_code == 206:
            assert answer.data == body[5:]
            assert contains_seal(parse_seal(self.seals[tag]))


def check_reader(reader: FeedReader) -> None:
    """Compare everything that a reader gets with the tables of the book."""
    reader.check_rest_of(CLAIMS)
    reader.follow()
    claims, policies = reader.file(CLAIMS), reader.file(POLICIES)
    page = reader.client.get("/").text

    entries = db.session.execute(select(LedgerEntry.id, LedgerEntry.outstanding))
    assert reader.ledger == dict(entries.all())
    assert set(reader.versions) == {
        (str(kind), reference, str(version)) for kind, reference, version in versions_in_book()
    }
    columns = (Claim.claim_reference, Claim.cause, Claim.paid, Claim.outstanding)
    expected = [tuple(map(str, row)) for row in db.session.execute(select(*columns))]
    assert sorted(rows_of(claims)) == sorted(expected)
    columns = (Policy.policy_number, Policy.premium)
    expected = [tuple(map(str, row)) for row in db.session.execute(select(*columns))]
    assert sorted(rows_of(policies)) == sorted(expected)
    outstanding = db.session.scalar(select(func.sum(Claim.outstanding)))
    assert format_money(outstanding or Decimal(0)) in page
    db.session.rollback()


def rows_of(body: bytes) -> list[tuple[str, ...]]:
    return [tuple(row) for row in csv.reader(io.StringIO(body.decode("utf-8-sig")))][1:]
