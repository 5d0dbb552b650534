"""The errors that a user can act on."""

from typing import Any, ClassVar

from click import ClickException
from flask import current_app

from flaskr.exit_codes import ExitCode, exit_code_of

FORM_EXPIRED = (
    "The form has expired, and nothing was saved. Open the page again and send it once more."
)


class ClaimBookError(ClickException):
    """An error whose message says what to do about it; `status` is the HTTP status of its page.

    In a command, click prints the message without a traceback and exits with `exit_code`, which
    follows from the status unless the class has another. `elsewhere` is what pages say in its place
    where people sign in, if the message names a folder or is for whoever runs the book.
    """

    elsewhere = ""
    status = 422
    exit_code: ClassVar[int] = ExitCode.REFUSED

    def __init_subclass__(cls, **options: Any) -> None:
        """Set the exit code of a class with another status."""
        super().__init_subclass__(**options)
        if "status" in vars(cls) and "exit_code" not in vars(cls):
            cls.exit_code = exit_code_of(cls.status)


class SettingsError(ClaimBookError):
    """A setting with which the book cannot run."""

    status = 503
    exit_code = ExitCode.USAGE


class SchemaError(ClaimBookError):
    """A database that does not have the schema of this version."""

    status = 503


class MoneyError(ClaimBookError, ValueError):
    """An amount that cannot be stored exactly."""


class TextError(ClaimBookError, ValueError):
    """A text or a reference that cannot be stored."""


class DateError(ClaimBookError, ValueError):
    """A text that is not a date, or is ambiguous."""


class LedgerError(ClaimBookError):
    """An entry that the rules of the ledger do not allow."""


class ChangedMeanwhile(ClaimBookError):
    """Somebody else changed the row since it was shown."""

    status = 409
    exit_code = ExitCode.UNAVAILABLE


class SentTwice(ClaimBookError):
    """A form that has already created its row; `reference` names that row."""

    status = 409

    def __init__(self, reference: str) -> None:
        """Keep the reference of the row that the form created."""
        super().__init__(f"This form was already sent, and created {reference}.")
        self.reference = reference


class BusyError(ClaimBookError):
    """Too much is going on at once; the same request may succeed a little later."""

    status = 503


class DatabaseUnavailable(ClaimBookError):
    """The database cannot be used at the moment."""

    status = 503


class DiskFull(ClaimBookError):
    """The disk takes nothing more; nothing of the work is kept."""

    status = 507


def page_message(error: ClaimBookError) -> str:
    """Return what a page says of an error.

    An open book serves this machine only, whose user is helped by the path of a folder. Where
    people sign in, the folders, files and commands are for the log and the command line.
    """
    is_open = current_app.config["BOOK_MODE"] == "open"
    return str(error) if is_open or not error.elsewhere else error.elsewhere
