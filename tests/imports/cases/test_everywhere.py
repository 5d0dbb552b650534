import pytest

from tests.imports.cases.doors import DOORS, case, fill_with_policies

# The references in the book after the good rows of each case were brought in with these options.
RIGHT = {
    1: ([], set()),
    2: ([], {"TR1", "TR2"}),
    3: ([], {"PU1"}),
    4: (["--encoding", "cp1252"], {"CP1"}),
    5: ([], {"00123"}),
    6: ([], set()),
    8: ([], {"SL1"}),
    10: ([], {"MD1"}),
    11: ([], {"TI1"}),
    12: ([], {"HC1"}),
    13: ([], {"TS1"}),
    14: ([], {"KR1", "KR2"}),
    15: ([], {"M41"}),
    16: ([], {"CL1", "CL2"}),
    18: ([], set()),
    19: ([], set()),
    20: ([], set()),
    21: (["--column", "section="], set()),
    22: (["--encoding", "cp1252"], set()),
    24: ([], {"DF1", "DF2", "DF3", "DF4"}),
    25: ([], {"AM1"}),
    26: ([], {"PH-1"}),
}


@pytest.mark.parametrize("way", DOORS)
@pytest.mark.parametrize("number", RIGHT)
def test_a_case_is_the_same_on_each_database_and_through_each_door(app, tmp_path, number, way):
    options, right = RIGHT[number]
    fill_with_policies(app)
    door = DOORS[way](app, tmp_path)

    door.bring(case(number), "--good-rows", *options)

    assert set(door.claims) == right
