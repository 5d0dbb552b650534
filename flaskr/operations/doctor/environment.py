"""Checks of what the book runs in: time zone data, separate processes, and proxies."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from mmap import mmap
from pathlib import Path
from time import monotonic

from flask import current_app

from flaskr.errors import ClaimBookError
from flaskr.operations.doctor.findings import Finding
from flaskr.processes.isolation import Limits, Report, run_isolated

_SECONDS = 10
_SOME_BYTES = 8 * 1024**2
_OLDEST_YEARS = 2
_SEE_SETTINGS = "As administrator, open /settings through the proxy: it shows what arrived."


def check_time_zone() -> Iterator[Finding]:
    """Whether the data of the book's time zone are there, and from when."""
    zone = current_app.config["BOOK_TIME_ZONE"]
    folder = next((f for f in zoneinfo.TZPATH if (Path(f) / zone).is_file()), "")
    release = _release_of_system(Path(folder)) if folder else _release_of_package()
    source = f"from {folder}" if folder else "from the package tzdata"
    text = f"{zone} is known {source}, release {release or 'unknown'}."
    is_old = release[:4].isdigit() and int(release[:4]) < datetime.now(UTC).year - _OLDEST_YEARS
    yield (Finding.look if is_old else Finding.ok)("time zone", text)


def _release_of_system(folder: Path) -> str:
    """Return the release of the system's data, such as 2026a; empty if it does not say."""
    try:
        with (folder / "tzdata.zi").open(encoding="utf-8") as file:
            return file.readline().removeprefix("# version ").strip()
    except OSError:
        return ""


def _release_of_package() -> str:
    """Return the release of the package's data, such as 2026.1; empty without it."""
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return ""


def answer(report: Report) -> int:
    """Answer from the separate process, after taking some memory."""
    with mmap(-1, _SOME_BYTES) as memory:  # always new, unlike what malloc may have left
        return len(memory)


def check_separate_process() -> Iterator[Finding]:
    """Whether the process starts in which exports and imports run."""
    began_at = monotonic()
    limits = Limits(_SECONDS, current_app.config["EXPORT_MEMORY_BYTES"])
    try:
        run_isolated("flaskr.operations.doctor.environment:answer", limits=limits)
    except ClaimBookError as error:
        yield Finding.wrong("process", f"Exports and imports cannot run: {error}")
        return
    seconds = monotonic() - began_at
    yield Finding.ok(
        "process", f"The process of exports and imports started and answered in {seconds:.1f} s."
    )


def check_proxies() -> Iterator[Finding]:
    """What a request through the proxies must have; a command sees none."""
    proxies, is_open = current_app.config["TRUSTED_PROXIES"], _is_open()
    if is_open and proxies:
        yield Finding.look(
            "proxies", "An open book refuses what comes through a proxy. Leave TRUSTED_PROXIES out."
        )
    elif is_open:
        yield Finding.ok("proxies", "An open book refuses what comes through a proxy.")
    elif not proxies:
        yield Finding.look(
            "proxies",
            "TRUSTED_PROXIES is 0, so no X-Forwarded header is believed: behind a proxy people "
            f"cannot sign in. Set it to the number of proxies in front. {_SEE_SETTINGS}",
        )
    else:
        yield Finding.ok(
            "proxies",
            f"Each request must come through {proxies} of your proxies, which set X-Forwarded-For "
            f"and X-Forwarded-Proto: https, and pass the Host on. {_SEE_SETTINGS}",
        )


def _is_open() -> bool:
    """Whether nobody signs in to this book."""
    return bool(current_app.config["BOOK_MODE"] == "open")
