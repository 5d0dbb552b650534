"""The files that can be imported: their columns, what else these are called, and which is which."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flaskr.import_records.models import Contents


class Kind(StrEnum):
    """How the cells of a column are read."""

    REFERENCE = "reference"
    TEXT = "text"
    NAME = "name"
    AMOUNT = "amount"  # of either sign
    AMOUNT_OR_NOUGHT = "amount of zero or more"
    DAY = "day"
    INSTANT = "instant"
    CAUSE = "cause"
    LINE_OF_BUSINESS = "line of business"
    ENTRY_TYPE = "entry type"


@dataclass(frozen=True)
class Field:
    """A column that is loaded: its name in the book, how it is read, what else it is called: last
    of these the Swedish word that a page gives.

    A required one may be missing only when a constant stands for it; `is_filled`: when the file has
    the column, then every row has something in it.
    """

    name: str
    kind: Kind
    also: tuple[str, ...] = ()
    is_required: bool = False
    is_filled: bool = False


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of file; `derived` are known, and why they are not loaded."""

    contents: Contents
    key: str  # the column that names what a row is of
    fields: tuple[Field, ...]
    derived: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are loaded."""
        return tuple(each.name for each in self.fields)

    def field(self, name: str) -> Field:
        """Return a column's field by its name in the book."""
        return next(each for each in self.fields if each.name == name)

    def meant(self, title: str) -> str | None:
        """Return the column that a title means, loaded or derived; None when it is not known."""
        return self.by_title.get(folded(title))

    @property
    def by_title(self) -> dict[str, str]:
        """The columns by everything they are called."""
        found = {folded(name): name for name in self.derived}
        for each in self.fields:
            found |= {folded(called): each.name for called in (*each.also, each.name)}
        return found


