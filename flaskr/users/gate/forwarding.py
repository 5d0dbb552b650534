"""What the proxies in front say about a request: who sent it, over https or not, under which path.

A proxy that does not say it cannot be told from a visitor on this machine, and would let a client
say it instead. So each trusted proxy must add its value to both headers.
"""

import re
from ipaddress import ip_address

from werkzeug.datastructures import Headers
from werkzeug.http import parse_list_header

from flaskr.users.gate.local_only import is_loopback

_FOR, _PROTO, _PREFIX = "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Prefix"
_ADDED_BY_EACH = (_FOR, _PROTO)
_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?", re.ASCII)
_MISSING = (
    "The proxy in front of this book does not send {names}, so the book cannot tell who sent this "
    "request and whether it came over https. Whoever runs it can let the proxy set {names}, or "
    "leave out TRUSTED_PROXIES if there is no proxy."
)
_TOO_FEW = (
    "{name} has {count} of {proxies} values: with TRUSTED_PROXIES={proxies} each of the proxies "
    "adds one. Whoever runs this book can let each add its own, or correct the number."
)
_NO_ADDRESS = (
    "X-Forwarded-For does not have an IP address where the trusted proxy puts the client's. "
    "Whoever runs this book can let the proxy send the address alone, without a name or a port."
)
_TOO_MANY = (
    "X-Forwarded-For has more values than TRUSTED_PROXIES={proxies}, and the one that counts is "
    "this machine. Whoever runs this book can set TRUSTED_PROXIES to the number of proxies."
)
_PLAIN_HTTP = (
    "This book requires signing in, so it answers only over https; the proxy in front says in "
    "X-Forwarded-Proto that this request came over another protocol. Open the address with https."
)
_NO_PATH = (
    "X-Forwarded-Prefix is not a path such as /book, of letters, digits, - . _ and ~. Whoever runs "
    "this book can correct it in the proxy, or remove the header there."
)


def forwarding_problem(headers: Headers, proxies: int) -> str:
    """Return what is wrong with the headers of that many trusted proxies; empty if nothing is."""
    if missing := [name for name in _ADDED_BY_EACH if not _values(headers, name)]:
        return _MISSING.format(names=" and ".join(missing))
    for name in (*_ADDED_BY_EACH, _PREFIX):
        count = len(_values(headers, name))
        if count < proxies and (count or name in _ADDED_BY_EACH):
            return _TOO_FEW.format(name=name, count=count, proxies=proxies)
    client = _values(headers, _FOR)[-proxies]
    if not _is_address(client):
        return _NO_ADDRESS
    if is_loopback(client) and len(_values(headers, _FOR)) > proxies:
        return _TOO_MANY.format(proxies=proxies)
    if _values(headers, _PROTO)[-proxies] != "https":
        return _PLAIN_HTTP
    if (prefix := _values(headers, _PREFIX)[-proxies:]) and not _PATH.fullmatch(prefix[0]):
        return _NO_PATH
    return ""


def _values(headers: Headers, name: str) -> list[str]:
    """Return the values in a header, the nearest proxy's last; ProxyFix counts the same ones."""
    return parse_list_header(",".join(headers.getlist(name)))


def _is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
