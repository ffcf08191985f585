"""The second blind set is valid: its right programs pass, its wrong ones are rejected, and none is named falsely."""

import pathlib
import sys
import warnings

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "blind"))

from loading import claim_holds, explained, load
from second import STYLES, WAYS, second_mistakes, second_programs
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
    for mistake in MISTAKES[OFFSETS[turn] :: 17]:
        assert not false_claims(mistake), mistake.name


# In the one object that is checked, beta is 0.5, and d_head is 2.
@pytest.mark.parametrize(("name", "line"), [
    ("gaussian_vae_class_3",
     "dlv = 0.5 * (dz * self.noise * self.std) + self.beta * 0.5 * (np.exp(self.logvar) - 1) / n"),
    ("multi_head_1", "ds = self.att * (datt - (datt * self.att).sum(-1, keepdims=True)) / np.sqrt(self.d_head)"),
])  # fmt: skip
def test_a_setting_is_not_taken_for_a_number_of_its_value(name, line):
    mistake = next(mistake for mistake in MISTAKES if mistake.name == name)
    lines = [f.evidence["repaired"] for f in explained(mistake, 20)[0].findings if "repaired" in f.evidence]
    assert lines == [line]
    assert not false_claims(mistake)