def folded(title: str) -> str:
    """Return a title without what makes no difference: case, spaces, underscores and marks."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", title.casefold()))


REFERENCE = Field(
    "claim_reference",
    Kind.REFERENCE,
    ("claim", "claim number", "claim no", "claim id", "skada", "skadenr", "skadenummer"),
    is_required=True,
    is_filled=True,
)
RECORDED_AT = Field("recorded_at", Kind.INSTANT, ("registrerad", "registreringstid"))
POLICY_TITLES = ("policy", "policy no", "försäkring", "försäkringsnr", "försäkringsnummer")

REFUSAL_COLUMNS = {
    "refused_row": "its row in the refused file",
    "refused_because": "why it was refused",
}
CURRENCY = {"currency": "checked: must be the book's"}

CLAIMS = Layout(
    Contents.CLAIMS,
    "claim_reference",
    (
        REFERENCE,
        Field("policy_number", Kind.REFERENCE, POLICY_TITLES),
        Field("cause", Kind.CAUSE, ("orsak", "skadeorsak")),
        Field("loss_date", Kind.DAY, ("date of loss", "skadedatum", "skadedag")),
        Field(
            "reported_date",
            Kind.DAY,
            ("reported", "report date", "anmäld", "anmälningsdatum", "anmälningsdag"),
        ),
        Field("description", Kind.TEXT, ("skadebeskrivning", "beskrivning")),
        Field("paid", Kind.AMOUNT_OR_NOUGHT, ("betalt", "utbetalt"), is_filled=True),
        Field(
            "outstanding",
            Kind.AMOUNT_OR_NOUGHT,
            ("case reserve", "os", "reserv", "skadereserv"),
            is_filled=True,
        ),
        Field(
            "claim_cost",
            Kind.AMOUNT_OR_NOUGHT,
            ("cost", "incurred", "kostnad", "skadekostnad"),
            is_filled=True,
        ),
        Field("recovered", Kind.AMOUNT_OR_NOUGHT, ("återvinning", "återvunnet"), is_filled=True),
        RECORDED_AT,
    ),
    {
        "line_of_business": "follows from the policy",
        "status": "follows from the ledger",
        "coverage": "follows from policy and loss date",
        "closed_date": "follows from the ledger",
        **CURRENCY,
        **REFUSAL_COLUMNS,
    },
)
POLICIES = Layout(
    Contents.POLICIES,
    "policy_number",
    (
        Field("policy_number", Kind.REFERENCE, POLICY_TITLES, is_required=True, is_filled=True),
        Field(
            "line_of_business",
            Kind.LINE_OF_BUSINESS,
            ("line", "gren", "försäkringsgren"),
            is_required=True,
        ),
        Field("policyholder", Kind.NAME, ("försäkringstagarens namn", "försäkringstagare")),
        Field(
            "inception_date",
            Kind.DAY,
            ("inception", "start date", "begynnelsedag", "startdag", "startdatum"),
            is_required=True,
        ),
        Field(
            "expiry_date",
            Kind.DAY,
            ("expiry", "end date", "förfallodag", "slutdag", "slutdatum"),
            is_required=True,
        ),
        Field("cancelled_on", Kind.DAY, ("cancelled", "annullerad", "uppsagd")),
        Field("premium", Kind.AMOUNT_OR_NOUGHT, ("premie",), is_required=True),
        Field("deductible", Kind.AMOUNT_OR_NOUGHT, ("självrisk",), is_required=True),
        Field("sum_insured", Kind.AMOUNT_OR_NOUGHT, ("försäkringsbelopp",)),
        RECORDED_AT,
    ),
    {**CURRENCY, **REFUSAL_COLUMNS},
)
LEDGER = Layout(
    Contents.LEDGER,
    "claim_reference",
    (
        REFERENCE,
        Field(
            "entry_type",
            Kind.ENTRY_TYPE,
            ("type", "transaktionstyp"),
            is_required=True,
            is_filled=True,
        ),
        Field(
            "transaction_date",
            Kind.DAY,
            ("txn date", "bokföringsdag", "bokföringsdatum"),
            is_required=True,
            is_filled=True,
        ),
        Field(
            "recorded_at",
            Kind.INSTANT,
            ("registrerad", "registreringstid"),
            is_required=True,
            is_filled=True,
        ),
        Field("paid", Kind.AMOUNT, ("utbetalt",), is_required=True, is_filled=True),
        Field(
            "outstanding",
            Kind.AMOUNT,
            ("os", "reserv", "skadereserv"),
            is_required=True,
            is_filled=True,
        ),
        Field("recovered", Kind.AMOUNT, ("rec", "återvunnet"), is_required=True, is_filled=True),
        Field("entry_number", Kind.REFERENCE, ("seq", "entry_id", "transaktionsnummer")),
        Field("recorded_date", Kind.DAY, ("rec local", "registreringsdag")),
    ),
    {
        "recorded_by": "the importing user is kept",
        "claim_cost": "paid plus outstanding",
        "paid_after": "follows from the ledger",
        "outstanding_after": "follows from the ledger",
        "recovered_after": "follows from the ledger",
        "status_after": "follows from the ledger",
        "reverses": "the last entry with opposite amounts is used",
        "reason": "set by the migration",
        "import_id": "of the book that it comes from",
        "import_row": "of the book that it comes from",
        **CURRENCY,
        **REFUSAL_COLUMNS,
    },
)
LAYOUTS = {layout.contents: layout for layout in (CLAIMS, LEDGER, POLICIES)}


def recognised(titles: Iterable[str]) -> Contents | None:
    """Return what a file with these columns is of; None when no column says it.

    The layout that most of the titles belong to, less the required columns that are missing.
    """

    def likeness(layout: Layout) -> tuple[int, int, int]:
        found = {layout.meant(title) for title in titles} - {None}
        missing = {each.name for each in layout.fields if each.is_required} - found
        loaded = len(found & set(layout.names))
        return loaded - len(missing), loaded, len(found)

    titles = list(titles)
    likely = max(LAYOUTS.values(), key=likeness)
    return likely.contents if likeness(likely)[1] else None


def missing_columns(layout: Layout, given: Collection[str]) -> list[str]:
    """Return the required columns that are neither in the file nor given a constant."""
    return [each.name for each in layout.fields if each.is_required and each.name not in given]
