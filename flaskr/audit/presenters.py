"""Events as people read them: what changed, from what to what, in words."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flaskr.audit.services import CHANGED
from flaskr.facts.labels import CLOSED_LISTS
from flaskr.web.templating import money, number, words

_NOTHING = "\u2013"
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}", re.ASCII)
_COUNTS = ("created", "changed", "unchanged", "refused", "policies", "claims", "entries", "rows")


@dataclass(frozen=True)
class Change:
    """One thing that an event tells: `before` and `after` are texts, None where it has none.

    `is_only_told` of a name or a free text, of which the trail has only that it changed.
    """

    name: str
    before: str | None
    after: str | None
    is_only_told: bool = False


def changes_of(before: str | None, after: str | None) -> list[Change]:
    """Return what an event tells, by the JSON of before and after, in its order."""
    was: dict[str, Any] = json.loads(before) if before else {}
    became: dict[str, Any] = json.loads(after) if after else {}
    return [_change_of(name, was, became) for name in {**was, **became}]


def _change_of(name: str, was: dict[str, Any], became: dict[str, Any]) -> Change:
    """Return what became of one name."""
    return Change(
        name=words(name),
        before=_said(name, was[name]) if name in was else None,
        after=_said(name, became[name]) if name in became else None,
        is_only_told=CHANGED in (was.get(name), became.get(name)),
    )


def _said(name: str, value: Any) -> str:
    """Write one value as pages do: amounts and counts grouped, members of closed lists as words."""
    if value is None or value == "":
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{words(key)} {_said(key, each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_said(name, each) for each in value) or _NOTHING
    if isinstance(value, int):
        return number(value) if name in _COUNTS else str(value)
    if _AMOUNT.fullmatch(str(value)):
        return money(Decimal(value))
    return words(value) if name in CLOSED_LISTS else str(value)
