"""The form that a file to verify is sent with."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired


class VerifyForm(FlaskForm):
    """A file to verify, and its manifest if there is one at hand."""

    file = FileField("File", [FileRequired("Choose a file.")])
    manifest = FileField(
        "Manifest",
        description="Without one, the kept export of the same content or name is compared.",
    )
