"""The blind collection is valid: right programs pass, wrong ones are rejected, and its judge recognises a repair."""

import pathlib
import sys
import warnings
from collections import Counter

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "blind"))

from loading import all_mistakes, claim_holds, explained, load, repaired_text, right_programs
from ways import SIZES

MISTAKES = list(all_mistakes())
RIGHT = list(right_programs())


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wrong code may overflow
        yield


def changed_lines(mistake):
    """The lines of the wrong text that stand between what it shares with the right one, at the top and at the bottom."""
    wrong, right = mistake.text.splitlines(), mistake.right.splitlines()
    top = next(i for i, (a, b) in enumerate(zip([*wrong, None], [*right, ""], strict=False)) if a != b)
    bottom = next(i for i, (a, b) in enumerate(zip([*wrong[::-1], None], [*right[::-1], ""], strict=False)) if a != b)
    return top + 1, len(wrong) - bottom


def test_there_are_enough_of_them_and_none_twice():
    kinds = Counter(mistake.kind for mistake in MISTAKES)
    assert kinds["function"] >= 25
    assert kinds["network"] >= 45
    assert kinds["stranger"] >= 64
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)
    assert len({mistake.text for mistake in MISTAKES}) == len(MISTAKES)


@pytest.mark.in_turn
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_right_programs_pass(sizes):
    for name, module, check in RIGHT:
        report = check(module, sizes)
        assert report.verdict == "pass", f"{name}\n{report}"


@pytest.mark.in_turn
@pytest.mark.parametrize("kind", ["function", "network", "stranger"])
def test_wrong_programs_are_rejected(kind):
    for mistake in MISTAKES:
        if mistake.kind == kind:
            report = mistake.check(load(mistake.path), explain=False)
            assert report.verdict == "fail", f"{mistake.name}\n{report}"


@pytest.mark.in_turn
def test_the_judge_tells_wrong_from_right():
    for mistake in MISTAKES:
        assert not mistake.is_repaired(mistake.text), mistake.name
        assert mistake.is_repaired(mistake.right), mistake.name
    assert not MISTAKES[0].is_repaired("an error of syntax")
    assert not MISTAKES[0].is_repaired("x = 1\n")


def test_the_lines_are_those_of_the_mistake():
    for mistake in MISTAKES:
        first, last = changed_lines(mistake)
        assert mistake.lines, mistake.name
        for line in mistake.lines:
            assert min(first, last) - 1 <= line <= max(first, last) + 1, mistake.name


def test_a_statement_is_put_in_place_of_another():
    text = "def f(x):\n    if x: return (x +\n        1)\n    y = 2; return y\n"
    assert repaired_text(text, 3, "return x") == "def f(x):\n    if x: return x\n    y = 2; return y\n"
    assert repaired_text(text, 4, "  a = 1\n  return a").endswith("    y = 2; a = 1\nreturn a\n")


def test_claims_are_judged():
    by_name = {mistake.name: mistake for mistake in MISTAKES}
    mean = by_name["dense_bias_mean"]
    assert claim_holds(mean, mean.lines[0], "db = grad_y.sum(0)")
    assert not claim_holds(mean, mean.lines[0], "db = grad_y.sum(1)")
    twice = by_name["ae_averaged_twice"]
    assert claim_holds(twice, twice.lines[0], "dW2 = np.dot(h.T, d_out)")
    assert not claim_holds(twice, twice.lines[0], "dW2 = np.dot(h.T, dh)")
    left_out = by_name["contractive_direct_path"]
    assert claim_holds(left_out, left_out.lines[0], "dW = x.T @ da + dr.T @ h + 2 * lam * W * np.sum(s**2, axis=0) / n")


@pytest.mark.in_turn(3)
def test_what_is_claimed_to_be_a_repair_is_one():
    for mistake in MISTAKES[:: len(MISTAKES) // 6]:
        for finding in explained(mistake, 10)[0].findings:
            if finding.cause and "repaired" in finding.evidence:
                evidence = finding.evidence
                assert claim_holds(mistake, evidence["line"], evidence["repaired"]), f"{mistake.name}: {evidence}"
