"""The columns of claims."""

from dataclasses import replace

from flaskr.facts import titles
from flaskr.facts.closed_lists import Cause, CostType, Coverage, LineOfBusiness, Status
from flaskr.facts.columns import Column, Columns
from flaskr.facts.kinds import Kind

CLAIM_REFERENCE = Column(
    "claim_reference",
    Kind.REFERENCE,
    "the claim's reference, unique in the book",
    "skadenummer, unikt i boken",
    label="Claim",
    label_sv="skadenummer",
    titles=titles.CLAIM_REFERENCE,
)
POLICY_NUMBER = Column(
    "policy_number",
    Kind.REFERENCE,
    "the number of the policy the claim is on; empty when none is known",
    "försäkringsnummer; tomt när försäkringen är okänd",
    label="Policy",
    label_sv="försäkringsnummer",
    titles=titles.POLICY_NUMBER,
    may_be_empty=True,
)
LINE_OF_BUSINESS = Column(
    "line_of_business",
    Kind.CHOICE,
    "what kind of risk the policy covers",
    "försäkringsgren",
    label_sv="försäkringsgren",
    titles=titles.LINE_OF_BUSINESS,
    choices=LineOfBusiness,
)
CURRENCY = Column(
    "currency",
    Kind.CHOICE,
    "the currency of the amounts",
    "beloppens valuta",
    unit="ISO 4217",
    derived="checked: must be the book's",
    titles=titles.CURRENCY,
)

CLAIM_COLUMNS: Columns = (
    CLAIM_REFERENCE,
    POLICY_NUMBER,
    replace(LINE_OF_BUSINESS, derived="follows from the policy", may_be_empty=True),
    Column(
        "cause",
        Kind.CHOICE,
        "what happened",
        "skadeorsak",
        label_sv="skadeorsak",
        titles=titles.CAUSE,
        choices=Cause,
        may_be_empty=True,
    ),
    Column(
        "event_code",
        Kind.REFERENCE,
        "the occurrence behind many claims, such as a storm; empty for most",
        "den händelse som ligger bakom många skador, till exempel en storm; oftast tomt",
        label="Event",
        label_sv="händelse",
        titles=titles.EVENT_CODE,
        may_be_empty=True,
    ),
    Column(
        "status",
        Kind.CHOICE,
        "open, reopened, closed or declined",
        "öppen, återöppnad, stängd eller avböjd",
        titles=titles.STATUS,
        choices=Status,
        derived="follows from the ledger",
    ),
    Column(
        "coverage",
        Kind.CHOICE,
        "in_force when the policy covered the day of the loss, not_in_force when not, "
        "unverified without a policy or a loss date",
        "in_force när försäkringen gällde skadedagen, not_in_force när inte, "
        "unverified utan försäkring eller skadedag",
        choices=Coverage,
        derived="follows from policy and loss date",
    ),
    Column(
        "loss_date",
        Kind.DAY,
        "the day of the loss",
        "skadedag",
        label_sv="skadedag",
        titles=titles.LOSS_DATE,
        may_be_empty=True,
    ),
    Column(
        "reported_date",
        Kind.DAY,
        "the day the customer reported it",
        "anmälningsdag",
        label="Reported",
        label_sv="anmälningsdag",
        titles=titles.REPORTED_DATE,
        may_be_empty=True,
    ),
    Column(
        "closed_date",
        Kind.DAY,
        "the day it was closed or declined; empty while open",
        "dagen då skadan stängdes eller avböjdes; tom medan den är öppen",
        label="Closed",
        titles=titles.CLOSED_DATE,
        derived="follows from the ledger",
        may_be_empty=True,
    ),
    Column(
        "paid",
        Kind.AMOUNT,
        "payments to date",
        "utbetalt till dags dato",
        label_sv="utbetalt",
        titles=titles.PAID,
        adds_up=True,
    ),
    Column(
        "outstanding",
        Kind.AMOUNT,
        "case reserve: what is still expected to be paid",
        "skadereserv: vad som ännu väntas betalas",
        label_sv="skadereserv",
        titles=titles.OUTSTANDING,
        adds_up=True,
    ),
    Column(
        "claim_cost",
        Kind.AMOUNT,
        "paid and outstanding together",
        "skadekostnad: utbetalt och reserv",
        label_sv="skadekostnad",
        titles=titles.CLAIM_COST,
        adds_up=True,
    ),
    Column(
        "recovered",
        Kind.AMOUNT,
        "got back by subrogation, salvage or deductible",
        "återvunnet genom regress, restvärde eller självrisk",
        label_sv="återvunnet",
        titles=titles.RECOVERED,
        adds_up=True,
    ),
    CURRENCY,
    Column(
        "description",
        Kind.TEXT,
        "what was said about the loss, in free text",
        "beskrivning av skadan i fri text",
        label_sv="beskrivning",
        titles=titles.DESCRIPTION,
        may_be_empty=True,
        is_personal=True,
    ),
)


_COST_TYPES_SV = {
    CostType.INDEMNITY: "ersättning",
    CostType.EXPENSE: "skaderegleringskostnad",
}


def _of_type(column: Column, cost_type: CostType) -> Column:
    """Return the column of the part of an amount that is of one cost type."""
    return Column(
        f"{column.name}_{cost_type}",
        column.kind,
        f"what of {column.name} is {cost_type}: the sum of such ledger entries",
        f"den del av {column.name} som är {_COST_TYPES_SV[cost_type]}: summan av sådana "
        "transaktioner",
        derived="follows from the ledger",
        adds_up=True,
    )


# The amounts by cost type, which a file has only if they are asked for.
CLAIM_COLUMNS_BY_TYPE: Columns = tuple(
    _of_type(column, cost_type)
    for column in CLAIM_COLUMNS
    if column.adds_up
    for cost_type in CostType
)
