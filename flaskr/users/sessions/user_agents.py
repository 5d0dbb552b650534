"""What a browser is, in words, by what it calls itself."""

Marks = tuple[tuple[str, str], ...]
_BROWSERS: Marks = (
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("OPR", "Opera"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),  # last: the others say that they are this one too
)
_SYSTEMS: Marks = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def in_words(program: str) -> str:
    """Return a browser and its system, as Firefox on Windows; any other program as it says."""
    browser, system = (_named(program, known) for known in (_BROWSERS, _SYSTEMS))
    return " on ".join(filter(None, (browser, system))) if browser else program[:60] or "unknown"


def _named(program: str, known: Marks) -> str:
    """Return the first name whose mark is in what a program calls itself; empty for none."""
    return next((name for mark, name in known if mark in program), "")
