"""Write docs/causes.md, the page of causes, from the hypotheses and the last measurement.

Run as ``python docs/make_causes.py``; with ``--print`` the page is printed and nothing is written.
"""

import sys
from pathlib import Path

from aescratch.inspection.gradcheck.causes.catalogue import HYPOTHESES
from aescratch.inspection.gradcheck.causes.readings import DEPENDENCES

HERE = Path(__file__).parent
PAGE = HERE / "causes.md"
MEASURED = HERE / "causes_measured.txt"

INTRODUCTION = """\
# What is wrong with a gradient

*This page is written by `docs/make_causes.py` from the hypotheses themselves.*

When a gradient fails, `ae.check_function` looks for the cause. It takes the pair apart at several *looks*: the inputs
given, random inputs of a usual size and others like those given, other upstream gradients, and other sizes, one
dimension longer at a time. At each look the Jacobian of the forward is measured by differences, so the right gradient
is known there, and so is what many wrong ones would be.

A *hypothesis* predicts the array that one mistake would return. A cause is claimed only where

- the prediction equals what backward returned, to rounding, at **every** look, with one constant at most, which is
  fitted on half of the entries of a look and judged on all;
- it leaves at most a ten-thousandth of the difference between the returned and the right gradient;
- the next candidate that isn't equivalent is at least 100 times worse;
- the constant reads as one thing at all sizes. At N, D, H = 7, 5, 3 the factor 7/6 is N/(N − 1) and N/(2H); at two
  more sizes of each it is one of them. Where a size can't be varied, the statement says so.

At zeros and ones, at a constant, at tiny numbers or where a sigmoid is flat, many formulas are one. So each cause must
hold at random inputs of a usual size as well: normal numbers, or numbers within the interval or of the sign of those
given where the pair doesn't work with normal ones. Where it works with neither, nothing is claimed. A gradient that is
the right one divided by A lacks the factor A, or has a division too many: numbers can't tell which, and both are said.

On what a cause was tried, and by how much it leads, is read with `print(report.proofs())`; a notebook folds it away.
Statements that hold alike are given together. Everything else is described: how many entries, which rows and columns,
the range of the ratios, the cosine, and what has been ruled out. A statement is about the numbers, and true of them;
which line of code made them so is for its author to find, and the question leads there.
"""


def page():
    """Return the text of the page."""
    readings = [f"{(up or '1').format('N')}{'/' + down.format('N') if down else ''}" for up, down, _ in DEPENDENCES]
    lines = [INTRODUCTION, "## The hypotheses", ""]
    lines += ["| code | what is stated: [...] is filled in, c read | and asked |", "| --- | --- | --- |"]
    for hypothesis in HYPOTHESES:
        statement = hypothesis.cause.format(tensor="grad_w", what="[...]", times="[, times c]", added="± c [...]")
        lines.append(f"| `{hypothesis.code}` | {statement} | {hypothesis.question} |")
    lines += ["", f"A factor is read as a constant times, for each dimension, one of {', '.join(readings)}.", ""]
    lines += ["## How well it does", ""]
    if MEASURED.exists():
        text = MEASURED.read_text(encoding="utf-8").splitlines()
        lines += [f"{line}\n" for line in text if not line.startswith("|")]
        lines += [line for line in text if line.startswith("|")]
        lines.append("")
    lines += [
        "The mistakes are in `tests/mistakes.py` and `tests/mistakes_held_out.py`; the measurement is",
        "`tests/benchmarks/checkers_side_by_side.py`. *Says where* counts the mistakes of which a checker tells a",
        "wrong gradient and no right one; JAX compares one number for all inputs, SciPy is called once per input.",
        "PyTorch's slow mode takes unit vectors as upstream gradients, which are their own squares and signs, and it",
        "sums an axis too many by itself; its fast mode asks for less.",
        "",
        "The held-out mistakes aren't a blind test any more. Whether a statement about one is true was judged by hand;",
        "when first tried, 7 of 187 gradients got one that fitted the numbers and misled, and the hypotheses that made",
        "them were narrowed or taken out. Then 633 further cases were written to mislead the checker: of the 392",
        "causes named about 18 were judged false, and of some 1,000 checks of one formula at zeros and ones, at",
        "constants, at tiny and at large numbers about 25 got a false one. Since then a cause must hold at random",
        "inputs of a usual size too: read again by hand, no cause of a function among those cases, and none of 2,280",
        "such checks, was found to be false. They aren't blind any more either, and a new forward can hold a chance",
        "again.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        print(page(), end="")
    else:
        PAGE.write_text(page(), encoding="utf-8")
