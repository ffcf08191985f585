"""Write docs/causes.md, the page of causes, from the hypotheses, the changes of a line and the last measurement.

Run as ``python docs/make_causes.py``; with ``--print`` the page is printed and nothing is written.
"""

import sys
from pathlib import Path

from aescratch.inspection.gradcheck.causes.catalogue import HYPOTHESES
from aescratch.inspection.gradcheck.causes.readings import DEPENDENCES
from aescratch.inspection.gradcheck.lines.repairing import SECONDS
from aescratch.inspection.gradcheck.lines.telling import MISTAKES

HERE = Path(__file__).parent
PAGE = HERE / "causes.md"
MEASURED = HERE / "causes_measured.txt"
PLANTED = HERE / "planted_measured.txt"

INTRODUCTION = """\
# What is wrong with a gradient

*`docs/make_causes.py` writes this page from the hypotheses and the changes of a line in the source code.*

**For students.** If the report names a cause, read the line that it quotes, answer the question on paper, and change
that line. If it names none, begin with the line that the note names or, if there is no note, with the wrong gradient
nearest to the loss. You don't need the rest of this page, which explains how the checker finds causes, and lists them.

When a gradient fails, `ae.check_function` looks for the cause. It examines the forward and the backward together at
several *looks*: the given inputs, random inputs of a usual size, inputs similar to the given ones, other upstream
gradients, and other sizes, with one dimension longer at a time. At each look it measures the Jacobian of the forward
by difference quotients. So it knows the right gradient of each look, and the arrays that many mistakes would give.

A *hypothesis* predicts the array that one mistake would return. The report names a cause only if

- the prediction equals the returned array, to rounding, at **every** look, with at most one constant, which is fitted
  on half of the entries of a look and tested on all;
- it explains the difference between the returned and the right gradient to within a ten-thousandth;
- every other candidate, unless it is equivalent, is at least 100 times worse;
- the constant has the same meaning at all sizes. At N, D, H = 7, 5, 3 the factor 7/6 is both N/(N − 1) and N/(2H);
  two more sizes of each decide between them. If a size can't be varied, the statement says so.

At zeros and ones, at a constant, at tiny numbers or where a sigmoid is flat, many formulas agree. So each cause must
also hold at random inputs of a usual size: normal numbers or, if forward or backward doesn't work with them, numbers
in the same interval as the given ones, or with the same sign. If they work with neither, the report names no cause. If
a gradient is the right one divided by A, it lacks the factor A or has an extra division: the numbers can't decide, so
the report names both.

`print(report.proofs())` shows on which looks a cause was tested, and by how much it leads; in a notebook this is a
folded section. Equally good statements are given together. If no cause is found, the report describes the error: how
many entries, which rows and columns, the range of the ratios, the cosine, and what has been ruled out. Such a
statement describes the numbers; the check also [looks for the line](#the-wrong-line) that causes them.
"""

EXAMPLE = """\
In a statement, the report fills in the tensor for `grad_w`, words or a formula for [...], and a factor for c; a factor
of 1 is left out. For example, `scale` becomes "grad_b is the right gradient, times 1/N (N = 7, the number of rows of
x)".
"""

LINES = """\
## The wrong line

Inside a network the numbers alone don't identify a mistake: one wrong line makes every later gradient wrong. So if
the source of the functions, the layer or the model can be read, the check also looks for the wrong line.

- The check runs the backward once and records the value of every statement. It changes the forward's values a little,
  one at a time, and measures the gradient of each from the change of the loss. A line is suspect if what it computes
  isn't the gradient of any value of the forward.
- Then it runs the backward many times, each time with one change in one statement: another name, a transpose, a sign,
  a factor or a term that the forward suggests. The file doesn't change, and afterwards the functions are restored.
- The report names a line only if one such change makes its gradients right in every draw of inputs and sizes, and
  makes no right gradient wrong. If several changes do, the report gives the simplest.
- A change within a call, an index or a condition must be better than the line without that. `dy[-10:]` is all of `dy`
  while there are at most ten rows; but plain `dy` gives the right gradient, too, so the number isn't what is wrong.
- A change of a number must also hold with other settings, the numbers that your code reads: attributes such as
  `self.beta`, arguments, constants of the module. The check moves them while it looks, and puts them back. If a setting
  or a size can't be moved, and has the value of a number that fits as well, the report names neither.
- Where a product has several numbers, as `3 * 0.44715`, any of them could be changed. The report names the one whose
  right value is a number in your forward, or else says what the constant factor must be.

The finding says which gradients become wrong at which line, and quotes the line; the cause says what is wrong in it.
If the line makes only one gradient wrong, and one of the simpler hypotheses holds for it, the cause uses the words of
that hypothesis and adds the line. If no change repairs a gradient, the report may name a line as the place to look
first, without a cause: if the gradient of a value of the forward, in place of what the line computes, makes all
gradients right. If that makes only some right, the mistake may lie in what the line reads or calls. Then the report
says from which line on values are wrong, and where these come from. A backward that raises an exception or returns
something else is examined in the same way.

| in `finding.evidence` | what it is |
| --- | --- |
| `file`, `line`, `source` | the place of the statement, and its text |
| `edit` | the kind of change, a code of the table below |
| `was`, `now` | the part that is changed, and its replacement |
| `repaired` | the statement with the change, as source |
| `mends` | the inputs or parameters whose gradients are right with it |
| `draws`, `runs` | in how many draws they are right, and how many changes were tried |
| `wrong_from`, `comes_from` | from which line on values are wrong, and the lines of what it reads and calls |

The check examines only your own files, not those of NumPy or of this package. The search stops after {seconds:g}
seconds of computing. If there is no source to read, as in the process of a grader, which passes only numbers, the
check uses only the hypotheses.

| code | statement about the line | question |
| --- | --- | --- |
"""

