"""The planted mistakes: right passes are accepted, operators break what they promise, and the judge is reliable."""

import subprocess
import sys
from pathlib import Path

import pytest
from planted import codes, operators
from planted.cases import CASES
from planted.checking import arrays_of, loaded, quietly, right_module
from planted.choosing import Mistake, chosen_of, is_held_out, standing
from planted.judge import DESCRIBED, FALSE, NAMED, judged
from planted.published import PUBLISHED, planted_at

from aescratch.inspection.gradcheck import Finding
from aescratch.inspection.gradcheck.causes import HYPOTHESES, explaining

KINDS = ("function", "network", "exercise", "stranger")
AT_LEAST = 60  # styles
SAMPLE = 14  # every so many cases one mistake
# Of three matrices and a loss the search for a network tries all activations: for minutes, before it finds none.
TOO_SLOW = {"costs: predictor_loss"}  # is searched three times to the end, for two more draws that must agree


@pytest.mark.parametrize("kind", KINDS)
def test_right_passes_are_accepted(kind):
    for case in (case for case in CASES.values() if case.kind == kind):
        with quietly():
            reports = case.check(right_module(case))
        assert reports, case.name
        assert {report.verdict for report in reports} == {"pass"}, case.name


def test_there_are_many_of_every_kind():
    assert len(CASES) >= AT_LEAST
    assert {case.kind for case in CASES.values()} == set(KINDS)


TEXT = """
import numpy as np


def backward(grad_y, x, y, W, labels):
    N = len(x)
    mask = y > 0
    grad_a = grad_y * (1 - y**2)
    grad_a += 2 * y / N
    p = np.exp(np.tanh(y))
    p[np.arange(N), labels] -= 1
    grad_W = x.T @ grad_a
    grad_b = (grad_a * mask).sum(axis=0)
    return grad_a @ W.T, grad_W, grad_b
"""
ARRAYS = {"grad_y": (7, 3), "x": (7, 5), "y": (7, 3), "W": (5, 3), "grad_a": (7, 3), "p": (7, 3)}


@pytest.mark.parametrize(
    ("operator", "statement"),
    [
        ("drop-term", "grad_a = grad_y * 1"),
        ("drop-factor", "grad_a = grad_y"),
        ("drop-function", "p = np.exp(y)"),
        ("transpose", "grad_W = x @ grad_a"),
        ("axis", "grad_b = (grad_a * mask).mean(axis=0)"),
        ("axis", "grad_b = (grad_a * mask).sum(axis=1)"),
        ("axis", "grad_b = grad_a * mask"),
        ("slope-argument", "grad_a = grad_y * (1 - grad_y ** 2)"),
        ("slope-argument", "mask = grad_y > 0"),
        ("stale", "grad_W = x.T @ grad_y"),
        ("shift", "grad_W = x[:-1].T @ grad_a[1:]"),
        ("constant", "grad_a += 1 * y / N"),
        ("constant", "grad_a = grad_y * (1 - y)"),
        ("sign", "grad_a = grad_y * (1 + y ** 2)"),
        ("sign", "grad_W = -(x.T @ grad_a)"),
        ("twice", "grad_a = grad_y * (1 - y ** 2) * (1 - y ** 2)"),
        ("batch-factor", "grad_a += 2 * y"),
        ("mask", "mask = y <= 0"),
        ("applied-twice", "p = np.exp(np.exp(np.tanh(y)))"),
        ("labels", "p[:, labels] -= 1"),
        ("labels", "p[np.arange(N), labels] += 1"),
        ("ones-upstream", "grad_a = np.ones_like(grad_y) * (1 - y ** 2)"),
        ("clipped", "grad_W = np.maximum(x.T @ grad_a, 0)"),
        ("left-out", "pass"),
        ("overwritten", "grad_a = 2 * y / N"),
        ("swap", "grad_a = y * (1 - grad_y ** 2)"),
        ("return-order", "return (grad_W, grad_a @ W.T, grad_b)"),
        ("updated-first", "grad_W = x.T @ grad_a; W = W - 0.1 * grad_W"),
    ],
)
def test_an_operator_breaks_what_it_says(operator, statement):
    arrays = dict.fromkeys(range(len(TEXT.splitlines())), ARRAYS)
    assert statement in {m.statement for m in operators.planted(TEXT, ["backward"], arrays) if m.operator == operator}


