"""The words for values of closed lists that files have beside the values: Swedish ones mostly."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from flaskr.facts.closed_lists import (
    Cause,
    CostType,
    Coverage,
    EntryType,
    LineOfBusiness,
    ReasonCode,
    Status,
)

Member = TypeVar("Member", bound=StrEnum)

# Only words with one meaning: “glas” is a cause, “inbrott” may be theft or vandalism.
_WORDS: Mapping[type[StrEnum], Mapping[Any, tuple[str, ...]]] = {
    Cause: {
        Cause.COLLISION: ("kollision", "krock", "sammanstötning"),
        Cause.GLASS: ("glas", "glasskada", "glaskross"),
        Cause.THEFT: ("stöld", "stold", "stulen", "stulet"),
        Cause.VANDALISM: ("skadegörelse", "vandalisering", "malicious damage"),
        Cause.FIRE: ("brand", "brandskada", "fire damage"),
        Cause.WATER: ("vatten", "vattenskada", "water damage", "escape of water"),
        Cause.STORM: ("stormskada", "oväder", "windstorm"),
        Cause.BREAKAGE: ("sönderslagen", "gått sönder", "accidental breakage"),
        Cause.INJURY: ("personskada", "kroppsskada", "bodily injury", "personal injury"),
        Cause.ILLNESS: ("sjukdom", "sickness"),
        Cause.DAMAGE_TO_OTHERS: ("skada på annan", "skada på andra", "ansvarsskada"),
        Cause.CANCELLATION: ("avbeställning", "avbokning", "avbeställningsskydd"),
        Cause.LUGGAGE: ("bagage", "resgods", "baggage"),
        Cause.OTHER: ("annat", "annan", "övrigt", "övriga", "other causes"),
    },
    LineOfBusiness: {
        LineOfBusiness.MOTOR: ("motorfordon", "fordon", "bil", "bilförsäkring", "motor insurance"),
        LineOfBusiness.HOME: ("hem", "hemförsäkring", "household", "home insurance"),
        LineOfBusiness.PROPERTY: ("egendom", "egendomsförsäkring", "fastighet"),
        LineOfBusiness.LIABILITY: ("ansvar", "ansvarsförsäkring", "third party liability"),
        LineOfBusiness.ACCIDENT: ("olycksfall", "olycksfallsförsäkring", "personal accident"),
        LineOfBusiness.TRAVEL: ("resa", "rese", "reseförsäkring", "travel insurance"),
        LineOfBusiness.OTHER: ("annat", "annan", "övrigt", "övriga"),
    },
    Status: {
        Status.OPEN: ("öppen", "öppna", "öppet"),
        Status.REOPENED: ("återöppnad", "återupptagen", "öppnad igen"),
        Status.CLOSED: ("stängd", "avslutad", "avslutat", "slutreglerad"),
        Status.DECLINED: ("avböjd", "nekad", "avvisad", "rejected", "denied"),
    },
    Coverage: {
        Coverage.IN_FORCE: ("gällande", "i kraft"),
        Coverage.NOT_IN_FORCE: ("ej gällande", "inte gällande", "ej i kraft", "inte i kraft"),
        Coverage.UNVERIFIED: ("overifierad", "ej verifierad", "inte verifierad"),
    },
    CostType: {
        CostType.INDEMNITY: ("ersättning", "skadeersättning"),
        CostType.EXPENSE: ("skaderegleringskostnad", "skaderegleringskostnader", "expenses"),
    },
    EntryType: {
        EntryType.RESERVE_OPEN: ("reserv öppnad", "ny reserv", "reserve opened"),
        EntryType.RESERVE_CHANGE: ("reservändring", "ändrad reserv", "reserve changed"),
        EntryType.PAYMENT: ("utbetalning", "betalning"),
        EntryType.PAYMENT_REVERSAL: ("återförd utbetalning", "payment reversed"),
        EntryType.REPAYMENT: ("återbetalning",),
        EntryType.RECOVERY_SUBROGATION: ("regress", "subrogation"),
        EntryType.RECOVERY_SALVAGE: ("restvärde", "salvage"),
        EntryType.RECOVERY_DEDUCTIBLE: ("självrisk", "deductible recovered"),
        EntryType.RECOVERY_REVERSAL: ("återförd återvinning", "recovery reversed"),
        EntryType.RESERVE_CLOSE: ("avslutad", "stängd", "claim closed"),
        EntryType.CLAIM_DECLINED: ("avböjd", "nekad"),
        EntryType.RESERVE_REOPEN: ("återöppnad", "claim reopened"),
        EntryType.IMPORT_OPENING: ("ingående balans", "opening balance"),
        EntryType.ADJUSTMENT: ("justering", "rättelse"),
    },
    ReasonCode: {
        ReasonCode.CUSTOMER_WITHDREW: ("återkallad", "återkallad av kunden"),
        ReasonCode.NOT_COVERED: ("omfattas inte", "ej ersättningsbar"),
        ReasonCode.BELOW_DEDUCTIBLE: ("under självrisken", "under självrisk"),
        ReasonCode.NEW_INFORMATION: ("ny information", "nya uppgifter"),
        ReasonCode.BOOKED_TWICE: ("dubbelbokad", "bokad två gånger"),
        ReasonCode.WRONG_CLAIM: ("fel skada",),
        ReasonCode.WRONG_AMOUNT: ("fel belopp",),
        ReasonCode.LATE_DOCUMENT: ("sen handling", "sent underlag"),
        ReasonCode.RECOVERED: ("återvunnen", "återfunnen"),
        ReasonCode.OTHER: ("annat", "annan", "övrigt"),
    },
}
_BETWEEN = re.compile(r"[\s_\-\u2010-\u2015\u00ad\u200b]+")


def folded_word(text: str) -> str:
    """Return a word as it is compared: without case, blanks, hyphens and underscores."""
    return _BETWEEN.sub("", unicodedata.normalize("NFC", text).casefold())


def members_by_word(values: type[Member]) -> dict[str, Member]:
    """Return the members of a closed list by their values and the words for them, folded."""
    words = _WORDS.get(values, {})
    return {
        folded_word(word): member
        for member in values
        for word in (*words.get(member, ()), member.value)
    }
