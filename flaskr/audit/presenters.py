"""Audit events for pages: what changed, with values formatted as elsewhere."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flaskr.audit.services import CHANGED
from flaskr.facts.labels import CLOSED_LISTS
from flaskr.web.template_filters import format_number, label_of, money_or_dash

_DASH = "\u2013"
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}", re.ASCII)
_COUNTS = ("created", "changed", "unchanged", "refused", "policies", "claims", "entries", "rows")


@dataclass(frozen=True)
class Change:
    """One changed value of an event: `before` and `after` are texts, or None.

    `is_value_hidden` for names and free text: the trail only records that they changed.
    """

    name: str
    before: str | None
    after: str | None
    is_value_hidden: bool = False


def changes_of(before: str | None, after: str | None, reason: str | None = None) -> list[Change]:
    """Return the changes of an event from its JSON before and after, in the order recorded.

    The reason that is kept beside the event is the last.
    """
    old: dict[str, Any] = json.loads(before) if before else {}
    new: dict[str, Any] = json.loads(after) if after else {}
    new |= {"reason": reason} if reason else {}
    return [_change_of(name, old, new) for name in {**old, **new}]


def _change_of(name: str, old: dict[str, Any], new: dict[str, Any]) -> Change:
    """Return the change of one value."""
    return Change(
        name=label_of(name),
        before=_format_value(name, old[name]) if name in old else None,
        after=_format_value(name, new[name]) if name in new else None,
        is_value_hidden=CHANGED in (old.get(name), new.get(name)),
    )


def _format_value(name: str, value: Any) -> str:
    """Format one value: amounts and counts with grouped thousands, closed lists as labels."""
    if value is None or value == "":
        return _DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(
            f"{label_of(key)} {_format_value(key, each)}" for key, each in value.items()
        )
    if isinstance(value, list):
        return ", ".join(_format_value(name, each) for each in value) or _DASH
    if isinstance(value, int):
        return format_number(value) if name in _COUNTS else str(value)
    if _AMOUNT.fullmatch(str(value)):
        return money_or_dash(Decimal(value))
    return label_of(value) if name in CLOSED_LISTS else str(value)
