"""The closed lists: the values that columns of choices may have."""

from enum import StrEnum


class Contents(StrEnum):
    """The contents of an exported or imported file; also the start of an exported file's name."""

    CLAIMS = "claims"
    LEDGER = "ledger"
    POLICIES = "policies"


class TrailContents(StrEnum):
    """The contents of the audit trail's file, which is never imported or archived."""

    TRAIL = "trail"


class RevisionContents(StrEnum):
    """The contents of the feed of facts, which is never imported or archived."""

    REVISIONS = "revisions"


FileContents = Contents | TrailContents | RevisionContents


class Versioned(StrEnum):
    """What has versions of its facts."""

    CLAIM = "claim"
    POLICY = "policy"


class VersionedText(StrEnum):
    """The text that an edit may change together with facts."""

    DESCRIPTION = "description"
    POLICYHOLDER = "policyholder"


class LineOfBusiness(StrEnum):
    """The line of business of a policy."""

    MOTOR = "motor"
    HOME = "home"
    PROPERTY = "property"
    LIABILITY = "liability"
    ACCIDENT = "accident"
    TRAVEL = "travel"
    OTHER = "other"


class Cause(StrEnum):
    """The cause of a loss."""

    COLLISION = "collision"
    GLASS = "glass"
    THEFT = "theft"
    VANDALISM = "vandalism"
    FIRE = "fire"
    WATER = "water"
    STORM = "storm"
    BREAKAGE = "breakage"
    INJURY = "injury"
    ILLNESS = "illness"
    DAMAGE_TO_OTHERS = "damage_to_others"
    CANCELLATION = "cancellation"
    LUGGAGE = "luggage"
    OTHER = "other"


class Coverage(StrEnum):
    """Whether the policy was in force at the loss; derived at each as-at date, never stored."""

    IN_FORCE = "in_force"
    NOT_IN_FORCE = "not_in_force"
    UNVERIFIED = "unverified"


class Status(StrEnum):
    """The status of a claim."""

    OPEN = "open"
    REOPENED = "reopened"
    CLOSED = "closed"
    DECLINED = "declined"


class EntryType(StrEnum):
    """The type of a ledger entry."""

    RESERVE_OPEN = "RESERVE_OPEN"
    RESERVE_CHANGE = "RESERVE_CHANGE"
    PAYMENT = "PAYMENT"
    PAYMENT_REVERSAL = "PAYMENT_REVERSAL"
    REPAYMENT = "REPAYMENT"
    RECOVERY_SUBROGATION = "RECOVERY_SUBROGATION"
    RECOVERY_SALVAGE = "RECOVERY_SALVAGE"
    RECOVERY_DEDUCTIBLE = "RECOVERY_DEDUCTIBLE"
    RECOVERY_REVERSAL = "RECOVERY_REVERSAL"
    RESERVE_CLOSE = "RESERVE_CLOSE"
    CLAIM_DECLINED = "CLAIM_DECLINED"
    RESERVE_REOPEN = "RESERVE_REOPEN"
    IMPORT_OPENING = "IMPORT_OPENING"
    ADJUSTMENT = "ADJUSTMENT"


class CostType(StrEnum):
    """What a ledger entry is for: what is insured, or the expense of handling the claim."""

    INDEMNITY = "indemnity"
    EXPENSE = "expense"


class ReasonCode(StrEnum):
    """Why an entry was posted; the last three are set by the book only."""

    CUSTOMER_WITHDREW = "customer_withdrew"
    NOT_COVERED = "not_covered"
    BELOW_DEDUCTIBLE = "below_deductible"
    NEW_INFORMATION = "new_information"
    BOOKED_TWICE = "booked_twice"
    WRONG_CLAIM = "wrong_claim"
    WRONG_AMOUNT = "wrong_amount"
    LATE_DOCUMENT = "late_document"
    RECOVERED = "recovered"
    OTHER = "other"
    MIGRATED = "migrated"
    IMPORT_UNDONE = "import_undone"
    IMPORT_SENT_AGAIN = "import_sent_again"


# The codes that a person can choose.
REASON_CHOICES = tuple(ReasonCode)[: tuple(ReasonCode).index(ReasonCode.MIGRATED)]


class EntryException(StrEnum):
    """A rule of how people work that a migrated entry breaks; it is taken as it was."""

    STATUS = "status"  # the claim's status does not allow it: a payment on a closed claim
    NOT_FIRST = "not_first"  # opens a claim that has entries
    RESERVE = "reserve"  # a payment that changes the reserve by another amount than it covers
    DECLINED_PAID = "declined_paid"  # declines a claim that has indemnity paid
    BEFORE_REPORT = "before_report"  # dated before the claim was reported
    AFTER_RECORDING = "after_recording"  # dated after the day it was recorded
    OUT_OF_ORDER = "out_of_order"  # dated before an entry that was recorded earlier
    OTHER_TYPE = "other_type"  # taken as another type of entry than the older system's
    BELOW_ZERO = "below_zero"  # leaves a cost type below zero
