"""How often the work of one download goes from one module of the book to another, and back."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from flaskr.extensions import db
from flaskr.settings import PROJECT_FOLDER
from tests.factories import make_claim

PACKAGE = str(PROJECT_FOLDER / "flaskr")


class Walk:
    """The modules that a thread's calls enter, in order, each from another module."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        self._path: list[str] = []  # the module of each call of ours that has not returned

    def follow(self, frame: FrameType, event: str, _argument: Any) -> None:
        module = frame.f_code.co_filename
        if not module.startswith(PACKAGE) or event not in ("call", "return"):
            return
        if event == "return":
            self._path.pop()
            return
        if not self._path or self._path[-1] != module:
            self.entered.append(module.removeprefix(f"{PACKAGE}/"))
        self._path.append(module)

    def stays(self, folder: str) -> list[str]:
        return [module for module in self.entered if module.startswith(folder)]

    def returns(self, folder: str) -> int:
        """How many stays are in a module that was left before."""
        return len(self.stays(folder)) - len(set(self.stays(folder)))


@contextmanager
def walk() -> Iterator[Walk]:
    walked = Walk()
    sys.setprofile(walked.follow)
    try:
        yield walked
    finally:
        sys.setprofile(None)


# The stays in all modules and in those of exports. Before files were delivered in one place they
# were 142 and 58 for a file that is made, 110 and 45 from the spool; then 125 and 42, 97 and 31.
# What is asked of every request about proxies, its log and caches has added nine.
MOST = {"made": (140, 44), "from the spool": (108, 33)}


@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
def test_a_download_goes_to_and_fro_between_few_modules(client, session):
    make_claim()
    session.commit()
    db.session.remove()
    client.get("/export_claims?raw=1")  # what is done once in a process

    for name, (most, most_of_exports) in MOST.items():
        with walk() as walked:
            response = client.get("/export_claims")
        assert response.status_code == 200
        exports = walked.stays("exports/")
        counted = f"{len(walked.entered)} stays with {walked.returns('')} returns, of them in "
        counted += f"exports {len(exports)} with {walked.returns('exports/')}: {exports}"
        assert 0 < len(exports) <= most_of_exports, f"{name}: {counted}"
        assert len(walked.entered) <= most, f"{name}: {counted}"
