"""The words and signs by which people write currencies, in lower case."""

CURRENCY_WORDS: dict[str, tuple[str, ...]] = {
    "SEK": ("kr", "kronor", "skr"),
    "NOK": ("kr", "kroner", "nkr"),
    "DKK": ("kr", "kroner", "dkr"),
    "EUR": ("€", "euro"),
    "GBP": ("£",),
    "USD": ("$", "us$"),
    "CHF": ("fr", "sfr"),
    "PLN": ("zł",),
}
