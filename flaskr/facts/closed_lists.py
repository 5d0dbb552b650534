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


FileContents = Contents | TrailContents


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
    RECOVERY_SUBROGATION = "RECOVERY_SUBROGATION"
    RECOVERY_SALVAGE = "RECOVERY_SALVAGE"
    RECOVERY_DEDUCTIBLE = "RECOVERY_DEDUCTIBLE"
    RECOVERY_REVERSAL = "RECOVERY_REVERSAL"
    RESERVE_CLOSE = "RESERVE_CLOSE"
    CLAIM_DECLINED = "CLAIM_DECLINED"
    RESERVE_REOPEN = "RESERVE_REOPEN"
    IMPORT_OPENING = "IMPORT_OPENING"
    ADJUSTMENT = "ADJUSTMENT"
