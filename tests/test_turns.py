"""Slow tests have their turns: in all turns together each runs once, and everything runs before a release."""

import pathlib
import re
import zlib

import pytest
from turns import TURNS, has_turn, number_of

CASES = [f"tests/test_{n}.py::test_of[{n % 7}]" for n in range(400)]


@pytest.mark.parametrize("cases", [CASES, range(40)], ids=["by name", "by number"])
def test_each_case_runs_in_one_of_the_turns(cases, monkeypatch):
    ran = []
    for turn in range(TURNS):
        monkeypatch.setenv("AESCRATCH_TEST_TURN", str(turn))
        now = [case for case in cases if has_turn(case)]
        assert len(now) > len(cases) / TURNS / 2
        ran += now
    assert sorted(ran) == sorted(cases)
    monkeypatch.setenv("AESCRATCH_TEST_TURN", "all")
    assert all(map(has_turn, cases))


def test_no_turn_is_left_out():
    """A number beyond the last turn would count as an earlier one, and the turns would take unequally long."""
    text = "".join(path.read_text("utf-8") for path in pathlib.Path(__file__).parent.glob("test_*.py"))
    numbers = {int(number) for number in re.findall(r"mark\.in_turn\((\d+)\)", text)}
    assert numbers == set(range(TURNS))


@pytest.mark.parametrize("seed", range(2 * TURNS))
def test_the_cases_of_a_test_follow_one_another(seed, request):
    first = request.node.nodeid.partition("[")[0]
    assert number_of(request.node) == zlib.crc32(first.encode()) + seed
