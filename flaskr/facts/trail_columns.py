"""The columns of the audit trail's file."""

from flaskr.facts.columns import Column, Columns
from flaskr.facts.kinds import Kind

TRAIL_COLUMNS: Columns = (
    Column(
        "event_id",
        Kind.NUMBER,
        "the event's number; a later event has a higher one",
        "händelsens nummer; en senare händelse har ett högre",
    ),
    Column("recorded_at", Kind.INSTANT, "when it was recorded", "när händelsen registrerades"),
    Column(
        "actor",
        Kind.TEXT,
        "who did it: an e-mail address; open in an open book; command (anna) for a command of anna",
        "vem som gjorde det: en e-postadress; open i en öppen bok; command (anna) för ett kommando",
    ),
    Column("action", Kind.CHOICE, "what was done, or refused", "vad som gjordes eller nekades"),
    Column(
        "subject_kind",
        Kind.CHOICE,
        "what kind of thing it was done to",
        "vilket slags sak det gällde",
    ),
    Column(
        "subject",
        Kind.TEXT,
        "which one: a reference, a number, an e-mail address, or an address in the book",
        "vilken: ett skade-, försäkrings- eller importnummer, en e-postadress eller en adress",
    ),
    Column(
        "through",
        Kind.TEXT,
        "through what: page, command, or the token that was used",
        "på vilken väg: page (sida), command (kommando) eller den nyckel som användes",
    ),
    Column(
        "address",
        Kind.TEXT,
        "where it came from: an IP address; of a command, user and machine",
        "varifrån: en IP-adress; för ett kommando användare och maskin",
    ),
    Column(
        "request_id",
        Kind.TEXT,
        "the request's id, as in the log; empty for a command",
        "anropets id, som i loggen; tomt för ett kommando",
    ),
    Column(
        "before",
        Kind.TEXT,
        "what it was before, as JSON; of names and free text nothing",
        "vad som gällde före, som JSON; om namn och fri text inget",
    ),
    Column(
        "after",
        Kind.TEXT,
        "what it is after, as JSON; of names and free text only that they changed",
        "vad som gäller efter, som JSON; om namn och fri text bara att de ändrades",
    ),
    Column(
        "reason",
        Kind.TEXT,
        "the reason that was given, in words; empty when it was erased",
        "skälet som angavs, i ord; tomt när det raderats",
        may_be_empty=True,
    ),
)
