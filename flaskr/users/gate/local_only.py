"""Local-only access: without signing in, the book answers requests from this machine only."""

import re
from ipaddress import ip_address

_HOST = re.compile(r"(\[[0-9a-f:]+\]|[^\[\]:@]*)(?::[0-9]+)?", re.ASCII | re.IGNORECASE)
_FORWARDING = ("forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip")
_HELP = (
    "This book is open without signing in, so it answers only to the machine it runs on: open "
    "it there, in a browser, as localhost or 127.0.0.1. To give others access, require signing "
    "in (BOOK_ACCESS=signed-in)."
)


def is_loopback(address: str) -> bool:
    """Whether an IP address is a loopback address."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_loopback_host(host: str) -> bool:
    """Whether a Host header names this machine; any other name could be DNS rebinding."""
    parts = _HOST.fullmatch(host)
    name = parts[1].strip("[]").lower() if parts else ""
    return name in ("localhost", "localhost.") or is_loopback(name)


def is_forwarded(header_names: set[str]) -> bool:
    """Whether a request came through a proxy, judging by its header names in lower case."""
    return any(name in _FORWARDING or name.startswith("x-forwarded") for name in header_names)


def refusal(
    *,
    protocol: str,
    remote_address: str,
    host: str,
    header_names: set[str],
    server: str,
    access: str,
) -> str:
    """Return why an open book refuses a request, with what to do about it; empty if it does not.

    `header_names` are lower case; `server` is WSGI's SERVER_SOFTWARE.
    """
    if not is_loopback(remote_address) or not is_loopback_host(host):
        return _HELP
    if is_forwarded(header_names) or protocol != "HTTP/1.1":
        return f"This request came through a proxy, or as HTTP/1.0. {_HELP}"
    if access != "open" and not server.startswith("Werkzeug"):
        return "Under a server other than Flask's own, start the book with BOOK_ACCESS=open."
    return ""
