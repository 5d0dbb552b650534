"""Open at home: without users, the book answers this machine alone."""

from ipaddress import ip_address

from flask import abort, current_app, request

from flaskr.trail.services import Origin, origin  # noqa: F401
from flaskr.users.roles import SEE_NAMES  # noqa: F401

OPEN_ACTOR = "open"
FORWARDING = ("forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip")
HELP = (
    "This book is open without signing in, so it answers only to the machine it runs on: "
    "open it there, in a browser, as localhost or 127.0.0.1."
)


def actor() -> str:
    """Return the name under which this request's work is recorded."""
    return OPEN_ACTOR


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def names_loopback(host: str) -> bool:
    """Whether a Host header names this machine; another name could be DNS rebinding."""
    name = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
    name = name.partition("]")[0].removeprefix("[") if name.startswith("[") else name
    return name.lower() in ("localhost", "localhost.") or is_loopback(name)


def refusal(
    *,
    protocol: str,
    remote_address: str,
    host: str,
    header_names: set[str],
    server: str,
    access: str,
) -> str:
    """Return why a request may not see an open book, in words that help; empty when it may.

    `header_names` are lower case; `server` is the server's own name as WSGI gives it.
    """
    forwarded = any(n in FORWARDING or n.startswith("x-forwarded") for n in header_names)
    if not is_loopback(remote_address) or not names_loopback(host):
        return HELP
    if forwarded or protocol != "HTTP/1.1":
        return f"This request came through a proxy, or as HTTP/1.0. {HELP}"
    if access != "open" and not server.startswith("Werkzeug"):
        return "Under a server other than Flask's own, start the book with BOOK_ACCESS=open."
    return ""


def guard_request() -> None:
    """Refuse with 403 what did not come straight from this machine, or what another site embeds."""
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        refuse_other_sites()
    problem = refusal(
        protocol=request.environ.get("SERVER_PROTOCOL", ""),
        remote_address=request.remote_addr or "",
        host=request.headers.get("Host", ""),
        header_names={name.lower() for name in request.headers.keys()},  # noqa: SIM118
        server=request.environ.get("SERVER_SOFTWARE", ""),
        access=current_app.config["BOOK_ACCESS"],
    )
    if problem:
        abort(403, problem)


def refuse_other_sites() -> None:
    """Refuse a request that another site made this browser send."""
    if request.headers.get("Sec-Fetch-Site", "none") == "cross-site":
        abort(403, "Another site caused this request. Open the page from the book itself.")