def test_only_the_statement_changes_and_every_line_keeps_its_number():
    for name in ("regularised: both", "layer_classes: BatchNorm", "caches: batchnorm_backward", "exercise: vae_backward"):
        case = next(case for full, case in CASES.items() if full.startswith(name))
        lines, seen = case.text.split("\n"), set()
        for mutant in operators.planted(case.text, case.functions, arrays_of(case)):
            broken = mutant.text.split("\n")
            assert len(broken) == len(lines)
            changed = {n for n, (old, new) in enumerate(zip(lines, broken, strict=True), start=1) if old != new}
            assert changed <= set(range(mutant.first, mutant.last + 1))
            seen.add(mutant.operator)
        assert len(seen) > 10


def test_of_a_loss_with_its_gradient_only_what_follows_the_forward_is_broken():
    case = CASES["costs: tied_cost"]
    start = case.text[: case.text.index("def tied_cost")].count("\n")
    marker = start + case.text[case.text.index("def tied_cost") :].split("# backward")[0].count("\n") + 1
    assert {m.first for m in operators.planted(case.text, case.functions, arrays_of(case))} == {
        marker + k for k in range(1, 6)
    }


@pytest.mark.parametrize(
    ("case", "old", "new", "what"),
    [
        ("dense: dense_tanh_backward", "(1 - y**2)", "(1 + y) * (1 - y)", "equal"),
        ("dense: dense_tanh_backward", "(1 - y**2)", "(1 - y)", "mistake"),
        ("dense: dense_tanh_backward", "x.T @ grad_a", "x @ grad_a", "raises"),
        ("dense: dense_tanh_backward", "grad_a.sum(axis=0)", "grad_a.sum()", "mistake"),
        ("dense: dense_tanh_backward", "grad_a.sum(axis=0)", "grad_a.sum(axis=0) + (len(x) > 7)", "unseen"),
        ("costs: tied_cost", "    # backward", "    loss = 2 * loss", "forward"),
    ],
)
def test_what_a_changed_text_is(case, old, new, what):
    case = CASES[case]
    before, name, after = case.text.partition(f"def {case.functions[0]}")
    assert old in after
    with loaded(before + name + after.replace(old, new, 1), case.path.name) as module:
        assert standing(case, module) == what


def test_published_mistakes_are_mistakes():
    for name, old, new, like, source in PUBLISHED:
        case = CASES[name]
        with loaded(planted_at(case, old, new).text, case.path.name) as module:
            assert standing(case, module) == "mistake", (name, old)
        assert like in operators.OPERATORS
        assert source


def test_the_selection_is_always_the_same_and_a_third_is_held_out():
    names = [name for name in CASES if name.startswith(("autoencoders", "exercise: vae"))]
    mistakes = [mistake for name in names for mistake in chosen_of(name)]
    assert mistakes == [mistake for name in names for mistake in chosen_of(name)]
    assert 0.2 < sum(map(is_held_out, mistakes)) / len(mistakes) < 0.5
    assert len({mistake.identity for mistake in mistakes}) == len(mistakes)
    assert len({mistake.operator for mistake in mistakes}) > 12


@pytest.mark.in_turn(1)
def test_a_sample_of_mistakes_is_rejected_and_none_is_named_falsely():
    outcomes = []
    for name in [name for name in CASES if name not in TOO_SLOW][::SAMPLE]:
        mistake = next(mistake for mistake in chosen_of(name, most=1) if not mistake.raises)
        found = judged(mistake)
        assert found.outcome in (NAMED, DESCRIBED), (mistake.identity if not is_held_out(mistake) else name, found)
        outcomes.append(found.outcome)
    assert outcomes.count(NAMED) >= 0.3 * len(outcomes)


@pytest.mark.in_turn(2)
def test_the_runner_counts_held_out_ones_and_lists_the_others():
    name = "exercise: gelu_tanh_backward"
    runner = Path(__file__).parent / "benchmarks" / "planted_mistakes.py"

    def run(*options):
        command = [sys.executable, str(runner), "--case", name, "--list", *options]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=runner.parents[2]).stdout

    kept, held_out = run(), run("--held-out")
    mistakes = chosen_of(name)
    for mistake in mistakes:
        assert (mistake.statement in kept) == (not is_held_out(mistake))
        assert mistake.statement not in held_out
    assert f"the held-out third: {sum(map(is_held_out, mistakes))} mistakes in 1 cases" in held_out


# The judge


def planted_in(name, old, new):
    """Return a mistake that stands at the first line of a pass in which `old` stands."""
    case = CASES[name]
    mutants = operators.planted(case.text, case.functions, arrays_of(case))
    mutant = next(m for m in mutants if m.statement == new and old in case.text.split("\n")[m.first - 1])
    return Mistake(name, *mutant, False, like=mutant.operator)


