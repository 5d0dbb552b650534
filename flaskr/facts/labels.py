"""The labels of values in closed lists, where the value itself is not fit for a page."""

from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.closed_lists import EntryException
from flaskr.facts.ledger_columns import LEDGER_COLUMNS
from flaskr.facts.policy_columns import POLICY_COLUMNS

LABELS: dict[str, str] = {
    "RESERVE_OPEN": "Reserve opened",
    "RESERVE_CHANGE": "Reserve changed",
    "PAYMENT": "Payment",
    "PAYMENT_REVERSAL": "Payment reversed",
    "REPAYMENT": "Repayment",
    "RECOVERY_SUBROGATION": "Subrogation",
    "RECOVERY_SALVAGE": "Salvage",
    "RECOVERY_DEDUCTIBLE": "Deductible recovered",
    "RECOVERY_REVERSAL": "Recovery reversed",
    "RESERVE_CLOSE": "Claim closed",
    "CLAIM_DECLINED": "Claim declined",
    "RESERVE_REOPEN": "Claim reopened",
    "IMPORT_OPENING": "Opening balance",
    "ADJUSTMENT": "Adjustment",
    "ledger": "ledger entries",
    "import_sent": "import uploaded",
    "import_dropped": "import discarded",
    "link_made": "password link created",
    "sign_in_failed": "sign-in failed",
    "token_made": "token created",
    "csv": "CSV",
    "excel-sv": "CSV for Swedish Excel",
    "xlsx": "Excel",
    "parquet": "Parquet",
    "arrow": "Arrow",
    "jsonl": "JSON lines",
    "sha256": "SHA-256",
}
# The names of the columns with closed lists; the last three are in the trail's JSON only.
CLOSED_LISTS = {
    column.name for column in (*CLAIM_COLUMNS, *LEDGER_COLUMNS, *POLICY_COLUMNS) if column.choices
} | {"kind", "role", "scope"}
# What each rule that a migrated entry breaks says about the entry.
EXCEPTION_MEANINGS: dict[EntryException, str] = {
    EntryException.STATUS: "the claim's status did not allow it",
    EntryException.NOT_FIRST: "it opens a claim that had entries",
    EntryException.RESERVE: "it changed the reserve by another amount than the payment",
    EntryException.DECLINED_PAID: "it declines a claim with indemnity paid",
    EntryException.BEFORE_REPORT: "it is dated before the report",
    EntryException.AFTER_RECORDING: "it is dated after the day it was recorded",
    EntryException.OUT_OF_ORDER: "it is dated before an entry that was recorded earlier",
    EntryException.OTHER_TYPE: "the older system had another type of entry",
    EntryException.BELOW_ZERO: "it leaves a balance of its cost type below zero",
}
