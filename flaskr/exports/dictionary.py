"""The data dictionary: every column of every file, declared once."""

from dataclasses import replace

from flaskr.exports.trail_columns import TRAIL_COLUMNS, Besides, FileContents
from flaskr.facts.columns import (
    Column,
    Columns,
    Kind,
    day,
    instant,
    money,
    number,
    text,
    totalled,
    word,
)
from flaskr.import_records.models import Contents
from flaskr.values.pseudonyms import pseudonym_column

CLAIM_REFERENCE = text(
    "claim_reference", "the claim's reference, unique in the book", "skadenummer, unikt i boken"
)
POLICY_NUMBER = text(
    "policy_number",
    "the number of the policy the claim is on; empty when none is known",
    "försäkringsnummer; tomt när försäkringen är okänd",
)
LINE_OF_BUSINESS = word(
    "line_of_business", "what kind of risk the policy covers", "försäkringsgren"
)
CURRENCY = Column(
    "currency",
    Kind.WORD,
    "the currency of the amounts",
    "beloppens valuta",
    unit="ISO 4217",
)

CLAIM_COLUMNS: Columns = (
    CLAIM_REFERENCE,
    POLICY_NUMBER,
    LINE_OF_BUSINESS,
    word("cause", "what happened", "skadeorsak"),
    word(
        "status",
        "open, reopened, closed or declined",
        "öppen, återöppnad, stängd eller avböjd",
    ),
    word(
        "coverage",
        "in_force when the policy covered the day of the loss, not_in_force when not, "
        "unverified without a policy or a loss date",
        "in_force när försäkringen gällde skadedagen, not_in_force när inte, "
        "unverified utan försäkring eller skadedag",
    ),
    day("loss_date", "the day of the loss", "skadedag"),
    day("reported_date", "the day the customer reported it", "anmälningsdag"),
    day(
        "closed_date",
        "the day it was closed or declined; empty while open",
        "dagen då skadan stängdes eller avböjdes; tom medan den är öppen",
    ),
    money("paid", "payments to date", "utbetalt till dags dato"),
    money(
        "outstanding",
        "case reserve: what is still expected to be paid",
        "skadereserv: vad som ännu väntas betalas",
    ),
    money("claim_cost", "paid and outstanding together", "skadekostnad: utbetalt och reserv"),
    money(
        "recovered",
        "got back by subrogation, salvage or deductible",
        "återvunnet genom regress, restvärde eller självrisk",
    ),
    CURRENCY,
    text(
        "description",
        "what was said about the loss, in free text",
        "beskrivning av skadan i fri text",
        is_personal=True,
    ),
)

LEDGER_COLUMNS: Columns = (
    number(
        "entry_id",
        "the entry's number; a later entry has a higher one",
        "transaktionens nummer; en senare transaktion har ett högre",
    ),
    CLAIM_REFERENCE,
    word("entry_type", "what kind of movement it is", "transaktionstyp"),
    day("transaction_date", "the day the entry counts from", "bokföringsdag"),
    instant("recorded_at", "when it was typed", "när den registrerades"),
    text("recorded_by", "who typed it", "vem som registrerade den"),
    money("paid", "what it adds to the payments", "ändring av utbetalt"),
    money("outstanding", "what it adds to the case reserve", "ändring av skadereserven"),
    money("claim_cost", "what it adds to both together", "ändring av skadekostnaden"),
    money("recovered", "what it adds to what was got back", "ändring av återvunnet"),
    money("paid_after", "payments with this entry", "utbetalt efter transaktionen", adds_up=False),
    money(
        "outstanding_after",
        "case reserve with this entry",
        "skadereserv efter transaktionen",
        adds_up=False,
    ),
    money(
        "recovered_after",
        "recovered with this entry",
        "återvunnet efter transaktionen",
        adds_up=False,
    ),
    word("status_after", "the claim's status with this entry", "skadans status efter den"),
    CURRENCY,
    number(
        "reverses",
        "the number of the entry it reverses; empty for others",
        "numret på den transaktion som den återför; annars tomt",
    ),
    text("reason", "why, where a reason was given", "skäl, när ett angavs"),
    number(
        "import_id",
        "the number of the import that brought it; empty when it was typed",
        "numret på den import som den kom med; tomt när den skrevs in",
    ),
    number(
        "import_row",
        "its row in the file of that import",
        "dess rad i den importens fil",
    ),
)

POLICYHOLDER = text("policyholder", "who holds the policy", "försäkringstagare", is_personal=True)
POLICY_COLUMNS: Columns = (
    text(
        "policy_number",
        "the policy's number, unique in the book",
        "försäkringsnummer, unikt i boken",
    ),
    LINE_OF_BUSINESS,
    POLICYHOLDER,
    day("inception_date", "the first day of cover", "försäkringens första dag"),
    day("expiry_date", "the first day without cover", "första dagen utan försäkring"),
    day(
        "cancelled_on",
        "the first day without cover when cancelled; empty otherwise",
        "första dagen utan försäkring vid uppsägning; annars tom",
    ),
    money("premium", "the premium for the period", "premie för perioden"),
    money(
        "deductible",
        "what the policyholder bears of each claim",
        "självrisk per skada",
        adds_up=False,
    ),
    money("sum_insured", "the most that is paid", "försäkringsbelopp", adds_up=False),
    CURRENCY,
)

COLUMNS: dict[FileContents, Columns] = {
    Contents.CLAIMS: CLAIM_COLUMNS,
    Contents.LEDGER: LEDGER_COLUMNS,
    Contents.POLICIES: POLICY_COLUMNS,
    Besides.TRAIL: TRAIL_COLUMNS,
}

# What may say who somebody is; without names, files have the pseudonyms of the one.
NAMING = {column.name for columns in COLUMNS.values() for column in columns if column.is_personal}

# The amounts whose sums prove a file; a name means the same in each.
ADDED_UP = {name for columns in COLUMNS.values() for name in totalled(columns)}


def given_columns(contents: FileContents, has_names: bool) -> Columns:
    """Return all columns of a file with names, or with pseudonyms and without free text."""
    if has_names:
        return COLUMNS[contents]
    stand_in = replace(
        POLICYHOLDER,
        name=pseudonym_column(),
        meaning="a pseudonym of who holds the policy: of one name always the same while the book "
        "keeps its key, with which the column's name would change; empty when the name was erased",
        meaning_sv="pseudonym för försäkringstagaren: alltid detsamma för ett namn så länge boken "
        "har samma nyckel, annars heter kolumnen annorlunda; tom när namnet är raderat",
        hides=POLICYHOLDER.name,
    )
    shown = (stand_in if column == POLICYHOLDER else column for column in COLUMNS[contents])
    return tuple(column for column in shown if column.name not in NAMING)
