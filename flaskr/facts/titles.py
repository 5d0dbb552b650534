"""The titles that insurers give to columns, in English and Swedish, besides the book's own.

Titles are compared without case, blanks and punctuation. One that may mean two things is not here:
the person who brings the file says what it means.
"""


def _titles(listed: str) -> tuple[str, ...]:
    """Return titles that are listed with commas between."""
    return tuple(" ".join(title.split()) for title in listed.split(","))


CLAIM_REFERENCE = _titles("""
    claim, claim number, claim no, claim nr, claim num, claim id, claim ref, claims number,
    claims no, claims reference, claims ref, claim file, claim file number, skada, skadenr,
    skade id, skadereferens, skaderef, skadeärende, skadeärendenummer, ärendenummer, ärendenr
""")
POLICY_NUMBER = _titles("""
    policy, policy no, policy nr, policy num, policy id, policy ref, policy reference,
    insurance number, försäkring, försäkringsnr, försäkrings id, försnr, försäkringsbrev,
    försäkringsbrevsnummer, polis, polisnummer, polisnr
""")
LINE_OF_BUSINESS = _titles("""
    line, lob, class of business, business line, line of insurance, product line, gren,
    försäkringsklass, försäkringsslag, verksamhetsgren, affärsgren
""")
CAUSE = _titles("""
    cause of loss, loss cause, claim cause, cause of damage, peril, type of loss, loss type,
    orsak, skadetyp, skadeslag, orsak till skada, skadans orsak, skademoment
""")
EVENT_CODE = _titles("""
    event, event id, event name, cat code, cat, cat event, catastrophe, catastrophe code,
    händelsekod, händelse id, katastrofkod, stormkod
""")
LOSS_DATE = _titles("""
    date of loss, loss day, dol, accident date, date of accident, accident day, date of
    occurrence, occurrence date, incident date, date of incident, event date, damage date,
    date of damage, skadedatum, skadans datum, olycksdatum, olycksdag, inträffad, inträffat,
    inträffandedatum, händelsedatum, datum för skada, datum för skadan, skadetillfälle
""")
REPORTED_DATE = _titles("""
    reported, report date, reporting date, date reported, reported on, reported day, date of
    report, notified, notified date, notified on, notification date, date notified, date of
    notification, notice date, date of notice, fnol, fnol date, received, date received,
    received date, anmäld, anmäld datum, anmält, anmäldes, anmälningsdatum, anmälan, anmälan
    inkom, inkom, inkommen, inkommen datum, rapporterad, rapporteringsdag, rapporteringsdatum
""")
STATUS = _titles("""
    claim status, skadestatus, skadans status, tillstånd
""")
CLOSED_DATE = _titles("""
    closed, close date, closing date, date closed, closed on, settled date, settlement date,
    stängd, stängd datum, stängningsdag, stängningsdatum, avslutad, avslutad datum,
    avslutsdag, avslutsdatum
""")
PAID = _titles("""
    paid to date, paid total, total paid, paid amount, amount paid, paid claims, paid losses,
    paid loss, gross paid, paid gross, cumulative paid, paid cumulative, paid since inception,
    payments, payments to date, total payments, betalt, betalt belopp, betalt hittills, betalt
    totalt, totalt betalt, utbetalt belopp, utbetalt hittills, utbetalt totalt, totalt
    utbetalt, utbetald, utbetalningar, betald, betald skada
""")
OUTSTANDING = _titles("""
    case reserve, case reserves, reserve, reserves, reserve amount, reserve to date, current
    reserve, total reserve, outstanding reserve, outstanding reserves, outstanding amount,
    outstanding loss, outstanding losses, outstanding claims, outstanding to date, amount
    outstanding, total outstanding, os, gross outstanding, gross reserve, remaining reserve,
    case estimate, reserv, reserver, reserverat, reserverat belopp, reservation, kvarstående,
    kvarstående reserv, kvarvarande reserv, återstående reserv, aktuell reserv, utestående
    reserv, avsättning, reservbelopp, skadereservation
""")
CLAIM_COST = _titles("""
    cost, total cost, total claim cost, cost of claim, claim amount, incurred, incurred to
    date, incurred amount, incurred loss, incurred losses, incurred claims, incurred cost,
    incurred total, total incurred, gross incurred, total incurred cost, ultimate known cost,
    kostnad, total kostnad, total skadekostnad, skadekostnad totalt, skadekostnader, inträffad
    skadekostnad, skadebelopp
""")
CURRENCY = _titles("""
    currency code, currency iso, iso currency, claim currency, ccy, curr, valuta, valutakod,
    skadevaluta
""")
RECOVERED = _titles("""
    recovery, recoveries, recovered amount, recovered to date, amount recovered, total
    recovered, total recoveries, recoveries to date, subrogation and salvage, salvage and
    subrogation, återvinning, återvinningar, återvunnet belopp, återvunnet hittills
""")
DESCRIPTION = _titles("""
    claim description, loss description, description of loss, description of damage,
    description of claim, loss details, narrative, circumstances, skadebeskrivning,
    beskrivning av skada, beskrivning av skadan, händelsebeskrivning, händelseförlopp,
    skadeförlopp
""")
POLICYHOLDER = _titles("""
    policy holder, policyholder name, name of policyholder, insured, insured name, name of
    insured, named insured, customer name, client name, försäkringstagarens namn,
    försäkringstagare namn, försäkrad, kundnamn, kundens namn
""")
INCEPTION_DATE = _titles("""
    inception, inception day, policy inception, policy inception date, start date, policy
    start, policy start date, effective date, effective from, valid from, cover start, cover
    from, from date, from, period start, period from, begynnelsedag, begynnelsedatum,
    startdag, ikraftträdande, ikraftträdandedag, ikraftträdandedatum, gäller från, giltig
    från, gäller fr o m, from datum, period från
""")
EXPIRY_DATE = _titles("""
    expiry, expiry day, policy expiry, policy expiry date, expiration, expiration date, end
    date, policy end, policy end date, förfallodag, förfallodatum, slutdag, utgångsdag,
    utgångsdatum, period slut
""")
CANCELLED_ON = _titles("""
    cancelled, cancelled date, cancelled from, cancellation date, date cancelled,
    cancellation, annullerad, annullerad från, annullering, annulleringsdag,
    annulleringsdatum, uppsägning, uppsägningsdag, uppsägningsdatum
""")
PREMIUM = _titles("""
    annual premium, gross premium, written premium, premium amount, total premium, gwp,
    årspremie, premiebelopp, bruttopremie
""")
DEDUCTIBLE = _titles("""
    excess, deductible amount, självriskbelopp
""")
SUM_INSURED = _titles("""
    insured amount, amount insured, sum assured, insured sum, limit, policy limit, coverage
    limit, försäkrat belopp, försäkringssumma, försäkringsvärde
""")
