"""Form fields that refuse what a column cannot hold, with a sentence a person can act on."""

import re
import secrets
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import ValidationError
from wtforms.widgets import DateInput, TextArea, TextInput

from flaskr.values.calendar import parse_day
from flaskr.values.money import parse_money
from flaskr.values.text import clean_name, clean_reference, clean_text
from flaskr.web.templating import words

_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SEEN = re.compile(r"[0-9]{1,18}", re.ASCII)


class Required:
    """A validator: the field must have a value. Unlike WTForms' own it takes zero for one."""

    field_flags = {"required": True}  # noqa: RUF012

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raise ValidationError when nothing was given and nothing else is wrong with the field."""
        if not field.errors and (field.data is None or field.data == ""):
            raise ValidationError("Please fill this in.")


class TypedField(Field):
    """A field of one line whose text becomes a value; empty becomes None."""

    data: Any
    widget = TextInput()

    def parse(self, text: str) -> Any:
        """Return the value of a text; raises a ValueError whose message is shown."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; a refused text stays in the field."""
        self.data = None
        if valuelist and valuelist[0].strip():
            self.data = self.parse(valuelist[0].strip())

    def _value(self) -> str:
        """Return what the field shows: the refused text, or the value."""
        return _shown(self)


def _shown(field: Field) -> str:
    """Return what was typed into a field, also when it was refused, else its value."""
    if field.raw_data:
        return str(field.raw_data[0])
    return "" if field.data is None else str(field.data)


class MoneyField(TypedField):
    """An amount in the book's currency: 12345.50, 12345,50 or 12 345,50."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask phones for the keyboard with digits."""
        attributes = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(*args, render_kw=attributes, **kwargs)

    def parse(self, text: str) -> Decimal:
        """Read an amount."""
        return parse_money(text)


class DayField(TypedField):
    """A calendar day."""

    widget = DateInput()

    def parse(self, text: str) -> date:
        """Read a day."""
        return parse_day(text)


class CleanedField(StringField):
    """A text that the book may refuse; what was typed stays in the field."""

    _value = _shown


class SeenField(HiddenField):
    """The number of what a form was shown with: a version, or the last entry of a ledger."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number."""
        self.data = None
        if not valuelist or not _SEEN.fullmatch(valuelist[0]):
            raise ValueError("The form has lost its place. Open the page again.")
        self.data = int(valuelist[0])

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse a form that came without the number."""
        if self.data is None:
            raise ValidationError("The form has lost its place. Open the page again.")

    def show(self, number: int) -> None:
        """Put another number in place of the one that came."""
        self.data, self.raw_data = number, None


class TokenField(HiddenField):
    """A one-time token: what a form made carries it, so that sent twice it makes one."""

    def __init__(self, **kwargs: Any) -> None:
        """Give each form shown a token of its own."""
        super().__init__(default=lambda: secrets.token_hex(16), **kwargs)

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what no form was shown with."""
        if not _TOKEN.fullmatch(self.data or ""):
            raise ValidationError("The form has lost its place. Open the page again.")


class ReferenceField(CleanedField):
    """A claim reference or a policy number, kept as typed."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a reference; empty stays empty."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = clean_reference(text) if text else ""


class NameField(CleanedField):
    """A name."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the name."""
        self.data = clean_name(valuelist[0] if valuelist else "")


class NoteField(CleanedField):
    """Free text of several lines."""

    widget = TextArea()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the text."""
        self.data = clean_text(valuelist[0] if valuelist else "")


def list_field(label: str, values: type[StrEnum], empty: str = "", **kwargs: Any) -> SelectField:
    """Return a choice from a closed list; `empty` names the choice of none, else one is due."""
    choices = [SelectChoice(value.value, words(value).capitalize()) for value in values]
    return SelectField(
        label,
        choices=[SelectChoice("", empty or "Choose…"), *choices],
        coerce=lambda value: values(value) if value else None,
        validators=[] if empty else [Required()],
        invalid_value_message="Choose one from the list.",
        **kwargs,
    )
