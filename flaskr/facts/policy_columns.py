"""The columns of policies."""

from dataclasses import replace

from flaskr.facts import titles
from flaskr.facts.claim_columns import CURRENCY, LINE_OF_BUSINESS, POLICY_NUMBER
from flaskr.facts.columns import Column, Columns
from flaskr.facts.kinds import Kind

POLICYHOLDER = Column(
    "policyholder",
    Kind.TEXT,
    "who holds the policy",
    "försäkringstagare",
    label_sv="försäkringstagare",
    titles=titles.POLICYHOLDER,
    may_be_empty=True,
    is_personal=True,
    is_one_line=True,
)
POLICY_COLUMNS: Columns = (
    replace(
        POLICY_NUMBER,
        meaning="the policy's number, unique in the book",
        meaning_sv="försäkringsnummer, unikt i boken",
        may_be_empty=False,
    ),
    LINE_OF_BUSINESS,
    POLICYHOLDER,
    Column(
        "inception_date",
        Kind.DAY,
        "the first day of cover",
        "försäkringens första dag",
        label="Inception",
        label_sv="startdatum",
        titles=titles.INCEPTION_DATE,
    ),
    Column(
        "expiry_date",
        Kind.DAY,
        "the first day without cover",
        "första dagen utan försäkring",
        label="Expiry",
        label_sv="slutdatum",
        titles=titles.EXPIRY_DATE,
    ),
    Column(
        "cancelled_on",
        Kind.DAY,
        "the first day without cover when cancelled; empty otherwise",
        "första dagen utan försäkring vid uppsägning; annars tom",
        label_sv="uppsagd",
        titles=titles.CANCELLED_ON,
        may_be_empty=True,
    ),
    Column(
        "premium",
        Kind.AMOUNT,
        "the premium for the period",
        "premie för perioden",
        label_sv="premie",
        adds_up=True,
        titles=titles.PREMIUM,
    ),
    Column(
        "deductible",
        Kind.AMOUNT,
        "what the policyholder bears of each claim",
        "självrisk per skada",
        label_sv="självrisk",
        titles=titles.DEDUCTIBLE,
    ),
    Column(
        "sum_insured",
        Kind.AMOUNT,
        "the most that is paid",
        "försäkringsbelopp",
        label_sv="försäkringsbelopp",
        titles=titles.SUM_INSURED,
        may_be_empty=True,
    ),
    CURRENCY,
)
