"""Forms of imports: the upload, and the decisions about one."""

from collections.abc import Iterator
from typing import IO

from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired, MultipleFileField
from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from flaskr.facts.closed_lists import REASON_CHOICES, ReasonCode
from flaskr.files.readers.options import Encoding
from flaskr.web.forms import choice_field

MOST_FILES = 3  # of an older system: policies, claims, ledger
_CURRENT, _MIGRATION = "today", "migration"
_KINDS = [
    SelectChoice(_CURRENT, "Claims or policies as they are today (one file)"),
    SelectChoice(
        _MIGRATION,
        "Migration from an older system, with its timestamps (policies, claims and ledger)",
    ),
]
_ENCODINGS = [
    SelectChoice(Encoding.UTF_8, "Detected automatically: UTF-8 or UTF-16"),
    SelectChoice(Encoding.CP1252, "Windows-1252, from older Windows programs"),
]

_CHOICE = {"invalid_choice_message": "Choose one from the list."}


def base_name(name: str) -> str:
    """Return a file's name without its folders."""
    return name.replace("\\", "/").rpartition("/")[2].strip()


class UploadForm(FlaskForm):
    """Files to import."""

    files = MultipleFileField("File", [FileRequired("Choose a file.")])
    kind = RadioField("Type of import", choices=_KINDS, default=_CURRENT, **_CHOICE)
    encoding = RadioField(
        "Encoding of a text file", choices=_ENCODINGS, default=Encoding.UTF_8, **_CHOICE
    )

    def validate_files(self, field: MultipleFileField) -> None:
        """Refuse too many files, and a file without a name."""
        if self.is_migration and len(field.data) > MOST_FILES:
            raise ValidationError(
                "A migration has at most three files: policies, claims and ledger."
            )
        if not self.is_migration and len(field.data) > 1:
            raise ValidationError("Only a migration can have several files. Upload one at a time.")
        if not all(base_name(file.filename) for file in field.data):
            raise ValidationError("The file has no name. Give it one and choose it again.")

    def offer_kinds(self, is_import_possible: bool, is_migration_possible: bool) -> None:
        """Leave out the types of import that are not possible, before the form is shown."""
        possible = {_CURRENT: is_import_possible, _MIGRATION: is_migration_possible}
        choices = [choice for choice in _KINDS if possible[choice.value]]
        self.kind.choices = choices
        if choices and not possible.get(self.kind.data, True):
            self.kind.data = choices[0].value

    @property
    def is_migration(self) -> bool:
        """Whether the files are from an older system."""
        return bool(self.kind.data == _MIGRATION)

    def uploads(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield each file's name and its stream."""
        for file in self.files.data:
            yield base_name(file.filename), file.stream


class StepForm(FlaskForm):
    """The next step of an import; `shown` is the digest of the outcome that the page showed."""

    shown = HiddenField()


class LoadForm(StepForm):
    """The confirmation of an import.

    `leaves_refused` leaves out the refused rows, `again` loads files that were loaded before.
    """

    leaves_refused = BooleanField()
    again = BooleanField()


class UndoForm(FlaskForm):
    """The undo of an import."""

    reason_code = choice_field("Reason", ReasonCode, REASON_CHOICES)
