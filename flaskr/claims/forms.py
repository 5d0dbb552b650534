"""Forms that report a claim, move its money and edit its facts."""

from enum import StrEnum

from flask_wtf import FlaskForm
from wtforms import BooleanField

from flaskr.facts.lists import Cause, EntryType
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
    """A claim to report."""

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
    """A claim's facts to change, with the version that the editor saw."""

    version = VersionField()
    accept = BooleanField("Save anyway")


class EntryForm(FlaskForm):
    """What every entry needs: its day, and the last entry that the person saw."""

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
        """The kind of ledger entry that it makes."""
        return EntryType(f"RECOVERY_{self.name}")


class RecoveryForm(EntryForm):
    """Money that came back."""

    kind = choice_field("Recovery type", _RecoveryKind)
    amount = MoneyField("Amount", [Required()])


class ReversalForm(EntryForm):
    """The reversal of one entry."""

    reason = NoteField("Reason", description="Shown in the ledger. Do not enter personal data.")


class CloseForm(EntryForm):
    """The end of a claim."""


class DeclineForm(EntryForm):
    """A claim that is not paid."""

    reason = NoteField("Reason", description="Shown in the ledger. Do not enter personal data.")


class ReopenForm(EntryForm):
    """A settled claim that begins again."""

    amount = MoneyField(
        "New case reserve", [Required()], description="What you still expect to pay: zero or more."
    )
    reason = NoteField(
        "Reason", [Required()], description="Shown in the ledger. Do not enter personal data."
    )
