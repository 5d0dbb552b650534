"""Which new passwords are refused, and which are accepted."""

import pytest

from flaskr.errors import ClaimBookError
from flaskr.users.passwords import hash_new_password, is_correct_password

PERSONAL = ("asa.lindkvist@norrskydd.se", "Åsa Lindkvist-Öberg", "skador.norrskydd.se")
WEAK = """
    Sommar2026!! sommar2026!!! S0mm4r2026!! $ommar2026!! SOMMAR2026!! Sommaren2026!
    SommarSommar2026 2026Sommar!! rammoS2026!!
    Stockholm2026! St0ckh0lm2026! stockholm12345 Göteborg2026! Goteborg2026! Goeteborg2026!
    Malmö2025!!!! Linköping2024#
    Länsförsäkringar1 Lansforsakringar1 Laensfoersaekringar1 L4nsförsäkringar! LÄNSFÖRSÄKRINGAR
    TryggHansa2026 Folksam2026!!
    Fotboll12345 F0tb0ll12345 Hammarby1915! Djurgården1891 Zlatan123456 IshockeyIshockey1
    December2026! Måndag12345! Mandag123456 Midsommar2026 Fredag2026!!! Januari!2026
    Höstlov20262026
    Qwerty123456 1qaz2wsx3edc asdfghjklöä1 qwertyuiopå! zxcvbnm12345 1q2w3e4r5t6y
    ClaimBook2026 Claimbook!!!! Skadereserv1! Försäkring2026 Självrisk2026! Aktuarie12345
    Handläggare1!
    Välkommen2026! Lösenord12345 L0senord2026! Hejsan123456! Hemligt12345! Älskling2026!
    Sverige123456
    password1234 Password1234! passwordpassword 123456789012 aaaaaaaaaaaaaaaa abcabcabcabcabc
    iloveyou1234 letmein12345
    Lindkvist2026! lindkvist1234 Oberg2026!!!! Norrskydd2026! N0rrskydd2026! asa.lindkvist1
    asalindkvist1 ÅsaLindkvist!!
    asa.lindkvist@norrskydd.se sommarstockholm2026 AnnaAndersson85! Eriksson19850412
    VolvoSaab2026!
""".split()  # noqa: SIM905
GOOD = (
    "vintergatan kastrull 7 mossa",
    "ladugård propeller 3 saffran",
    "kvarnhjul under paraply 9",
    "correct horse battery staple",
    "brevbärare lingonris trampolin soffa",
    "gurkburk mellan tre lyktstolpar",
    "elva igelkottar spelar dragspel",
    "tandborste-vulkan-skridsko-mjöl",
    "Stockholm kastrull propeller mossa",
    "sommarregn på trasiga pianotangenter",
    "marsipan hängmatta kofot betong",
    "fladdermus ostkaka gräsklippare",
    "x7$Kq9!mZ2@pLw",
    "tjugoelva blå symaskiner jäser",
    "hQ4-zvRt-m9Xd-p2Lk",
    "spindelnät ryggsäck vinbär hammare",
    "rulltrappa sill och filosofi",
    "zebra violin koriander murbruk tidvatten kompass lakrits paraplyställ hjulnav",
    "Regnbåge Kvitto Mursten Sås",
    "🐘 trumpet kvistfri onsdagsbulle",
)


@pytest.mark.parametrize("password", WEAK)
def test_a_password_that_people_often_choose_is_refused_with_what_to_do(password):
    with pytest.raises(ClaimBookError, match="could be guessed.*Use four or more words"):
        hash_new_password(password.ljust(12, "!"), PERSONAL)


@pytest.mark.parametrize(
    "password", ["EvaEk2026!!!!", "evaek12345678", "EkEva2026eva", "3vaEk2026!!!"]
)
def test_a_short_name_is_found_where_its_parts_run_together(password):
    with pytest.raises(ClaimBookError, match="could be guessed"):
        hash_new_password(password, ("eva.ek@example.com", "Eva Ek", "claims.example.com"))


@pytest.mark.parametrize("password", GOOD)
def test_unrelated_words_and_random_characters_are_accepted(password):
    assert is_correct_password(password, hash_new_password(password, PERSONAL))


def test_no_kind_of_character_is_asked_for_and_128_are_taken():
    longest = ("kastrull propeller mossa gurkburk " * 4)[:127] + "x"

    assert hash_new_password("kastrullpropellermossa", ())
    assert is_correct_password(longest, hash_new_password(longest, PERSONAL))
    with pytest.raises(ClaimBookError, match="at most 128"):
        hash_new_password(longest + "x", PERSONAL)


def test_the_most_common_passwords_are_refused():
    from zxcvbn.matching import RANKED_DICTIONARIES

    common = [each for each in RANKED_DICTIONARIES["passwords"] if len(each) >= 12][:100]

    assert len(RANKED_DICTIONARIES["passwords"]) > 29_000
    for password in common:
        with pytest.raises(ClaimBookError, match="could be guessed"):
            hash_new_password(password, ())
