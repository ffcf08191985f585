"""The second blind set is valid: its right programs pass, its wrong ones are rejected, and none is named falsely."""

import pathlib
import sys
import warnings

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "blind"))

from loading import load
from second import STYLES, WAYS, second_mistakes, second_programs
from second_mistakes import MISTAKES as ROWS
from ways import SIZES

MISTAKES = list(second_mistakes())


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong code may overflow
        yield


def test_there_are_five_mistakes_in_each_of_twenty_programs_and_none_twice():
    assert set(WAYS) == set(STYLES) == set(ROWS)
    assert len(WAYS) == 20
    assert all(len(rows) == 5 for rows in ROWS.values())
    assert len({mistake.text for mistake in MISTAKES}) == 100


@pytest.mark.in_turn
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_right_programs_pass(sizes):
    for name, module, check in second_programs():
        report = check(module, sizes)
        assert report.verdict == "pass", f"{name}\n{report}"


@pytest.mark.in_turn
def test_every_mistake_changes_a_number_and_its_right_line_puts_it_back():
    for mistake in MISTAKES:
        assert not mistake.is_repaired(mistake.text), mistake.name
        assert mistake.is_repaired(mistake.right), mistake.name


@pytest.mark.in_turn
def test_wrong_programs_are_rejected():
    for mistake in MISTAKES:
        report = mistake.check(load(mistake.path), explain=False)
        assert report.verdict == "fail", f"{mistake.name}\n{report}"
