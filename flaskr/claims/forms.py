"""The forms that report a claim, edit its facts and post to its ledger."""

from enum import StrEnum

from flask_wtf import FlaskForm
from wtforms import BooleanField

from flaskr.facts.closed_lists import REASON_CHOICES, Cause, EntryType, ReasonCode
from flaskr.web.forms import (
    DayField,
    MoneyField,
    NoteField,
    ReferenceField,
    Required,
    TokenField,
    VersionField,
    choice_field,
)


class ClaimFactsForm(FlaskForm):
    """The facts of a claim."""

    policy_number = ReferenceField("Policy number", description="Leave empty if not known yet.")
    cause = choice_field("Cause", Cause, empty="Unknown")
    loss_date = DayField("Loss date", description="The day it happened.")
    reported_date = DayField("Reported date", description="The day it was reported.")
    description = NoteField("Description", description="What happened, without personal data.")


class NewClaimForm(ClaimFactsForm):
    """A new claim."""

    loss_date = DayField("Loss date", [Required()], description="The day it happened.")
    reported_date = DayField("Reported date", [Required()], description="The day it was reported.")
    claim_reference = ReferenceField(
        "Claim reference", description="Leave empty to use the next number."
    )
    form_token = TokenField()
    reserve = MoneyField(
        "Initial case reserve", description="What you expect to pay. You can also set it later."
    )


class EditClaimForm(ClaimFactsForm):
    """The facts of an existing claim, with the version that the editor saw."""

    version = VersionField()
    accept = BooleanField("Save anyway")


class EntryForm(FlaskForm):
    """The fields of every ledger entry: its date, and the last entry that the user saw."""

    transaction_date = DayField(
        "Transaction date",
        [Required()],
        description="The day the entry takes effect, today at the latest.",
    )
    seen_entry = VersionField()


class ReserveForm(EntryForm):
    """A new level of the case reserve."""

    amount = MoneyField(
        "New case reserve",
        [Required()],
        description="What you still expect to pay. The difference is posted.",
    )


class PaymentForm(EntryForm):
    """A payment."""

    amount = MoneyField(
        "Amount", [Required()], description="This also reduces the case reserve, at most to zero."
    )


class _RecoveryKind(StrEnum):
    """Where recovered money came from."""

    SUBROGATION = "subrogation"
    SALVAGE = "salvage"
    DEDUCTIBLE = "deductible"

    @property
    def entry_type(self) -> EntryType:
        """The type of the ledger entry."""
        return EntryType(f"RECOVERY_{self.name}")


class RecoveryForm(EntryForm):
    """Money that came back."""

    kind = choice_field("Recovery type", _RecoveryKind)
    amount = MoneyField("Amount", [Required()])


class ReversalForm(EntryForm):
    """The reversal of one entry."""

    reason_code = choice_field("Reason", ReasonCode, REASON_CHOICES)
    reason = NoteField("More about the reason", description="Shown in the ledger.")


class CloseForm(EntryForm):
    """The closing of a claim."""


class DeclineForm(EntryForm):
    """The refusal of a claim."""

    reason_code = choice_field("Reason", ReasonCode, REASON_CHOICES)
    reason = NoteField("More about the reason", description="Shown in the ledger.")


class ReopenForm(EntryForm):
    """The reopening of a settled claim."""

    amount = MoneyField(
        "New case reserve", [Required()], description="What you still expect to pay: zero or more."
    )
    reason_code = choice_field("Reason", ReasonCode, REASON_CHOICES)
    reason = NoteField("More about the reason", description="Shown in the ledger.")
