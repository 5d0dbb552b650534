"""The table of audit events, which are never edited or deleted."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flaskr.extensions import Base
from flaskr.values.column_types import FreeText, Instant, closed_list


class Action(StrEnum):
    """What was done; add new members at the end."""

    CLAIM_REPORTED = "claim_reported"
    CLAIM_EDITED = "claim_edited"
    ENTRY_POSTED = "entry_posted"
    POLICY_RECORDED = "policy_recorded"
    POLICY_EDITED = "policy_edited"
    IMPORT_SENT = "import_sent"
    IMPORT_READ_AGAIN = "import_read_again"
    IMPORT_DROPPED = "import_dropped"
    IMPORT_LOADED = "import_loaded"
    IMPORT_UNDONE = "import_undone"
    BOOK_FILLED = "book_filled"  # with demo data
    BOOK_LOADED = "book_loaded"  # from an archive
    BALANCES_REBUILT = "balances_rebuilt"
    FILE_EXPORTED = "file_exported"
    MANIFEST_READ = "manifest_read"
    BOOK_EXPORTED = "book_exported"  # to an archive
    EXPORT_KEPT = "export_kept"
    KEPT_EXPORT_READ = "kept_export_read"
    KEPT_EXPORT_DELETED = "kept_export_deleted"
    PERSON_ERASED = "person_erased"
    USER_CREATED = "user_created"
    USER_CHANGED = "user_changed"
    LINK_MADE = "link_made"  # to set a password, once
    PASSWORD_SET = "password_set"  # noqa: S105
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    TOKEN_MADE = "token_made"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    REFUSED = "refused"
    BOOK_DECLARED_LIVE = "book_declared_live"
    PERIOD_CLOSED = "period_closed"  # no entry is dated in it any more
    PERSON_SHOWN = "person_shown"  # all that the book has about them, as a file
    SECOND_FACTOR_SET = "second_factor_set"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    CODE_FAILED = "code_failed"  # a wrong code of a second factor
    NAMES_SEEN = "names_seen"  # on a page, once an hour
    EXPORT_HELD = "export_held"  # a kept file, which cannot be deleted then
    EXPORT_LET_GO = "export_let_go"


class Subject(StrEnum):
    """The kind of object an event is about; the comments say what its `subject` holds."""

    CLAIM = "claim"  # the claim's reference
    POLICY = "policy"  # the policy number
    IMPORT = "import"  # the import's number, or the job's name until it is loaded
    FILE = "file"  # the file's address, or the name of a kept export's folder
    BOOK = "book"
    USER = "user"  # the e-mail address
    PAGE = "page"  # the method and path


class AuditEvent(Base):
    """One action that was done or refused.

    `before` and `after` are JSON of the changed values; for names and free text only that they
    changed. `through` is page, command or the token used; `address` is the client's.
    """

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "subject_kind", "subject", "id"), Index(None, "actor", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    recorded_at: Mapped[Instant]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[Action] = mapped_column(closed_list(Action))
    subject_kind: Mapped[Subject] = mapped_column(closed_list(Subject))
    subject: Mapped[FreeText]
    through: Mapped[FreeText]
    address: Mapped[FreeText]
    request_id: Mapped[str] = mapped_column(String(32), index=True)
    before: Mapped[FreeText | None]
    after: Mapped[FreeText | None]

    texts: Mapped["EventTexts | None"] = relationship(lazy="raise_on_sql")


class EventTexts(Base):
    """The reason that somebody gave for what they did: it may name people, and can be erased."""

    __tablename__ = "event_texts"

    event_id: Mapped[int] = mapped_column(
        ForeignKey(AuditEvent.id, ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    reason: Mapped[FreeText | None]


class RefusalCount(Base):
    """How many requests of people who are not signed in were refused in one minute."""

    __tablename__ = "refusal_counts"

    minute: Mapped[Instant] = mapped_column(primary_key=True)
    status: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    page: Mapped[FreeText] = mapped_column(primary_key=True)
    count: Mapped[int]
