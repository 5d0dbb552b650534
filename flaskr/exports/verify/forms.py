"""The form to upload a file to verify."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired


class VerifyForm(FlaskForm):
    """A file to verify, and its manifest if available."""

    file = FileField("File", [FileRequired("Choose a file.")])
    manifest = FileField(
        "Manifest",
        description="Without one, the kept export of the same content or name is compared.",
    )
