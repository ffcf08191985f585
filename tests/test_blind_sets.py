"""The blind sets of programs are valid: right ones pass, wrong ones are rejected, and none is named falsely."""

import pathlib
import sys
import warnings

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "blind"))

from loading import claim_holds, explained, load
from second import SECOND
from third import THIRD
from ways import SIZES

MISTAKES = {each.name: list(each.mistakes()) for each in (SECOND, THIRD)}
of_both = pytest.mark.parametrize("blind", [SECOND, THIRD], ids=lambda blind: blind.name)


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong code may overflow
        yield


@pytest.mark.parametrize(("blind", "programs"), [(SECOND, 20), (THIRD, 15)], ids=["second", "third"])
def test_there_are_five_mistakes_in_each_program_and_none_twice(blind, programs):
    assert set(blind.ways) == set(blind.styles) == set(blind.rows)
    assert len(blind.ways) == programs
    assert all(len(rows) == 5 for rows in blind.rows.values())
    assert len({mistake.text for mistake in MISTAKES[blind.name]}) == 5 * programs


@of_both
def test_a_mistake_is_one_line(blind):
    for mistake in MISTAKES[blind.name]:
        wrong, right = mistake.text.splitlines(), mistake.right.splitlines()
        left_out, at = len(mistake.lines) == 2, mistake.lines[-1] - 1
        del right[at]
        if not left_out:
            del wrong[at]
        assert wrong == right, mistake.name


@pytest.mark.in_turn
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@of_both
def test_right_programs_pass(blind, sizes):
    for name, module, check in blind.programs():
        report = check(module, sizes)
        assert report.verdict == "pass", f"{name}\n{report}"


@pytest.mark.in_turn
@of_both
def test_every_mistake_changes_a_number_and_its_right_line_puts_it_back(blind):
    for mistake in MISTAKES[blind.name]:
        assert not mistake.is_repaired(mistake.text), mistake.name
        assert mistake.is_repaired(mistake.right), mistake.name


def test_mistakes_of_the_third_set_change_a_gradient_and_no_output_at_the_inputs_that_are_checked():
    for mistake in MISTAKES["third"]:
        program = mistake.name.rpartition("_")[0]
        right, wrong = [
            THIRD.ways[program].gradients(load(path), 0, SIZES[0])
            for path in (THIRD.source(program), mistake.path)
        ]  # fmt: skip
        assert [array.shape for array in wrong] == [array.shape for array in right], mistake.name
        outputs = 2 if THIRD.styles[program] == "several outputs" else 1
        assert all(np.array_equal(*pair) for pair in zip(wrong[:outputs], right[:outputs], strict=True)), mistake.name
        apart = [np.abs(w - r).max() / np.abs(r).max() for w, r in zip(wrong, right, strict=True)]
        assert max(apart) > 1e-3, mistake.name


@pytest.mark.in_turn
@of_both
def test_wrong_programs_are_rejected(blind):
    for mistake in MISTAKES[blind.name]:
        report = mistake.check(load(mistake.path), explain=False)
        assert report.verdict == "fail", f"{mistake.name}\n{report}"


def false_claims(mistake, limit):
    """Return the named causes of a mistake whose repaired line doesn't give the right gradients elsewhere."""
    named = [finding for finding in explained(mistake, limit)[0].findings if "repaired" in finding.evidence]
    return [f for f in named if not claim_holds(mistake, f.evidence["line"], f.evidence["repaired"])]


# Three mistakes of each set in a turn, six seconds for each: all take minutes (tests/benchmarks/blind_sets.py).
@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("blind", "turn"), [(blind, turn) for blind in (SECOND, THIRD) for turn in range(4)],
    ids=lambda part: getattr(part, "name", part),
)  # fmt: skip
def test_no_cause_is_false(blind, turn):
    mistakes = MISTAKES[blind.name]
    step = -(-len(mistakes) // 3)
    for mistake in mistakes[turn * step // 4 :: step]:
        if mistake.name not in blind.false:
            assert not false_claims(mistake, 6), mistake.name


@of_both
def test_causes_that_are_known_to_be_false_still_are(blind):
    false = [m.name for m in MISTAKES[blind.name] if m.name in blind.false and false_claims(m, 20)]
    assert false == list(blind.false), "if one is no longer false, take it out of FALSE"


# In the one object that is checked, beta is 0.5, and d_head is 2.
@pytest.mark.parametrize(("name", "line"), [
    ("gaussian_vae_class_3",
     "dlv = 0.5 * (dz * self.noise * self.std) + self.beta * 0.5 * (np.exp(self.logvar) - 1) / n"),
    ("multi_head_1", "ds = self.att * (datt - (datt * self.att).sum(-1, keepdims=True)) / np.sqrt(self.d_head)"),
])  # fmt: skip
def test_a_setting_is_not_taken_for_a_number_of_its_value(name, line):
    mistake = next(mistake for mistake in MISTAKES["second"] if mistake.name == name)
    lines = [f.evidence["repaired"] for f in explained(mistake, 20)[0].findings if "repaired" in f.evidence]
    assert lines == [line]
    assert not false_claims(mistake, 20)


# In each a right line reads or calls what is wrong, so that its own value is wrong as well.
@pytest.mark.parametrize(("blind", "name", "lines"), [
    (THIRD, "scale_decoder_1", {28}),
    (SECOND, "gaussian_vae_class_5", {46}),
    (THIRD, "peephole_step_2", set()),
    (THIRD, "peephole_step_4", set()),
], ids=lambda part: part if isinstance(part, str) else "")  # fmt: skip
def test_a_right_line_is_not_blamed_for_an_earlier_one(blind, name, lines):
    mistake = next(mistake for mistake in MISTAKES[blind.name] if mistake.name == name)
    found = [finding.evidence for finding in explained(mistake, 20)[0].findings]
    assert {each["line"] for each in found if "line" in each} == lines
    assert {*mistake.lines} & lines or any({*mistake.lines} & {*each.get("comes_from", ())} for each in found)
