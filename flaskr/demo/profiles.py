"""Profiles of the lines of business for demo data: plausible frequencies, amounts and delays."""

from dataclasses import dataclass

from flaskr.facts.closed_lists import Cause, LineOfBusiness


@dataclass(frozen=True)
class Profile:
    """One line of business; amounts in whole kronor, delays in days, shares from 0 to 1."""

    line: LineOfBusiness
    share: float  # of the customers
    frequency: float  # claims per policy year, relative to the other lines
    premium: int  # median per year
    deductibles: tuple[int, ...]
    severity: int  # median cost of a claim
    spread: float  # sigma of its logarithm
    report_days: float  # median from loss to report
    settle_days: float  # mean from one entry to the next
    recovery: float  # share of settled claims with a recovery
    insures_sum: bool
    causes: dict[Cause, float]


PROFILES = (
    Profile(
        LineOfBusiness.MOTOR, 0.38, 1.6, 6_200, (1_500, 3_000, 5_000), 8_000, 0.95, 2, 35, 0.22,
        False,
        {Cause.COLLISION: 5, Cause.GLASS: 4, Cause.THEFT: 1, Cause.VANDALISM: 1, Cause.FIRE: 0.2},
    ),
    Profile(
        LineOfBusiness.HOME, 0.34, 0.8, 3_400, (1_500, 3_000), 9_000, 1.15, 4, 45, 0.06, True,
        {Cause.WATER: 5, Cause.THEFT: 3, Cause.FIRE: 1, Cause.STORM: 1, Cause.BREAKAGE: 3},
    ),
    Profile(
        LineOfBusiness.PROPERTY, 0.06, 1.1, 24_000, (10_000, 25_000), 35_000, 1.5, 5, 80, 0.10,
        True, {Cause.WATER: 4, Cause.FIRE: 2, Cause.STORM: 2, Cause.VANDALISM: 1},
    ),
    Profile(
        LineOfBusiness.LIABILITY, 0.04, 0.5, 12_000, (10_000, 20_000), 30_000, 1.7, 45, 150, 0.08,
        True, {Cause.DAMAGE_TO_OTHERS: 5, Cause.INJURY: 2},
    ),
    Profile(
        LineOfBusiness.ACCIDENT, 0.10, 0.5, 1_900, (0,), 6_000, 1.3, 12, 100, 0.0, False,
        {Cause.INJURY: 6, Cause.ILLNESS: 2},
    ),
    Profile(
        LineOfBusiness.TRAVEL, 0.06, 3.0, 600, (0, 500), 3_000, 0.9, 6, 20, 0.03, False,
        {Cause.CANCELLATION: 3, Cause.LUGGAGE: 4, Cause.ILLNESS: 3},
    ),
    Profile(
        LineOfBusiness.OTHER, 0.02, 0.6, 1_500, (500,), 2_500, 0.9, 5, 35, 0.02, False,
        {Cause.BREAKAGE: 3, Cause.THEFT: 2, Cause.OTHER: 2},
    ),
)  # fmt: skip
LARGEST_LOSS = 500_000_000  # kronor
TAIL_SHARE = 0.02  # of the claims are multiplied by a Pareto variable ...
TAIL_INDEX = 1.4  # ... of this index: a mean, no variance

# Premiums grow with the claims per policy, so that about four fifths of them pay for claims.
PREMIUM_LEVEL = 3.7  # at one claim per policy

DESCRIPTIONS = {
    Cause.COLLISION: ("Rear-ended at a crossing.", "Hit an elk.", "Slid off an icy road."),
    Cause.GLASS: ("Stone chip in the windscreen.", "The rear window is cracked."),
    Cause.THEFT: ("Bicycle taken from the cellar.", "Break-in through the balcony door."),
    Cause.VANDALISM: ("Scratched along both doors.", "Windows broken at night."),
    Cause.FIRE: ("Fire on the stove.", "Fire after a lightning stroke."),
    Cause.WATER: ("The dishwasher's hose burst.", "Leak behind the shower.", "Burst pipe."),
    Cause.STORM: ("A tree fell on the roof.", "Roof tiles blown off."),
    Cause.BREAKAGE: ("Dropped a phone.", "The screen is cracked."),
    Cause.INJURY: ("Slipped on ice; broken wrist.", "Fell from a ladder.", "Hurt while skiing."),
    Cause.ILLNESS: ("Taken ill abroad.", "Treated in hospital."),
    Cause.DAMAGE_TO_OTHERS: ("Water ran down to the neighbour.", "Goods damaged while moving."),
    Cause.CANCELLATION: ("Ill before departure.", "The trip was called off."),
    Cause.LUGGAGE: ("Luggage lost on the way.", "Bag stolen at the station."),
    Cause.OTHER: ("See the letter.",),
}
REOPENING_REASONS = (
    "A further invoice came in.",
    "The customer objects to the settlement.",
    "A hidden damage was found.",
)
COMPANY_SUFFIXES = ("Bygg AB", "Fastigheter AB", "Åkeri AB", "Handel HB", "Konsult AB")
