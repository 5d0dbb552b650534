"""Forms that keep an export and delete one."""

from urllib.parse import parse_qsl, urlencode

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from flaskr.exports.kept.services import clean_name
from flaskr.exports.parameters import FileRequest, file_request
from flaskr.facts.lists import Contents
from flaskr.values.as_at import Basis
from flaskr.web.forms import CleanedField, DayField, NameField, Required, choice_field
from flaskr.web.parameters import parse_past_date

# What each form is called, and the parameters that ask for it.
_FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "parquet": ("Parquet", {"format": "parquet"}),
    "xlsx": ("Excel workbook", {"format": "xlsx"}),
    "csv": ("CSV", {"format": "csv"}),
    "csv-raw": ("CSV, raw text", {"format": "csv", "raw": "1"}),
    "excel-sv": ("CSV for Swedish Excel", {"format": "csv", "dialect": "excel-sv"}),
    "excel-sv-raw": (
        "CSV for Swedish Excel, raw text",
        {"format": "csv", "dialect": "excel-sv", "raw": "1"},
    ),
    "arrow": ("Arrow stream", {"format": "arrow"}),
    "jsonl": ("JSON lines", {"format": "jsonl"}),
}
_CLOCKS = {
    Basis.KNOWN: "Known: what had been recorded by then",
    Basis.BOOKED: "Booked: what is dated up to then, as known today",
}


class _ExportNameField(CleanedField):
    """The name of a kept export."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the name; empty stays empty."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = clean_name(text) if text else ""


class KeepForm(FlaskForm):
    """An export to keep; `query` is what else its address says: filter, order, columns."""

    name = _ExportNameField(
        "Name",
        [Required()],
        description="Names cannot be reused, even after deletion.",
    )
    contents = choice_field("Contents", Contents)
    form = SelectField(
        "Format",
        [Required()],
        choices=[SelectChoice(value, label) for value, (label, _) in _FORMS.items()],
        invalid_choice_message="Choose one from the list.",
    )
    as_at = DayField(
        "As at", description="The state at the end of this day. Leave empty for the current state."
    )
    basis = SelectField(
        "Basis",
        [Required()],
        choices=[SelectChoice(value.value, label) for value, label in _CLOCKS.items()],
        coerce=Basis,
        invalid_value_message="Choose one from the list.",
    )
    note = NameField("Note")
    query = HiddenField()

    def validate_as_at(self, field: DayField) -> None:
        """Refuse a day that has not come."""
        if field.data:
            parse_past_date(field.data.isoformat())

    def validate_basis(self, field: SelectField) -> None:
        """Refuse a clock without a day."""
        if field.data is Basis.BOOKED and not self.as_at.data and not self.as_at.errors:
            raise ValidationError("The basis “booked” needs an as-at date.")

    def ask(self, wanted: FileRequest) -> None:
        """Fill in what an address asks for."""
        asked = wanted.parameters
        form = {name: asked.pop(name) for name in ("format", "dialect", "raw") if name in asked}
        valuation = wanted.wanted.valuation
        for name in ("as_at", "basis"):
            asked.pop(name, None)
        self.contents.data = wanted.contents
        self.form.data = next(value for value, (_, said) in _FORMS.items() if said == form)
        self.as_at.data = valuation and valuation.day
        self.basis.data = valuation.basis if valuation else Basis.KNOWN
        self.query.data = urlencode(asked, doseq=True)

    def asked(self) -> FileRequest:
        """Return which file the form asks for; raises what `file_request` does."""
        given = MultiDict(parse_qsl(self.query.data or "", keep_blank_values=True))
        given.update(_FORMS[self.form.data][1])
        if self.as_at.data:
            given.update({"as_at": self.as_at.data.isoformat(), "basis": self.basis.data})
        return file_request(self.contents.data, given)


class DeleteForm(FlaskForm):
    """A kept export to delete: nothing to fill in."""
