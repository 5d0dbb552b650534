"""Which columns of a file the page of a dry run shows, and which of them are amounts."""

from flaskr.facts.columns import names_of
from flaskr.facts.kinds import Kind
from flaskr.facts.lists import Contents
from flaskr.imports.layouts import LAYOUTS

AMOUNT_NAMES = {name for each in LAYOUTS.values() for name in names_of(each.columns, Kind.AMOUNT)}
_HIDDEN = ("claim_cost", "description", "recorded_at", "entry_number", "recorded_date")
_RARE = ("cancelled_on", "sum_insured")


def shown_columns(contents: Contents) -> tuple[str, ...]:
    """Return the columns of the first rows that a page shows, beside the one that names them."""
    layout = LAYOUTS[contents]
    return tuple(n for n in layout.names if n not in (layout.key, *_HIDDEN, *_RARE))
