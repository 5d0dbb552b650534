"""Form fields that refuse what a column cannot hold, with a sentence a person can act on."""

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import DateInput, TextArea, TextInput

from flaskr.errors import DateError
from flaskr.money import parse_money
from flaskr.text import clean_reference, clean_text

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_day(text: str) -> date:
    """Read a day written as 2026-01-31; raises DateError for anything else."""
    try:
        if ISO_DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise DateError(f"“{text[:20]}” is not a day; write it as 2026-01-31.")


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

    def write(self, value: Any) -> str:
        """Return a value as a person would type it."""
        return str(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; a refused text stays in the field."""
        self.data = None
        if valuelist and valuelist[0].strip():
            self.data = self.parse(valuelist[0].strip())

    def _value(self) -> str:
        """Return what the field shows: the refused text, or the value."""
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)


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


class ReferenceField(StringField):
    """A claim reference or a policy number, kept as typed."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a reference; empty stays empty."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = clean_reference(text) if text else ""


class LineField(StringField):
    """Free text of one line, such as a name."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the text without line breaks."""
        self.data = " ".join(clean_text(valuelist[0] if valuelist else "").split())


class NoteField(StringField):
    """Free text of several lines."""

    widget = TextArea()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the text."""
        self.data = clean_text(valuelist[0] if valuelist else "")


def list_field(label: str, values: type[StrEnum], empty: str = "", **kwargs: Any) -> SelectField:
    """Return a choice from a closed list; `empty` names the choice of none, else one is due."""
    choices = [SelectChoice(value.value, value.value.replace("_", " ")) for value in values]
    return SelectField(
        label,
        choices=[SelectChoice("", empty or "Choose…"), *choices],
        coerce=lambda value: values(value) if value else None,
        validators=[] if empty else [Required()],
        invalid_value_message="Choose one of the list.",
        **kwargs,
    )
