"""A damaged file gives cells or a sentence, within the memory limit."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskr.processes.isolation import Limits, OutOfMemory, run_isolated
from tests.files.readers.bombs import BOMBS
from tests.files.readers.hostile import hostile_files

pytestmark = pytest.mark.slow

LIMITS = Limits(seconds=60, memory_bytes=1024**3)
SENTENCE = re.compile(r"Unreadable [A-Z“].*[.:]\)?$", re.DOTALL)
FILES_AT_ONCE, TIMES = 40, 10


def read_isolated(paths, **options) -> tuple[list[str], int]:
    work = "tests.files.readers.isolated_reads:read_files"
    return run_isolated(work, list(paths), options, limits=LIMITS)


def outcomes_of(paths) -> tuple[list[str], int]:
    """The outcome of each file; one by one if together they crash Arrow."""
    try:
        return read_isolated(paths)
    except OutOfMemory:
        if len(paths) == 1:
            return ["OutOfMemory"], 0
    alone = [outcomes_of([path]) for path in paths]
    return [outcome for (outcome,), _ in alone], max(peak for _, peak in alone)


def test_four_hundred_damaged_files_give_cells_or_a_sentence(tmp_path_factory, record_property):
    seen: Counter[str] = Counter()
    peaks: list[int] = []

    @settings(max_examples=TIMES)
    @given(files=st.lists(hostile_files(), min_size=FILES_AT_ONCE, max_size=FILES_AT_ONCE))
    def read_some(files):
        folder = tmp_path_factory.mktemp("hostile")
        paths = []
        for number, (form, content) in enumerate(files):
            paths.append(folder / f"{number}.{form}")
            paths[-1].write_bytes(content)

        outcomes, peak = outcomes_of(paths)

        assert len(outcomes) == len(files)
        for outcome in outcomes:
            assert outcome.startswith(("cells ", "OutOfMemory")) or SENTENCE.match(outcome), outcome
        seen.update(outcome.split(" ")[0] for outcome in outcomes)
        peaks.append(peak)

    read_some()

    assert seen.total() >= 200
    assert min(seen["cells"], seen["Unreadable"]) > 20
    assert max(peaks) < LIMITS.memory_bytes
    record_property("outcomes", dict(seen))
    record_property("peak_memory_mb", max(peaks) // 1024**2)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_the_memory_limit(name, tmp_path, record_property):
    made, said = BOMBS[name]
    path = tmp_path / "bomb"
    path.write_bytes(made())

    (outcome,), peak = outcomes_of([path])

    assert said in outcome
    assert peak < LIMITS.memory_bytes
    record_property("peak_memory_mb", peak // 1024**2)
