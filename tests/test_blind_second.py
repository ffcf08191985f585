"""The second blind set is valid: its right programs pass, its wrong ones are rejected, and none is named falsely."""

import pathlib
import sys
import warnings

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "blind"))

from loading import claim_holds, explained, load
from second import FALSE, STYLES, WAYS, second_mistakes, second_programs
from second_mistakes import MISTAKES as ROWS
from ways import SIZES

MISTAKES = list(second_mistakes())
OFFSETS = (2, 7, 9, 14)


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


def false_claims(mistake):
    """Return the named causes of a mistake whose repaired line doesn't give the right gradients elsewhere."""
    named = [finding for finding in explained(mistake, 20)[0].findings if "repaired" in finding.evidence]
    return [f for f in named if not claim_holds(mistake, f.evidence["line"], f.evidence["repaired"])]


# Six mistakes in a turn: all hundred take five minutes (tests/benchmarks/second_blind.py).
@pytest.mark.in_turn
@pytest.mark.parametrize("turn", range(4))
def test_no_cause_is_false(turn):
    asked = [mistake for mistake in MISTAKES[OFFSETS[turn] :: 17] if mistake.name not in FALSE]
    for mistake in asked:
        assert not false_claims(mistake), mistake.name


def test_causes_that_are_known_to_be_false_still_are():
    false = [mistake.name for mistake in MISTAKES if mistake.name in FALSE and false_claims(mistake)]
    assert false == list(FALSE), "if one is no longer false, take it out of FALSE"
