"""Write docs/causes.md, the page of causes, from the hypotheses, the changes of a line and the last measurement.

Run as ``python docs/make_causes.py``; with ``--print`` the page is printed and nothing is written.
"""

import sys
from pathlib import Path

from aescratch.inspection.gradcheck.causes.catalogue import HYPOTHESES
from aescratch.inspection.gradcheck.causes.readings import DEPENDENCES
from aescratch.inspection.gradcheck.lines.repairing import SECONDS
from aescratch.inspection.gradcheck.lines.telling import QUESTIONS, SENTENCES

HERE = Path(__file__).parent
PAGE = HERE / "causes.md"
MEASURED = HERE / "causes_measured.txt"

INTRODUCTION = """\
# What is wrong with a gradient

*This page is written by `docs/make_causes.py` from the hypotheses and the changes of a line themselves.*

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
the range of the ratios, the cosine, and what has been ruled out. A statement of this kind is about the numbers, and
true of them; which line of code made them so is [looked for](#the-wrong-line) beside it.
"""

LINES = """\
## The wrong line

Inside a network the numbers alone don't tell a mistake: one wrong line makes every gradient after it wrong. So where
the source of the pair, the layer or the model can be read, its wrong line is looked for as well.

- The backward runs once with every statement watched. The forward's values are moved a little, one at a time, and how
  the loss moves says what the gradient of each of them is. A line whose value is the gradient of nothing is suspected.
- Then the backward runs again and again, with one statement changed in one way: a name for another, a transpose, a
  sign, a factor or a term that the forward would give. Nothing in the file changes, and afterwards the functions are
  what they were.
- A line is blamed only if with one such change its gradients come out right in every draw of inputs and sizes, and no
  right one goes wrong. Of several changes that do, the simplest is told.

The finding says which gradients go wrong at which line, and quotes it; the cause says what is wrong in the line. Where
the line makes one gradient alone wrong, and one of the simpler hypotheses holds for it, the cause is told in its
words, and the line stands with it. Where no change mends a gradient, the first line that fits no gradient may be named,
without a cause. A backward that raises, or returns the wrong thing, is looked at in the same way.

| in `finding.evidence` | what it is |
| --- | --- |
| `file`, `line`, `source` | where the statement stands, and how it reads |
| `edit` | the kind of change, a code of the table below |
| `was`, `now` | the part that is changed, and what belongs there |
| `repaired` | the statement with the change, as source |
| `mends` | the inputs or parameters whose gradients come out right with it |
| `draws`, `runs` | in how many draws they do, and how many changes were tried |

Only files of your own are looked into, not those of NumPy or of this package. The search is given up after
{seconds:g} seconds of computing. Where there is no source to read, as in the process of a grader, which hands over
numbers alone, the hypotheses are all there is.

| code | what is said of the line | and asked |
| --- | --- | --- |
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
    lines += [*LINES.format(seconds=SECONDS).splitlines(), *(_row(kind, said) for kind, said in SENTENCES.items()), ""]
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


def _row(kind, said):
    """Return the row of the table about one kind of change of a line."""
    return f"| `{kind}` | {said.format(was='[was]', now='[now]')} | {QUESTIONS[kind]} |"


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        print(page(), end="")
    else:
        PAGE.write_text(page(), encoding="utf-8")
