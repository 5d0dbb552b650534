"""Edits for pages and commands: which facts they changed, formatted as elsewhere."""

from collections.abc import Mapping
from typing import Any

from flaskr.audit.presenters import Change
from flaskr.web.template_filters import format_fact, label_of

_BEFORE, _AFTER = "before_", "after_"
_TEXTS = ("description", "policyholder")  # their earlier values are not stored


def edit_changes(row: Any) -> list[Change]:
    """Return what an edit changed; of a name or a description only that it did."""
    values = row._mapping
    names = facts_before(row)
    changed = [name for name in names if values[_BEFORE + name] != values[_AFTER + name]]
    texts = [name for name in _TEXTS if values.get(f"{name}_changed")]
    return [
        Change(label_of(n), format_fact(values[_BEFORE + n]), format_fact(values[_AFTER + n]))
        for n in changed
    ] + [Change(label_of(name), None, None, is_value_hidden=True) for name in texts]


def facts_before(row: Any) -> dict[str, Any]:
    """Return the facts before an edit, by their names."""
    return {n.removeprefix(_BEFORE): v for n, v in row._mapping.items() if n.startswith(_BEFORE)}


def recorded_facts(facts: Mapping[str, Any]) -> list[Change]:
    """Return the facts that a claim or a policy was recorded with, without empty ones."""
    return [
        Change(label_of(name), None, format_fact(value))
        for name, value in facts.items()
        if value is not None
    ]
