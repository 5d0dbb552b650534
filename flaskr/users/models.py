"""Users, their sessions and tokens, password links, and attempts to sign in."""

from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flaskr.extensions import Base
from flaskr.values.column_types import FreeText, Instant, closed_list
from flaskr.values.text import KEY_LENGTH

_DIGEST_LENGTH = 64  # a SHA-256 in hex
_NAME_LENGTH = 16  # the public name of a session or a token, used in addresses


class Role(StrEnum):
    """A user's role; flaskr.users.roles lists the pages of each."""

    VIEWER = "viewer"
    HANDLER = "handler"
    ACTUARY = "actuary"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """What a token may do; WRITE includes READ."""

    READ = "read"
    WRITE = "write"


class User(Base):
    """A user; never deleted, because the ledger and the trail refer to them by e-mail."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(64))  # as long as the book's recorded_by
    email_key: Mapped[str] = mapped_column(String(KEY_LENGTH), unique=True)
    name: Mapped[FreeText]
    role: Mapped[Role] = mapped_column(closed_list(Role))
    is_active: Mapped[bool]
    password_hash: Mapped[str | None] = mapped_column(String(200))  # NULL until one is set
    made_at: Mapped[Instant]
    version: Mapped[int]


class UserSession(Base):
    """A signed-in browser; over when `ended_at` is set, or a time limit is reached."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"), index=True)
    name: Mapped[str] = mapped_column(String(_NAME_LENGTH), unique=True)
    token_digest: Mapped[str] = mapped_column(String(_DIGEST_LENGTH), unique=True)
    made_at: Mapped[Instant]
    last_used_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    address: Mapped[FreeText]
    program: Mapped[FreeText]  # the User-Agent header


class Token(Base):
    """An API token; only its digest is stored."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"), index=True)
    name: Mapped[str] = mapped_column(String(_NAME_LENGTH), unique=True)
    label: Mapped[FreeText]
    token_digest: Mapped[str] = mapped_column(String(_DIGEST_LENGTH), unique=True)
    scope: Mapped[Scope] = mapped_column(closed_list(Scope))
    made_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    last_used_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]


class PasswordLink(Base):
    """A one-time link by which a user sets their password; a new one replaces it."""

    __tablename__ = "password_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"), unique=True)
    token_digest: Mapped[str] = mapped_column(String(_DIGEST_LENGTH), unique=True)
    expires_at: Mapped[Instant]


class SignInAttempt(Base):
    """An attempt to sign in that failed or is in progress; user and address only as digests."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index(None, "user_digest", "made_at"),
        Index(None, "address_digest", "made_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[Instant] = mapped_column(index=True)
    user_digest: Mapped[str] = mapped_column(String(_DIGEST_LENGTH))
    address_digest: Mapped[str] = mapped_column(String(_DIGEST_LENGTH))


class SecondFactor(Base):
    """A user's second factor: one-time codes of an app, by a secret that SECRET_KEY makes.

    The secret is the HMAC of the nonce, so whoever has only the database cannot make codes.
    """

    __tablename__ = "second_factors"

    user_id: Mapped[int] = mapped_column(
        ForeignKey(User.id, ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    nonce: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]  # by a first code; until then it is not asked for
    last_step: Mapped[int | None] = mapped_column(BigInteger)  # of the last code: each is used once


class RecoveryCode(Base):
    """A code that stands for a one-time code once; deleted when it is used."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"))
    code_digest: Mapped[str] = mapped_column(String(_DIGEST_LENGTH))
