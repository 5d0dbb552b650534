"""Why a form that was sent over https is refused for the page it came from."""

from urllib.parse import urlsplit

_NO_REFERRER = (
    "Your browser did not say which page this form came from (no Referer header), so nothing was "
    "saved. Allow your browser, and any program between, to send it to this book."
)
_OTHER_HOST = (
    "This form came from a page of {origin}, but the request names the book as {host}, so nothing "
    "was saved. If the form is the book's own, the proxy in front changes the host name or drops "
    "the port: whoever runs it can set it to pass on the Host header as it came (nginx: "
    "proxy_set_header Host $http_host), or to send X-Forwarded-Host."
)


def referrer_problem(referrer: str | None, host: str) -> str:
    """Return why a form with this referrer is not of https://`host`; empty if it is."""
    if not referrer:
        return _NO_REFERRER
    origin, own = _origin(referrer), f"https://{host}".lower()
    return "" if origin == own else _OTHER_HOST.format(origin=origin, host=host)


def _origin(address: str) -> str:
    """Return scheme, host and port of an address, which anybody may have made up."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # no port number, or no address in brackets
        return "an address that cannot be read"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{port}"[:100]
