"""A book of the golden ledger and its files; the figures were published with it."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from flask import Flask

FORMS = {
    "csv": "format=csv",
    "csv-raw": "format=csv&raw=1",
    "excel-sv": "format=csv&dialect=excel-sv",
    "excel-sv-raw": "format=csv&dialect=excel-sv&raw=1",
    "parquet": "format=parquet",
    "xlsx": "format=xlsx",
    "arrow": "format=arrow",
    "jsonl": "format=jsonl",
}


def default_first(forms: Iterable[str], *first: str) -> list:
    """The forms as parameters of a test; the default run has only the first."""
    return [form if form in first else pytest.param(form, marks=pytest.mark.slow) for form in forms]


class GoldenBook:
    """A book of the golden ledger, and its files, each made once."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.runner = app.test_cli_runner()
        self.made: dict[str, tuple[bytes, bytes]] = {}

    def file(self, query: str, contents: str = "claims") -> tuple[bytes, bytes]:
        """A file and its manifest."""
        address = f"/export_{contents}?{query}"
        if address not in self.made:
            manifest = self.client.get(f"{address}&manifest=1").data
            self.made[address] = (self.client.get(address).data, manifest)
        return self.made[address]

    def saved(self, folder: Path, query: str, contents: str = "claims") -> Path:
        """The path of a file that was saved with its manifest."""
        path = folder / "given"
        content, manifest = self.file(query, contents)
        path.write_bytes(content)
        path.with_name("given.manifest.json").write_bytes(manifest)
        return path

    def verified(self, path: Path, *options: str) -> tuple[int, str]:
        """The exit code and the output of flask exports verify."""
        done = self.runner.invoke(args=["exports", "verify", str(path), *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output
