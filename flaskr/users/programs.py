"""What a browser is, in words, by what it calls itself."""

BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("OPR", "Opera"), ("Chrom", "Chrome"))
BROWSERS += (("Safari", "Safari"),)  # the others say they are this one too
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"))
SYSTEMS += (("Mac OS X", "macOS"), ("Linux", "Linux"))


def in_words(program: str) -> str:
    """Return a browser and its system, as Firefox on Windows; any other program as it says."""
    found = [
        next((name for mark, name in known if mark in program), "") for known in (BROWSERS, SYSTEMS)
    ]
    return " on ".join(filter(None, found)) if found[0] else program[:60] or "not said"
