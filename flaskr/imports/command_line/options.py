"""The options of `flask import`."""

from collections.abc import Callable
from typing import Any

import click

from flaskr.commands import OutputFile, WrongOption
from flaskr.errors import ClaimBookError
from flaskr.files.readers.options import Encoding, parse_encoding
from flaskr.imports.loaded_columns import CHOICES

_Command = Callable[..., None]


class _EncodingName(click.ParamType):
    """The name of an encoding as people write it."""

    name = "encoding"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the encoding, or fail with those that there are."""
        try:
            return parse_encoding(value)
        except ClaimBookError as error:
            self.fail(str(error), param, ctx)


_OPTIONS: tuple[Callable[[_Command], _Command], ...] = (
    click.option(
        "--migration",
        is_flag=True,
        help="The files come from an older system, with their times of recording.",
    ),
    click.option("--dry-run", is_flag=True, help="Show what would be done, without doing it."),
    click.option("--good-rows", is_flag=True, help="Load the good rows and skip the refused ones."),
    click.option(
        "--leave-out-claims",
        is_flag=True,
        help="With --migration: leave out each claim that has a refused row, whole.",
    ),
    click.option(
        "--again",
        is_flag=True,
        help="Load a file once more that was loaded before and would change the book now.",
    ),
    click.option("--allow-empty", is_flag=True, help="Take a file without a row."),
    click.option(
        "--at-least",
        type=click.IntRange(0),
        default=0,
        metavar="ROWS",
        help="Refuse files that have fewer rows than this.",
    ),
    click.option(
        "--refused",
        type=OutputFile(),
        help="Write the refused rows with their reasons to this file.",
    ),
    click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="TITLE=NAME",
        help="Load the column TITLE as NAME; TITLE= leaves it out.",
    ),
    click.option(
        "--constant",
        "constants",
        multiple=True,
        metavar="NAME=VALUE",
        help="One value for all rows, for a column that the file does not have.",
    ),
    click.option(
        "--value",
        "values",
        multiple=True,
        metavar="NAME:TEXT=VALUE",
        help="Read TEXT in the column NAME as VALUE of its list: cause:vatten=water.",
    ),
    click.option(
        "--day-order",
        type=click.Choice(["day-first", "month-first"]),
        help="How the files write days such as 05/01/2024.",
    ),
    click.option("--sheet", default="", help="The sheet to read of a workbook."),
    click.option(
        "--header-row",
        type=click.IntRange(1),
        help="The row of the titles; it is detected otherwise.",
    ),
    click.option("--take-totals", is_flag=True, help="Take rows that look like totals."),
    click.option("--take-hidden", is_flag=True, help="Take rows that a sheet hides."),
    click.option("--strip-controls", is_flag=True, help="Take control letters off texts."),
    click.option(
        "--no-identity-numbers",
        is_flag=True,
        help="What looks like identity numbers in the texts is something else: take it.",
    ),
    click.option(
        "--encoding",
        type=_EncodingName(),
        default=Encoding.UTF_8,
        help="The encoding of a text file, such as cp1252; UTF-16 is detected automatically.",
    ),
    click.option(
        "--expect", metavar="ID:DIGEST", help="Load an archive only if it ends with this seal."
    ),
    click.option(
        "--raw",
        is_flag=True,
        help="The file was exported with raw=1: keep each leading apostrophe.",
    ),
    click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object on standard output."
    ),
    click.option("--quiet", is_flag=True, help="Print nothing when all is well."),
)


def import_options(command: _Command) -> _Command:
    """Add the options to the command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def reading_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return how to read the files, for their job; raises WrongOption."""
    return {
        "sheet": options["sheet"],
        "encoding": options["encoding"],
        "is_raw": options["raw"],
        "columns": _pairs(options["columns"]),
        "constants": _pairs(options["constants"]),
        "values": _values(options["values"]),
        "day_order": (options["day_order"] or "").replace("-", " "),
        "header_row": options["header_row"] or 0,
        "takes_totals": options["take_totals"],
        "takes_hidden": options["take_hidden"],
        "strips_controls": options["strip_controls"],
        "takes_identity_numbers": options["no_identity_numbers"],
    }


def _values(arguments: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return the values of closed lists by column and text; raises WrongOption for an unknown one.

    A text may have “=” itself: the value is what follows the last one.
    """
    values: dict[str, dict[str, str]] = {}
    for each in arguments:
        name, colon, pair = each.partition(":")
        text, equals, value = pair.rpartition("=")
        if not (colon and equals):
            raise WrongOption(f"{each}: write it as NAME:TEXT=VALUE, such as cause:vatten=water.")
        if name not in CHOICES:
            raise WrongOption(f"{name} is no column with a list: {', '.join(CHOICES)}.")
        if value not in CHOICES[name]:
            raise WrongOption(f"{value} is no {name}: {', '.join(CHOICES[name])}.")
        _keep(values.setdefault(name, {}), text, value, each)
    return values


def _pairs(arguments: tuple[str, ...]) -> dict[str, str]:
    """Return what is before and after the first “=” of each argument."""
    pairs: dict[str, str] = {}
    for each in arguments:
        name, separator, value = each.partition("=")
        if not separator:
            raise WrongOption(f"{each}: write it as NAME=VALUE.")
        _keep(pairs, name, value, each)
    return pairs


def _keep(pairs: dict[str, str], name: str, value: str, argument: str) -> None:
    """Put a pair among others; raises WrongOption if its name has another value already."""
    if pairs.setdefault(name, value) != value:
        raise WrongOption(f"{argument}: {name} is {pairs[name] or 'left out'} in another option.")
