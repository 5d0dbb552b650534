"""The form that erases a person."""

from flask_wtf import FlaskForm
from wtforms import BooleanField

from flaskr.web.forms import KnownReferenceField, NameField


class SubjectForm(FlaskForm):
    """Whose data it is about: by a policy, a claim, and further names."""

    policy = KnownReferenceField("Policy number", description="With all its claims.")
    claim = KnownReferenceField("Claim", description="A claim that has no policy.")
    name = NameField(
        "Further name",
        description="Looked for in file names, reasons, kept exports and other claims, like "
        "the policyholder's name.",
    )
    same_name = BooleanField("Also the other policies under the same name")
    reason = NameField(
        "Reason",
        description="Goes to the audit trail. Give it without the person's name.",
    )


class EraseForm(SubjectForm):
    """What is to be erased, and why."""

    files = BooleanField(
        "Also delete this book's kept exports and imported files that may have the data"
    )
    erase = BooleanField("Erase for good")  # the second button; the first only shows
