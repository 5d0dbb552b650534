"""The columns of ledger entries."""

from dataclasses import replace

from flaskr.facts.claim_columns import CLAIM_COLUMNS, CLAIM_REFERENCE, CURRENCY
from flaskr.facts.closed_lists import CostType, EntryType, ReasonCode, Status
from flaskr.facts.columns import Column, Columns
from flaskr.facts.kinds import Kind

_FROM_LEDGER = "follows from the ledger"
_FROM_OTHER_BOOK = "of the book that it comes from"

_RECORDED_AT = Column(
    "recorded_at",
    Kind.INSTANT,
    "when it was typed",
    "när den registrerades",
    label_sv="registreringstid",
    titles=("registrerad",),
)


def _text_of_entry(name: str, meaning: str, meaning_sv: str, label_sv: str) -> Column:
    """Return the column of a text that may name people."""
    column = Column(name, Kind.TEXT, meaning, meaning_sv, label_sv=label_sv)
    return replace(column, may_be_empty=True, is_personal=True)


def _fact_of_claim(name: str) -> Column:
    """Return the column of a fact of the entry's claim, as a file of claims has it."""
    (fact,) = (column for column in CLAIM_COLUMNS if column.name == name)
    return replace(
        fact,
        meaning=f"of the claim, as at the file's date or else now: {fact.meaning}",
        meaning_sv=f"för skadan, per filens värderingsdag eller annars nu: {fact.meaning_sv}",
        derived="follows from the claim",
    )


LEDGER_COLUMNS: Columns = (
    Column(
        "entry_id",
        Kind.NUMBER,
        "the entry's number; a later entry has a higher one",
        "transaktionens nummer; en senare transaktion har ett högre",
    ),
    CLAIM_REFERENCE,
    Column(
        "entry_type",
        Kind.CHOICE,
        "what kind of movement it is",
        "transaktionstyp",
        label_sv="transaktionstyp",
        titles=("type",),
        choices=EntryType,
    ),
    Column(
        "cost_type",
        Kind.CHOICE,
        "what it is for: what is insured (indemnity), or handling the claim (expense)",
        "vad den avser: ersättning (indemnity) eller skaderegleringskostnad (expense)",
        label_sv="kostnadsslag",
        choices=CostType,
    ),
    Column(
        "transaction_date",
        Kind.DAY,
        "the day the entry counts from",
        "bokföringsdag",
        label_sv="bokföringsdatum",
        titles=("txn date", "bokföringsdag"),
    ),
    _RECORDED_AT,
    Column(
        "imported_at",
        Kind.INSTANT,
        "when a migration brought it from an older system; empty for others",
        "när en migrering hämtade den från ett äldre system; annars tomt",
        label_sv="importtid",
        derived="set by the migration",
        may_be_empty=True,
    ),
    Column(
        "recorded_by",
        Kind.TEXT,
        "who typed it",
        "vem som registrerade den",
        derived="the importing user is kept",
    ),
    Column(
        "paid",
        Kind.AMOUNT,
        "what it adds to the payments",
        "ändring av utbetalt",
        label_sv="utbetalt",
        adds_up=True,
    ),
    Column(
        "outstanding",
        Kind.AMOUNT,
        "what it adds to the case reserve",
        "ändring av skadereserven",
        label_sv="skadereserv",
        titles=("os", "reserv"),
        adds_up=True,
    ),
    Column(
        "claim_cost",
        Kind.AMOUNT,
        "what it adds to both together",
        "ändring av skadekostnaden",
        derived="paid plus outstanding",
        adds_up=True,
    ),
    Column(
        "recovered",
        Kind.AMOUNT,
        "what it adds to what was got back",
        "ändring av återvunnet",
        label_sv="återvunnet",
        titles=("rec",),
        adds_up=True,
    ),
    Column(
        "paid_after",
        Kind.AMOUNT,
        "payments with this entry",
        "utbetalt efter transaktionen",
        derived=_FROM_LEDGER,
    ),
    Column(
        "outstanding_after",
        Kind.AMOUNT,
        "case reserve with this entry",
        "skadereserv efter transaktionen",
        derived=_FROM_LEDGER,
    ),
    Column(
        "recovered_after",
        Kind.AMOUNT,
        "recovered with this entry",
        "återvunnet efter transaktionen",
        derived=_FROM_LEDGER,
    ),
    Column(
        "status_after",
        Kind.CHOICE,
        "the claim's status with this entry",
        "skadans status efter den",
        choices=Status,
        derived=_FROM_LEDGER,
    ),
    CURRENCY,
    Column(
        "reverses",
        Kind.NUMBER,
        "the number of the entry it reverses; empty for others",
        "numret på den transaktion som den återför; annars tomt",
        derived="the last entry with opposite amounts is used",
        may_be_empty=True,
    ),
    Column(
        "reason_code",
        Kind.CHOICE,
        "why, from a closed list; empty for most",
        "skäl, ur en fast lista; oftast tomt",
        label_sv="skälskod",
        choices=ReasonCode,
        may_be_empty=True,
    ),
    _text_of_entry(
        "reason",
        "why, where a reason was given",
        "skäl, när ett angavs",
        "skäl",
    ),
    _text_of_entry("payee", "who a payment went to", "betalningsmottagare", "betalningsmottagare"),
    _text_of_entry(
        "payee_reference",
        "the number of the payee's invoice",
        "mottagarens fakturanummer",
        "fakturanummer",
    ),
    _text_of_entry(
        "note",
        "a note on a payment, in free text",
        "anteckning om en betalning, i fri text",
        "anteckning",
    ),
    Column(
        "exceptions",
        Kind.TEXT,
        "names of the rules that a migrated entry breaks, with spaces between; empty for others",
        "namn på de regler som en migrerad transaktion bryter mot, med mellanslag; annars tomt",
        label_sv="undantag",
        derived="set by the migration",
        may_be_empty=True,
    ),
    Column(
        "import_id",
        Kind.NUMBER,
        "the number of the import that brought it; empty when it was typed",
        "numret på den import som den kom med; tomt när den skrevs in",
        derived=_FROM_OTHER_BOOK,
        may_be_empty=True,
    ),
    Column(
        "import_row",
        Kind.NUMBER,
        "its row in the file of that import",
        "dess rad i den importens fil",
        derived=_FROM_OTHER_BOOK,
        may_be_empty=True,
    ),
    Column(
        "recorded_date",
        Kind.DAY,
        "the day of recorded_at in the book's time zone",
        "dagen för recorded_at i bokens tidszon",
        label_sv="registreringsdag",
        titles=("rec local",),
        may_be_empty=True,
    ),
    _fact_of_claim("reported_date"),
    _fact_of_claim("loss_date"),
    _fact_of_claim("policy_number"),
    _fact_of_claim("line_of_business"),
    _fact_of_claim("cause"),
)

# A column that only the ledger of another system has.
ENTRY_NUMBER = Column(
    "entry_number",
    Kind.REFERENCE,
    label_sv="transaktionsnummer",
    titles=("seq", "entry_id"),
    may_be_empty=True,
)
# Of policies and claims, in migrations only.
MIGRATED_RECORDED_AT = replace(_RECORDED_AT, may_be_empty=True)
