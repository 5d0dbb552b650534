"""The forms to keep an export, and to delete, hold or let go of one."""

from urllib.parse import parse_qsl, urlencode

from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import ValidationError

from flaskr.exports.kept.services import clean_export_name
from flaskr.exports.parameters import FileRequest, file_request
from flaskr.facts.closed_lists import Contents
from flaskr.values.as_at import Basis
from flaskr.web.forms import CleanedField, DayField, NameField, Required, TextsForm, choice_field
from flaskr.web.parameters import parse_past_date

# The label of each format, and the parameters that request it.
_FORMATS: dict[str, tuple[str, dict[str, str]]] = {
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
        self.data = clean_export_name(text) if text else ""


class KeepForm(TextsForm):
    """An export to keep; `query` has the rest of its address: filter, order, columns."""

    name = _ExportNameField(
        "Name",
        [Required()],
        description="Names cannot be reused, even after deletion.",
    )
    contents = choice_field("Contents", Contents)
    form = SelectField(
        "Format",
        [Required()],
        choices=[SelectChoice(value, label) for value, (label, _) in _FORMATS.items()],
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
        """Refuse a date in the future."""
        if field.data:
            parse_past_date(field.data.isoformat())

    def validate_basis(self, field: SelectField) -> None:
        """Refuse the basis “booked” without a date."""
        if field.data is Basis.BOOKED and not self.as_at.data and not self.as_at.errors:
            raise ValidationError("The basis “booked” needs an as-at date.")

    def fill_from(self, export_request: FileRequest) -> None:
        """Fill in the form from a request."""
        parameters = export_request.parameters
        output = {n: parameters.pop(n) for n in ("format", "dialect", "raw") if n in parameters}
        valuation = export_request.row_filter.valuation
        for name in ("as_at", "basis"):
            parameters.pop(name, None)
        self.contents.data = export_request.contents
        self.form.data = next(value for value, (_, each) in _FORMATS.items() if each == output)
        self.as_at.data = valuation and valuation.day
        self.basis.data = valuation.basis if valuation else Basis.KNOWN
        self.query.data = urlencode(parameters, doseq=True)

    def requested_file(self) -> FileRequest:
        """Return the request for the file to keep; raises what `file_request` does."""
        parameters = MultiDict(parse_qsl(self.query.data or "", keep_blank_values=True))
        parameters.update(_FORMATS[self.form.data][1])
        if self.as_at.data:
            parameters.update({"as_at": self.as_at.data.isoformat(), "basis": self.basis.data})
        return file_request(self.contents.data, parameters)


class ReasonForm(TextsForm):
    """Why the file of a kept export is deleted, held or let go."""

    reason = NameField("Reason", [Required()], description="Recorded in the audit trail.")
