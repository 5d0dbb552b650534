"""Form fields that parse amounts, dates and texts, and explain what they refuse."""

import re
import secrets
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask import current_app
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import ValidationError
from wtforms.widgets import DateInput, TextArea, TextInput

from flaskr.errors import ClaimBookError
from flaskr.values.calendar import parse_day
from flaskr.values.identity_numbers import IN_TEXT, has_identity_number
from flaskr.values.money import parse_money
from flaskr.values.text import (
    clean_name,
    clean_reference,
    clean_text,
    stored_name,
    stored_reference,
    stored_text,
)
from flaskr.web.template_filters import label_of

_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,18}", re.ASCII)


class Required:
    """A validator: the field must have a value. Unlike WTForms' own, it accepts zero."""

    field_flags = {"required": True}  # noqa: RUF012

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raise ValidationError if the field is empty and has no other error."""
        if not field.errors and (field.data is None or field.data == ""):
            raise ValidationError("Please fill this in.")


class TypedField(Field):
    """A one-line field whose text is parsed to a value; empty becomes None."""

    data: Any
    widget = TextInput()

    def parse(self, text: str) -> Any:
        """Parse a text; raises a ValueError whose message is shown."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[str]) -> None:
        """Parse what was typed; a refused text stays in the field."""
        self.data = None
        if valuelist and valuelist[0].strip():
            self.data = self.parse(valuelist[0].strip())

    def _value(self) -> str:
        """Return the text to show in the field."""
        return _typed_text(self)


def _typed_text(field: Field) -> str:
    """Return what was typed into a field, refused or not, else its value."""
    if field.raw_data:
        return str(field.raw_data[0])
    return "" if field.data is None else str(field.data)


class MoneyField(TypedField):
    """An amount in the book's currency, as people write it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask phones for a numeric keyboard."""
        attributes = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(*args, render_kw=attributes, **kwargs)

    def parse(self, text: str) -> Decimal:
        """Parse an amount."""
        return parse_money(text, current_app.config["BOOK_CURRENCY"])


class DayField(TypedField):
    """A date."""

    widget = DateInput()

    def parse(self, text: str) -> date:
        """Parse a date."""
        return parse_day(text)


class CleanedField(StringField):
    """A text that is cleaned and may be refused; what was typed stays in the field."""

    _value = _typed_text


class _StoredTextField(CleanedField):
    """A text of a row; one that the row has already is accepted, even if it is refused when new."""

    def clean(self, text: str) -> str:
        """Clean a new text; raises a ValueError whose message is shown."""
        return clean_text(text)

    def stored(self, text: str) -> str:
        """Clean a text that the book has already."""
        return stored_text(text)

    def pre_validate(self, form: BaseForm) -> None:
        """Ask about an identity number in a new text, if the form has the box that answers."""
        answer = getattr(form, "no_identity_number", None)
        text = self.data or ""
        if answer is None or text == self.object_data or not has_identity_number(text):
            return
        answer.is_asked = True
        if not answer.data:
            raise ValidationError(
                f"{IN_TEXT}. Remove it, or if it is something else, tick “{answer.label.text}”."
            )

    def process_formdata(self, valuelist: list[str]) -> None:
        """Clean what was typed."""
        text = valuelist[0] if valuelist else ""
        is_unchanged = bool(self.object_data) and _same_text(self.stored, text, self.object_data)
        self.data = self.object_data if is_unchanged else self.clean(text)


def _same_text(stored: Callable[[str], str], text: str, other: str) -> bool:
    """Whether a text is the same as another one after it is cleaned."""
    try:
        return stored(text) == other
    except ClaimBookError:
        return False


class VersionField(HiddenField):
    """The version, or the id of the last ledger entry, that the form was shown with."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Parse the number."""
        self.data = None
        if not valuelist or not _VERSION.fullmatch(valuelist[0]):
            raise ValueError("The form has lost its place. Open the page again.")
        self.data = int(valuelist[0])

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse a form without the number."""
        if self.data is None:
            raise ValidationError("The form has lost its place. Open the page again.")

    def show(self, number: int) -> None:
        """Show another number than the one that was sent."""
        self.data, self.raw_data = number, None


class TokenField(HiddenField):
    """A one-time token, stored with the row, so that a form sent twice creates one row."""

    def __init__(self, **kwargs: Any) -> None:
        """Give each form a new token."""
        super().__init__(default=lambda: secrets.token_hex(16), **kwargs)

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse a token that the book did not make."""
        if not _TOKEN.fullmatch(self.data or ""):
            raise ValidationError("The form has lost its place. Open the page again.")


class ReferenceField(_StoredTextField):
    """A claim reference or a policy number, kept as typed."""

    def clean(self, text: str) -> str:
        """Clean a new reference; empty stays empty."""
        return clean_reference(text) if text.strip() else ""

    def stored(self, text: str) -> str:
        """Clean a reference that the book has already."""
        return stored_reference(text) if text.strip() else ""


class KnownReferenceField(ReferenceField):
    """The reference of a claim or a policy that should be in the book already."""

    def clean(self, text: str) -> str:
        """Clean a reference to look up."""
        return self.stored(text)


class NameField(_StoredTextField):
    """A name on one line."""

    def clean(self, text: str) -> str:
        """Clean a new name."""
        return clean_name(text)

    def stored(self, text: str) -> str:
        """Clean a name that the book has already."""
        return stored_name(text)


class NoteField(_StoredTextField):
    """Free text on several lines."""

    widget = TextArea()


class _AnswerField(BooleanField):
    """A box that is shown when its question is asked."""

    is_asked = False


class TextsForm(FlaskForm):
    """A form with texts, which asks before it takes one with what may be an identity number."""

    no_identity_number = _AnswerField("It is no identity number: save anyway")


def choice_field(
    label: str,
    values: type[StrEnum],
    offered: Iterable[StrEnum] = (),
    empty: str = "",
    **kwargs: Any,
) -> SelectField:
    """Return a select field of a closed list; `empty` labels its empty choice, else required.

    `offered` are the values that can be chosen, if not all. With a `default` there is no empty
    choice.
    """
    listed = offered or values
    choices = [SelectChoice(value.value, label_of(value).capitalize()) for value in listed]
    none = [] if "default" in kwargs else [SelectChoice("", empty or "Choose…")]
    return SelectField(
        label,
        choices=[*none, *choices],
        coerce=lambda value: values(value) if value else None,
        validators=[] if empty else [Required()],
        invalid_value_message="Choose one from the list.",
        invalid_choice_message="Choose one from the list.",
        **kwargs,
    )
