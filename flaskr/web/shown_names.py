"""Note that a page shows names or texts about people, where it shows them."""

from flask import g, has_request_context

from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.ledger_columns import LEDGER_COLUMNS
from flaskr.facts.policy_columns import POLICY_COLUMNS
from flaskr.values.pseudonyms import sees_names

# The columns with names and texts about people.
PERSONAL_COLUMNS = frozenset(
    column.name
    for column in (*CLAIM_COLUMNS, *LEDGER_COLUMNS, *POLICY_COLUMNS)
    if column.is_personal
)


def shown(text: str | None) -> str | None:
    """Return a name or text about people that the response shows, after noting that it does.

    Nothing is noted for an empty text, nor for somebody who does not see names.
    """
    if text and sees_names.get() and has_request_context():
        g.shows_names = True
    return text


def show_about(number: str) -> None:
    """Note which claim or policy the response is about, as the book writes its number."""
    g.about = number


def shown_about(typed: str) -> str:
    """Return what the response is about as the book writes it, else as the address does."""
    return str(g.get("about", typed))


def shows_names() -> bool:
    """Whether a name or text about people is noted for this request."""
    return bool(g.get("shows_names"))