PLANTED_HEAD = """
### Mistakes planted in whole passes

Operators planted mistakes in the backward passes of functions, networks, exercises and code in other people's styles:
a term or a factor dropped, a sign, a constant, an axis, a wrong or an old array. Others were published. *Named* counts
mistakes whose cause is stated and true: the change of the line gives the right gradients at fresh inputs and sizes, or
the statement is known to be true of the operator. *Described* ones are rejected without a cause. *False* ones get a
cause that isn't true. *Exact line* counts those whose broken line is told. Mistakes that raise an exception aren't
counted. A hash of its own text decides whether a mistake is held out, as about a third are: these are only counted, not
printed, when causes are written. One of them, whose cause was false, has been looked at since, and a rule was added
against it and its like. So this third is no longer blind. The measurement is `tests/benchmarks/planted_mistakes.py`.

The rows of human mistakes count errors as people make them, in whole programs as people write them. Who wrote them did
not know the checker, and wrote all of them before it was run on any. The 100 mistakes in 20 programs were looked at
afterwards, and what they showed was mended: at the first run 57 were named, 2 of the named causes were false, and the
exact line was told for 63. The 75 mistakes in 15 programs came after that. At their first run 55 were named, none of
the causes was false, and the exact line was told for 60. For three others the line that was told computes a wrong
value, but only because an earlier line is wrong. Then these three were looked at, and the reason was mended, so the row
that says so is no longer that of a blind set (`tests/benchmarks/blind_sets.py`).

| mistakes planted in | mistakes | rejected | named | described | false | exact line | measured on |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def page():
    """Return the text of the page."""
    readings = [f"{(up or '1').format('N')}{'/' + down.format('N') if down else ''}" for up, down, _ in DEPENDENCES]
    lines = [INTRODUCTION, "## The hypotheses", ""]
    lines += [EXAMPLE, "| code | statement; [...] and c are filled in | question |", "| --- | --- | --- |"]
    for hypothesis in HYPOTHESES:
        statement = hypothesis.cause.format(tensor="grad_w", what="[...]", times="[, times c]", added="± c [...]")
        lines.append(f"| `{hypothesis.code}` | {statement} | {hypothesis.question} |")
    lines += ["", f"A factor is a constant times, for each dimension, one of {', '.join(readings)}.", ""]
    lines += [*LINES.format(seconds=SECONDS).splitlines(), *(_row(kind, *told) for kind, told in MISTAKES.items()), ""]
    lines += ["## How well it does", ""]
    if MEASURED.exists():
        text = MEASURED.read_text(encoding="utf-8").splitlines()
        lines += [f"{line}\n" for line in text if not line.startswith("|")]
        lines += [line for line in text if line.startswith("|")]
        lines.append("")
    lines += [
        "The mistakes are in `tests/mistakes.py` and `tests/mistakes_held_out.py`; the measurement is",
        "`tests/benchmarks/checkers_side_by_side.py`. *Says where* counts the mistakes for which a checker names a",
        "wrong gradient and no right one; JAX compares one number for all inputs, SciPy is called once per input.",
        "PyTorch's slow mode takes unit vectors as upstream gradients, which equal their own squares and signs, and",
        "it sums over an extra axis by itself; its fast mode has weaker requirements. *Tanh form's derivative on the",
        "exact GELU* counts how often a checker rejects, in 200 trials, a backward of the tanh form of GELU beside a",
        "forward of the exact form. Their derivatives differ by up to 0.0009.",
        "",
        "The held-out mistakes are no longer a blind test. Whether a statement about a mistake is true was judged by",
        "hand. At the first trial, 7 of 187 gradients got a statement that fitted the numbers but misled, and the",
        "hypotheses behind them were narrowed or removed. Then 633 further cases were written to mislead the",
        "checker: of the 392 named causes, about 18 were judged false; and of some 1,000 checks of one formula (at",
        "zeros and ones, at constants, at tiny and at large numbers), about 25 got a false cause. Since then a cause",
        "must also hold at random inputs of a usual size. The causes named for the functions among those cases, and",
        "in 2,280 such checks, were then read again by hand: none was false. These cases are no longer blind either,",
        "and a new forward can again produce a chance agreement.",
        *PLANTED_HEAD.splitlines(),
        *sorted(PLANTED.read_text(encoding="utf-8").splitlines(), key=lambda row: ", held out |" in row),
    ]
    return "\n".join(lines) + "\n"


def _row(kind, said, question):
    """Return the row of the table about one kind of change of a line."""
    return f"| `{kind}` | {said.format(was='[was]', now='[now]')} | {question} |"


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        print(page(), end="")
    else:
        PAGE.write_text(page(), encoding="utf-8")
