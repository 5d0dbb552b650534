"""References and policy numbers in addresses, where a slash separates parts of the path."""

import re

from flask import Flask
from werkzeug.routing import UnicodeConverter

_ESCAPES = {"~": "~t", "/": "~s"}
_LETTERS = {escape: letter for letter, escape in _ESCAPES.items()}


class _ReferenceConverter(UnicodeConverter):
    """A reference in the path of an address: `~s` stands for a slash, `~t` for a tilde.

    Any other tilde stands for itself, as in addresses that earlier versions made.
    """

    def to_python(self, value: str) -> str:
        """Return the reference in an address."""
        return re.sub("~[st]", lambda found: _LETTERS[found[0]], value)

    def to_url(self, value: str) -> str:
        """Return a reference as it is in an address."""
        return super().to_url(re.sub("[~/]", lambda found: _ESCAPES[found[0]], value))


def register_reference_addresses(app: Flask) -> None:
    """Let the addresses of pages have references, as `<reference:name>`."""
    app.url_map.converters["reference"] = _ReferenceConverter
