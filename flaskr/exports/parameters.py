"""What an address of a file may be asked: parameters read, and refused with what is allowed."""

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from flaskr.errors import ClaimBookError
from flaskr.exports.files import FileFormat

ALLOWED = {"format": tuple(form.value for form in FileFormat), "raw": ("1",)}
HELP = "It takes format (csv or parquet; csv without it) and raw (1: CSV text without the guard)."


class ParameterError(ClaimBookError):
    """A request for a file that cannot be read."""

    status = 400


@dataclass(frozen=True)
class FileRequest:
    """Which file is asked for."""

    file_format: FileFormat = FileFormat.CSV
    is_raw: bool = False


def file_request(parameters: MultiDict[str, str]) -> FileRequest:
    """Return which file the parameters ask for; raises ParameterError naming what is allowed."""
    for name, values in parameters.lists():
        if name not in ALLOWED:
            raise ParameterError(f"This address does not know “{name[:40]}”. {HELP}")
        if len(values) > 1:
            raise ParameterError(f"“{name}” is given more than once. {HELP}")
        if values[0] not in ALLOWED[name]:
            allowed = " or ".join(ALLOWED[name])
            raise ParameterError(f"“{values[0][:40]}” is no {name}: it takes {allowed}.")
    return FileRequest(FileFormat(parameters.get("format", FileFormat.CSV)), "raw" in parameters)
