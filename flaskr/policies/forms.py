"""The forms that record, edit and cancel a policy."""

from flask_wtf import FlaskForm
from wtforms import BooleanField

from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.web.forms import (
    DayField,
    MoneyField,
    NameField,
    ReferenceField,
    Required,
    TextsForm,
    TokenField,
    VersionField,
    choice_field,
)


class PolicyFactsForm(TextsForm):
    """The facts of a policy."""

    line_of_business = choice_field("Line of business", LineOfBusiness)
    policyholder = NameField("Policyholder", [Required()])
    inception_date = DayField("Inception date", [Required()], description="The first day of cover.")
    expiry_date = DayField("Expiry date", [Required()], description="The first day without cover.")
    premium = MoneyField("Premium", [Required()])
    deductible = MoneyField("Deductible", [Required()])
    sum_insured = MoneyField("Sum insured", description="Leave empty if the policy has no limit.")


class NewPolicyForm(PolicyFactsForm):
    """A new policy."""

    form_token = TokenField()
    policy_number = ReferenceField(
        "Policy number", description="Leave empty to use the next number."
    )


class EditPolicyForm(PolicyFactsForm):
    """The facts of an existing policy, with the version that the editor saw."""

    cancelled_on = DayField(
        "Cancelled on", description="The first day without cover, if before the expiry date."
    )
    version = VersionField()
    accept = BooleanField("Save anyway")

    def make_policyholder_optional(self) -> None:
        """Make the policyholder optional: the name was erased, or never given."""
        self.policyholder.validators = []
        self.policyholder.flags.required = False


class CancelPolicyForm(FlaskForm):
    """The day from which a policy no longer covers."""

    cancelled_on = DayField(
        "Cancelled on",
        [Required()],
        description="The first day without cover. On the inception date: never in force.",
    )
    version = VersionField()
    accept = BooleanField("Cancel anyway")
