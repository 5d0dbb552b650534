"""The columns of the trail's file, which is no part of the book: not imported, kept or archived."""

from enum import StrEnum

from flaskr.facts.columns import Columns, instant, number, text, word
from flaskr.import_records.models import Contents


class Besides(StrEnum):
    """What files have besides the book's own contents."""

    TRAIL = "trail"


FileContents = Contents | Besides

TRAIL_COLUMNS: Columns = (
    number(
        "event_id",
        "the event's number; a later event has a higher one",
        "händelsens nummer; en senare händelse har ett högre",
    ),
    instant("recorded_at", "when it was recorded", "när händelsen registrerades"),
    text(
        "actor",
        "who did it: an e-mail address; open in an open book, command for a command",
        "vem som gjorde det: en e-postadress; open i en öppen bok, command för ett kommando",
    ),
    word("action", "what was done, or refused", "vad som gjordes eller nekades"),
    word(
        "subject_kind",
        "what kind of thing it was done to",
        "vilket slags sak det gällde",
    ),
    text(
        "subject",
        "which one: a reference, a number, an e-mail address, or an address in the book",
        "vilken: ett skade-, försäkrings- eller importnummer, en e-postadress eller en adress",
    ),
    text(
        "through",
        "through what: page, command, or the token that was used",
        "på vilken väg: page (sida), command (kommando) eller den nyckel som användes",
    ),
    text(
        "address",
        "where it came from: an IP address; of a command, user and machine",
        "varifrån: en IP-adress; för ett kommando användare och maskin",
    ),
    text(
        "request_id",
        "the request's id, as in the log; empty for a command",
        "anropets id, som i loggen; tomt för ett kommando",
    ),
    text(
        "before",
        "what it was before, as JSON; of names and free text nothing",
        "vad som gällde före, som JSON; om namn och fri text inget",
    ),
    text(
        "after",
        "what it is after, as JSON; of names and free text only that they changed",
        "vad som gäller efter, som JSON; om namn och fri text bara att de ändrades",
    ),
)
