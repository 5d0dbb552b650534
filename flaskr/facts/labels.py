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
    "revisions": "versions of facts",
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
    "request_id": "request",
    "why": "reason",
    "import_id": "import",
}
# The names of the columns with closed lists; the last three are in the trail's JSON only.
CLOSED_LISTS = {
    column.name for column in (*CLAIM_COLUMNS, *LEDGER_COLUMNS, *POLICY_COLUMNS) if column.choices
} | {"kind", "role", "scope"}
# How an entry breaks each of the rules that a migration may break.
EXCEPTION_MEANINGS: dict[EntryException, str] = {
    EntryException.STATUS: "of a type that the claim's status does not allow",
    EntryException.NOT_FIRST: "opening a claim that has entries already",
    EntryException.RESERVE: "paying, with another change of the reserve than the payment covers",
    EntryException.DECLINED_PAID: "declining a claim that has indemnity paid",
    EntryException.BEFORE_REPORT: "dated before the claim was reported",
    EntryException.AFTER_RECORDING: "dated after the day of recording",
    EntryException.OUT_OF_ORDER: "dated before an entry that was recorded earlier",
    EntryException.OTHER_TYPE: "of another type in the older system",
    EntryException.BELOW_ZERO: "leaving a balance of its cost type below zero",
}