def said_of(mistake, monkeypatch, line, repaired):
    """Return what the judge makes of a cause with a repair."""
    case = CASES[mistake.case]
    evidence = {"line": line, "source": mistake.statement, "repaired": repaired, "edit": "an edit"}
    finding = Finding("cause", "grad_W1", "error", "", evidence, "a cause")

    class Reporting(type(case.way)):
        def check(self, module, inputs, seed):
            reports = super().check(module, inputs, seed)
            reports[0].findings = [finding]
            return reports

    monkeypatch.setitem(CASES, mistake.case, case._replace(way=Reporting(*case.way)))
    return judged(mistake)


def test_a_repair_is_put_to_the_proof(monkeypatch):
    mistake = planted_in("autoencoders: plain_backward", "grad_h * h", "grad_a = grad_h * h")
    right = said_of(mistake, monkeypatch, mistake.first, "grad_a = grad_h * (h - h * h)")
    assert (right.outcome, right.is_exact, right.code) == (NAMED, True, "an edit")
    wrong = said_of(mistake, monkeypatch, mistake.first, "grad_a = grad_h * h * (1 + h)")
    assert (wrong.outcome, wrong.why) == (FALSE, "the repair isn't right")
    raising = said_of(mistake, monkeypatch, mistake.first, "grad_a = grad_h * nothing")
    assert raising.outcome == FALSE
    assert "NameError" in raising.why
    elsewhere = said_of(mistake, monkeypatch, mistake.first + 1, "grad_W1 = x.T @ (grad_a * (1 - h))")
    assert (elsewhere.outcome, elsewhere.is_exact) == (FALSE, False)  # of W1 alone: b1 stays wrong


@pytest.mark.parametrize("repaired", ["x[:20].T @ grad_a[:20]", "x[:, :len(x)].T @ grad_a", "(x * (x < 3)).T @ grad_a"])
def test_a_repair_that_is_right_only_within_a_bound_is_false(repaired, monkeypatch):
    mistake = planted_in("autoencoders: plain_backward", "grad_W1 =", "grad_W1 = x[:-1].T @ grad_a[:-1]")
    assert said_of(mistake, monkeypatch, mistake.first, "grad_W1 = x.T @ grad_a").outcome == NAMED
    assert said_of(mistake, monkeypatch, mistake.first, f"grad_W1 = {repaired}").outcome == FALSE


def test_of_two_statements_in_a_line_the_repaired_one_alone_is_replaced():
    text = "def f(h, d, W):\n    g = h.T @ d; W = W - 0.1 * g  # both\n    return d @ W.T\n"
    for source in ("W = W - 0.1 * g", "W = W - 0.1*g", ""):
        statement = operators.statement_at(text, 2, source)
        assert operators.with_statement(text, statement, "pass").split("\n")[1] == "    g = h.T @ d; pass  # both"
    statement = operators.statement_at(text, 2, "g = h.T @ d")
    assert operators.with_statement(text, statement, "g = 1").split("\n")[1] == "    g = 1; W = W - 0.1 * g  # both"
    assert operators.statement_at(text, 9) is None


def test_a_cause_of_arrays_must_be_listed_and_claimed_again(monkeypatch):
    monkeypatch.setattr(explaining, "wrong_lines", lambda *_, **__: [])  # as where there is no source
    mistake = planted_in("autoencoders: plain_backward", "grad_x_hat @ W2.T", "grad_h = -(grad_x_hat @ W2.T)")
    found = judged(mistake)
    assert (found.outcome, found.code) == (NAMED, "sign")
    monkeypatch.setitem(codes.TRUE, "sign", set())
    assert "to be looked at" in judged(mistake).why
    monkeypatch.setitem(codes.TRUE, "sign", {"sign"})
    case = CASES[mistake.case]

    class Once(type(case.way)):
        def check(self, module, inputs, seed):
            reports = super().check(module, inputs, seed)
            reports[0].findings = [] if seed else reports[0].findings
            return reports

    monkeypatch.setitem(CASES, mistake.case, case._replace(way=Once(*case.way)))
    found = judged(mistake)
    assert (found.outcome, found.why) == (FALSE, "at seed 1 it is no cause")


def test_every_operator_has_codes_that_exist():
    known = {hypothesis.code for hypothesis in HYPOTHESES}
    assert set(codes.TRUE) == set(operators.OPERATORS)
    assert set().union(*codes.TRUE.values()) <= known
