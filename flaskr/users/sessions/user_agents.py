"""What a browser is, in words, by what it calls itself."""

_Marks = tuple[tuple[str, str], ...]
_BROWSERS: _Marks = (
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("OPR", "Opera"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),  # last: the others say that they are this one too
)
_SYSTEMS: _Marks = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_of(program: str) -> str:
    """Return a browser and its system, as Firefox on Windows; any other program as it says."""
    browser, system = (_first_match(program, known) for known in (_BROWSERS, _SYSTEMS))
    return " on ".join(filter(None, (browser, system))) if browser else program[:60] or "unknown"


def _first_match(program: str, known: _Marks) -> str:
    """Return the first name whose mark is in what a program calls itself; empty for none."""
    return next((name for mark, name in known if mark in program), "")
