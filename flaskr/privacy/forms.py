"""The form that erases a person."""

from flask_wtf import FlaskForm
from wtforms import BooleanField

from flaskr.web.alternatives import Alternative
from flaskr.web.forms import KnownReferenceField, NameField


class SubjectForm(FlaskForm):
    """Whose data it is about: by a policy, a claim, and further names."""

    policy = KnownReferenceField(
        "Policy number", [Alternative()], description="With all its claims."
    )
    claim = KnownReferenceField(
        "Claim", [Alternative()], description="Or a claim that has no policy."
    )
    name = NameField(
        "Further name",
        description="Of the same person, such as a former one. It is looked for wherever the "
        "policyholder's name is: in file names, reasons, kept exports and other claims.",
    )
    same_name = BooleanField("Also the other policies under the same name")
    reason = NameField(
        "Reason",
        [Alternative()],  # only looking needs none
        description="It goes to the audit trail, so it must not have the person's name.",
    )


class EraseForm(SubjectForm):
    """What is to be erased, and why."""

    files = BooleanField(
        "Also delete this book's kept exports and imported files that may have the data"
    )
    erase = BooleanField("Erase for good")  # the second button; the first only shows
