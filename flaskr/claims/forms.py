"""The forms that report a claim, edit its facts and post to its ledger."""

from enum import StrEnum

from wtforms import BooleanField

from flaskr.facts.closed_lists import REASON_CHOICES, Cause, CostType, EntryType, ReasonCode
from flaskr.web.forms import (
    DayField,
    KnownReferenceField,
    MoneyField,
    NameField,
    NoteField,
    ReferenceField,
    Required,
    TextsForm,
    TokenField,
    VersionField,
    choice_field,
)


class ClaimFactsForm(TextsForm):
    """The facts of a claim."""

    policy_number = KnownReferenceField(
        "Policy number", description="Leave empty if not known yet."
    )
    cause = choice_field("Cause", Cause, empty="Unknown")
    loss_date = DayField("Loss date", description="The day it happened.")
    reported_date = DayField("Reported date", description="The day it was reported.")
    event_code = ReferenceField(
        "Event",
        description="A code for what is behind many claims, such as a storm: STORM-2024-01.",
    )
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


class EntryForm(TextsForm):
    """The fields of every ledger entry: its date, and the last entry that the user saw."""

    transaction_date = DayField(
        "Transaction date",
        [Required()],
        description="The day the entry takes effect, today at the latest.",
    )
    seen_entry = VersionField()


class CostTypeForm(EntryForm):
    """An entry that is of one cost type."""

    cost_type = choice_field(
        "Cost type",
        CostType,
        default=CostType.INDEMNITY,
        description="Indemnity is what is insured, expense what handling the claim costs.",
    )


class ReserveForm(CostTypeForm):
    """A new level of the case reserve."""

    amount = MoneyField(
        "New case reserve",
        [Required()],
        description="What you still expect to pay of this cost type. The difference is posted.",
    )


class PaymentForm(CostTypeForm):
    """A payment."""

    amount = MoneyField(
        "Amount",
        [Required()],
        description="This also reduces the case reserve of its cost type, at most to zero.",
    )
    payee = NameField("Payee", description="Who gets the money.")
    payee_reference = NameField("Invoice number")
    note = NoteField("Note", description="Shown in the ledger.")


class RepaymentForm(CostTypeForm):
    """A part of a payment that its payee gives back."""

    amount = MoneyField(
        "Amount", [Required()], description="At most what is paid. The case reserve stays as it is."
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


class RecoveryForm(CostTypeForm):
    """Money that came back."""

    kind = choice_field("Recovery type", _RecoveryKind)
    amount = MoneyField("Amount", [Required()])


class _ReasonForm(EntryForm):
    """An entry that needs a reason."""

    reason_code = choice_field("Reason", ReasonCode, REASON_CHOICES)
    reason = NoteField("More about the reason", description="Shown in the ledger.")


class ReversalForm(_ReasonForm):
    """The reversal of one entry."""


class CloseForm(EntryForm):
    """The closing of a claim."""


class DeclineForm(_ReasonForm):
    """The refusal of a claim."""


class ReopenForm(_ReasonForm):
    """The reopening of a settled claim."""

    amount = MoneyField(
        "New case reserve", [Required()], description="What you still expect to pay: zero or more."
    )
    expense_reserve = MoneyField(
        "New case reserve for expenses", description="What you still expect handling it to cost."
    )
