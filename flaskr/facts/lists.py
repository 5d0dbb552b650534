"""The closed lists: every value that a column of a short list may have."""

from enum import StrEnum


class Contents(StrEnum):
    """What the rows of a file are, going out or coming in; also the start of a file's name."""

    CLAIMS = "claims"
    LEDGER = "ledger"
    POLICIES = "policies"


class TrailContents(StrEnum):
    """The file of the audit trail, which is no part of the book: never imported or archived."""

    TRAIL = "trail"


FileContents = Contents | TrailContents


class LineOfBusiness(StrEnum):
    """What kind of risk a policy covers."""

    MOTOR = "motor"
    HOME = "home"
    PROPERTY = "property"
    LIABILITY = "liability"
    ACCIDENT = "accident"
    TRAVEL = "travel"
    OTHER = "other"


class Cause(StrEnum):
    """What happened."""

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
    """Where a claim stands."""

    OPEN = "open"
    REOPENED = "reopened"
    CLOSED = "closed"
    DECLINED = "declined"


class EntryType(StrEnum):
    """The kinds of movement on a claim."""

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
