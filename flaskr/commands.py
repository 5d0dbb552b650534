"""What every command stands on: exit codes, paths, and output in any encoding."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EROFS
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup, ScriptInfo

from flaskr.database.failures import DATABASE_ERRORS, Failure, failure_of
from flaskr.database.schema import schema_error
from flaskr.errors import ClaimBookError, DiskFull
from flaskr.processes.logs import FaultsLogged

_logger = logging.getLogger(__name__)
_DISK = (Failure.DISK_FULL, Failure.DISK_ERROR, Failure.FILES)


class CommandFailed(click.ClickException):
    """The end of a command with a sentence and an exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        """Set the exit code."""
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # of this one


class WrongOption(ClaimBookError):
    """An option or a path that a command cannot use."""

    status = 400


def unwritable(path: Any, error: OSError) -> ClaimBookError:
    """Return what to raise for a file that cannot be written: the path, or its disk, is wrong."""
    kind = DiskFull if failure_of(error) in _DISK or error.errno == EROFS else WrongOption
    return kind(f"{path} cannot be written: {error.strerror}.")


class BookCommand(click.Command):
    """A command whose exit code says what became of it."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Make the output safe before the help, or anything else, is printed."""
        _write_any_letter()
        return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what is unavailable ends it with a sentence instead of a traceback."""
        try:
            with explain_unavailable():
                return super().invoke(ctx)
        except DATABASE_ERRORS as error:
            if problem := _problem_of_schema(ctx):
                raise problem from error
            with FaultsLogged(_logger, ctx.command_path):  # the driver's words can repeat a row
                raise


class BookGroup(BookCommand, AppGroup):
    """A group of such commands, which run with the application's context."""

    command_class = BookCommand


def _write_any_letter() -> None:
    """Have the output replace letters that the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def explain_unavailable() -> Iterator[None]:
    """Turn the errors of a database or a disk that is away or full into a sentence."""
    try:
        yield
    except (*DATABASE_ERRORS, OSError) as error:
        failure = failure_of(error)
        if failure is None:
            raise
        raise _explained(failure, error) from error


def _explained(failure: Failure, error: Exception) -> ClaimBookError:
    """Return the error for a failure, with the driver's words: who runs a command needs them."""
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        reason = f"{error.strerror}{place}"
    else:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
    explained = failure.error()
    return type(explained)(f"{explained} ({reason})")


def _problem_of_schema(ctx: click.Context) -> ClaimBookError | None:
    """Return what is wrong with the schema; None if it is right, or the database does not say."""
    with ctx.ensure_object(ScriptInfo).load_app().app_context():
        try:
            return schema_error()
        except DATABASE_ERRORS:
            return None


class InputFile(click.Path):
    """The path of an existing file to read; what may never end is refused."""

    def __init__(self) -> None:
        """Take existing files only, as paths."""
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse pipes, devices and sockets."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.is_file():
            self.fail(
                f"{path} is not a file but a pipe, a device or a socket. Save it to a file first.",
                param,
                ctx,
            )
        return path


class OutputFile(click.Path):
    """The path of a file to write; a device or a pipe is never replaced by a file."""

    def __init__(self) -> None:
        """Take files, as paths."""
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse pipes, devices and sockets."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.exists() and not path.is_file():
            self.fail(f"{path} is not a file but a pipe, a device or a socket.", param, ctx)
        return path
