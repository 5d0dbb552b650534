"""Browser and system names from User-Agent headers."""

_Marks = tuple[tuple[str, str], ...]
_BROWSERS: _Marks = (
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("OPR", "Opera"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),  # last: the others also claim to be Safari
)
_SYSTEMS: _Marks = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_of(user_agent: str) -> str:
    """Return for example "Firefox on Windows"; of an unknown browser the header itself."""
    browser, system = (_first_match(user_agent, marks) for marks in (_BROWSERS, _SYSTEMS))
    return " on ".join(filter(None, (browser, system))) if browser else user_agent[:60] or "unknown"


def _first_match(user_agent: str, marks: _Marks) -> str:
    """Return the first name whose mark is in the header, or an empty text."""
    return next((name for mark, name in marks if mark in user_agent), "")
