"""What the exit code of a command says, so that a job can act on it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of all commands; docs/commands.md has the table."""

    DONE = 0  # or nothing to do
    FAULT = 1  # of ClaimBook: there is a traceback
    USAGE = 2  # a wrong option, path or setting
    REFUSED = 3  # by the rules
    UNAVAILABLE = 4  # the database, the disk, time or memory: try again
    DIFFERENT = 5  # a check found differences


_BY_STATUS = {400: ExitCode.USAGE, 500: ExitCode.FAULT}
_BY_STATUS |= dict.fromkeys((429, 503, 507), ExitCode.UNAVAILABLE)


def exit_code_of(status: int) -> ExitCode:
    """Return the exit code of an error by the HTTP status of its page."""
    return _BY_STATUS.get(status, ExitCode.REFUSED)
