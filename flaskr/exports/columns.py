"""What the files hold: each column declared once, with its type, unit and meaning."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds; in Arrow and Parquet string, string, date32, decimal128(18, 2)."""

    TEXT = "text"
    WORD = "word"  # a text from a short list: Parquet keeps these as dictionaries
    DAY = "day"
    MONEY = "money"


@dataclass(frozen=True)
class Column:
    """One column of a file; `is_personal` when it may say something about a person."""

    name: str
    kind: Kind
    meaning: str
    meaning_sv: str
    unit: str = ""
    is_personal: bool = False


def money(name: str, meaning: str, meaning_sv: str) -> Column:
    """Declare an amount."""
    return Column(name, Kind.MONEY, meaning, meaning_sv, unit="the book's currency")


def day(name: str, meaning: str, meaning_sv: str) -> Column:
    """Declare a calendar day in the book's time zone."""
    return Column(name, Kind.DAY, meaning, meaning_sv, unit="day")


CLAIM_COLUMNS = (
    Column(
        "claim_reference",
        Kind.TEXT,
        "the claim's reference, unique in the book",
        "skadenummer, unikt i boken",
    ),
    Column(
        "policy_number",
        Kind.TEXT,
        "the number of the policy the claim is on; empty when none is known",
        "försäkringsnummer; tomt när försäkringen är okänd",
    ),
    Column(
        "line_of_business",
        Kind.WORD,
        "what kind of risk the policy covers",
        "försäkringsgren",
    ),
    Column("cause", Kind.WORD, "what happened", "skadeorsak"),
    Column(
        "status",
        Kind.WORD,
        "open, reopened, closed or declined",
        "öppen, återöppnad, stängd eller avböjd",
    ),
    Column(
        "coverage",
        Kind.WORD,
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
    Column(
        "currency",
        Kind.WORD,
        "the currency of the amounts",
        "beloppens valuta",
        unit="ISO 4217",
    ),
    Column(
        "description",
        Kind.TEXT,
        "what was said about the loss, in free text",
        "beskrivning av skadan i fri text",
        is_personal=True,
    ),
)


def names_of(columns: tuple[Column, ...], kind: Kind) -> list[str]:
    """Return the names of the columns of one kind, in order."""
    return [column.name for column in columns if column.kind is kind]
