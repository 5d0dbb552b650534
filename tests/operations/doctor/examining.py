"""Run flask doctor, and look at what it found."""

import json

from flask import Flask


def examine(app: Flask) -> tuple[int, dict[str, list[str]]]:
    """The exit code, and what was found: sentences with their level, by subject."""
    result = app.test_cli_runner().invoke(args=["doctor", "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    found: dict[str, list[str]] = {}
    for each in json.loads(result.stdout)["findings"]:
        found.setdefault(each["subject"], []).append(f"{each['level']}: {each['text']}")
    return result.exit_code, found


def begins(found: dict[str, list[str]], subject: str, *beginnings: str) -> bool:
    """Whether the findings of a subject are those that begin so."""
    return len(found[subject]) == len(beginnings) and all(
        finding.startswith(each) for finding, each in zip(found[subject], beginnings, strict=True)
    )
