"""The codes and signs of currencies, as people write them beside an amount."""

_CODES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL
    BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP
    ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
    IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905
)
_KRONOR = ("SEK", "NOK", "DKK", "ISK")
_DOLLARS = ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "BMD", "BBD", "BSD", "BZD", "XCD")
# A sign that several currencies have is the book's own when the book has one of them.
_SIGNS = {
    "kr": _KRONOR,
    "kr.": _KRONOR,
    "skr": ("SEK",),
    "nkr": ("NOK",),
    "dkr": ("DKK",),
    "krona": ("SEK", "ISK"),
    "kronor": ("SEK",),
    "kroner": ("NOK", "DKK"),
    ":-": _KRONOR,
    "€": ("EUR",),
    "euro": ("EUR",),
    "$": _DOLLARS,
    "us$": ("USD",),
    "£": ("GBP", "GIP", "FKP", "SHP", "EGP"),
    "¥": ("JPY", "CNY"),
    "zł": ("PLN",),
    "kč": ("CZK",),
    "₽": ("RUB",),
    "₹": ("INR",),
    "₺": ("TRY",),
    "₴": ("UAH",),
    "₩": ("KRW",),
    "fr.": ("CHF",),
    "sfr.": ("CHF",),
}


def currencies_of(word: str) -> tuple[str, ...]:
    """Return the currencies that a code or a sign stands for; empty if it is neither."""
    code = word.upper()
    return (code,) if code in _CODES else _SIGNS.get(word.casefold(), ())


def other_currency(word: str, currency: str) -> str:
    """Return the currency that a code or a sign stands for; empty if that may be the book's own.

    A sign of several currencies gives the first of them, which is the one it is most used for.
    """
    found = currencies_of(word)
    return "" if currency in found or not found else found[0]
