"""The message about a wrong line: the mistake in the words of the line, one sentence for each kind, and a question.

    Edit(kind, was, now) -> cause, question

The cause names what is in the line. It names what belongs there only if that gives no formula away.
"""

from __future__ import annotations

import ast

from aescratch.foundations.language import gettext, gettext_noop
from aescratch.inspection.gradcheck.lines.edits import Edit
from aescratch.inspection.gradcheck.lines.trees import parsed

WHICH_ARRAY = gettext_noop("Which array did the forward use in this place?")
SUMMED_OVER = gettext_noop("What are the shapes of the two factors, and which index is summed over?")
EXPONENT = gettext_noop("What is the derivative of a power, and what happens to its exponent?")
NUMBERS = gettext_noop("Which numbers appear in the forward's formula, and what happens to each in its derivative?")
WHOLE_FORMULA = gettext_noop("What is the complete formula of this derivative, with every number in it?")
WRITTEN_FOR = gettext_noop("Which derivative is this, and in terms of which quantity is it written?")
LOST_INDEX = gettext_noop("Which index does this gradient lack? Sum over that index.")
KEPT_INDICES = gettext_noop("Which indices must the result still have? Sum or average over the others only.")
OVER_ALL_AXES = gettext_noop("`{was}` runs over all axes")
WHICH_FUNCTION = gettext_noop("Which function does the forward apply there, and what is its derivative?")
COMES_FROM = gettext_noop("Which operation of the forward would need this?")
# By the kind of edit, the mistake and the question about it. {was} is the code in the line, {now} the code that belongs
# there, left out if it would give a formula away.
MISTAKES = {
    "other-name": (gettext_noop("`{was}` stands where `{now}` belongs"), WHICH_ARRAY),
    "exchanged": (gettext_noop("`{was}` and `{now}` are exchanged"), WHICH_ARRAY),
    "transpose-missing": (gettext_noop("`{was}` stands where its transpose belongs"), SUMMED_OVER),
    "transpose-extra": (gettext_noop("`{was}` should not be transposed"), SUMMED_OVER),
    "wrong-product": (gettext_noop("the factors of the product `{was}` are in the wrong order, or transposed wrongly"),
                      SUMMED_OVER),
    "sign": (gettext_noop("`{was}` has the wrong sign"),
             gettext_noop("If this value grows a little, does the loss rise or fall?")),
    "sign-of-term": (gettext_noop("the term `{was}` has the wrong sign"),
                     gettext_noop("Does this term raise the loss or lower it?")),
    "term-extra": (gettext_noop("the term `{was}` should not be there"),
                   gettext_noop("Which part of the forward would this term come from?")),
    "term-missing": (gettext_noop("a term is missing: `{now}`"),
                     gettext_noop("By how many paths does this value reach the loss? What comes back along each?")),
    "factor-extra": (gettext_noop("the factor `{was}` should not be there"), COMES_FROM),
    "factor-missing": (
        gettext_noop("the factor `{now}` is missing at `{was}`"),
        gettext_noop("Through which operations did this value go forward, and by what does each multiply?"),
    ),
    "divisor-extra": (gettext_noop("the division by `{was}` should not be there"),
                      gettext_noop("Where does the forward divide by this, and has it been counted already?")),
    "upside-down": (gettext_noop("the quotient `{was}` is upside down"),
                    gettext_noop("What is above the fraction bar in the forward, and what below?")),
    "power": (gettext_noop("the exponent {was} should be {now}"), EXPONENT),
    "square-missing": (gettext_noop("`{was}` lacks a square"), WRITTEN_FOR),
    "constant": (gettext_noop("the number {was} is wrong"), NUMBERS),
    "constants": (gettext_noop("the constant factor `{was}` is wrong: it should be {now}"), NUMBERS),
    "constant-missing": (gettext_noop("the number {now} is missing as a factor at `{was}`"), WHOLE_FORMULA),
    "count-missing": (gettext_noop("the factor {now} is missing at `{was}`"),
                      gettext_noop("Over what does the forward take a mean or a sum, and where does that enter?")),
    "number-missing": (gettext_noop("the factor `{now}` is missing at `{was}`"),
                       gettext_noop("Which weight does this term have in the loss?")),
    "one-minus-missing": (gettext_noop("`{was}` stands where 1 minus it belongs"), WRITTEN_FOR),
    "operator": (gettext_noop("`{was}` contains a wrong operation"),
                 gettext_noop("Is this a sum, a product or a matrix product in the chain rule?")),
    "condition": (gettext_noop("the condition in `{was}` is the wrong way round"),
                  gettext_noop("Where does the forward let a value pass, and where doesn't it?")),
    "axis": (gettext_noop("`{was}` runs over the wrong axis"), KEPT_INDICES),
    "kept-axis": (gettext_noop("`{was}` keeps an axis that it should drop, or drops an axis that it should keep"),
                  gettext_noop("Which shape must this have to meet the next array row by row?")),
    "mean-or-sum": (gettext_noop("`{was}` stands where `{now}` belongs"),
                    gettext_noop(
                        "Does the forward compute this value too, and as a mean or as a sum? If not: does the chain "
                        "rule add what comes back along several paths, or average it?"
                    )),
    "sum-missing": (gettext_noop("`{was}` isn't summed"), LOST_INDEX),
    "sum-extra": (gettext_noop("`{was}` sums entries that should stay separate"),
                  gettext_noop("Does every entry of this array have its own path to the loss?")),
    "function": (gettext_noop("`{was}` stands where `{now}` belongs"), WHICH_FUNCTION),
    "function-missing": (gettext_noop("`{was}` lacks the function `{now}`"), WHICH_FUNCTION),
    "function-extra": (gettext_noop("`{was}` applies a function that doesn't belong there"), COMES_FROM),
    "clipped": (gettext_noop("`{was}` cuts values off"),
                gettext_noop("Who decides how large a step is: the derivative, or the optimiser?")),
    "index": (gettext_noop("`{was}` takes the wrong entries"),
              gettext_noop("Which entries does the forward use, and which row or column does each belong to?")),
    "order-of-results": (gettext_noop("the gradients are returned in the wrong order"),
                         gettext_noop("In which order does the forward take its arguments?")),
    "accumulates": (gettext_noop("`{was}` is added to the old value, where it should replace it"),
                    gettext_noop("What does it contain before this line runs for the first time?")),
    "overwrites": (gettext_noop("`{was}` replaces the old value, where it should be added to it"),
                   gettext_noop("Several paths lead here: what happens to the gradients of the others?")),
    "statement-extra": (gettext_noop("this line should not be there"),
                        gettext_noop("What does this line change, and who reads that afterwards?")),
    "formula": (gettext_noop("this isn't the gradient of what the forward computes"),
                gettext_noop("What is the derivative of this step of the forward, entry by entry?")),
}  # fmt: skip


def sentence(edit: Edit) -> str:
    """Return the mistake that an edit undoes, as a sentence without a full stop."""
    said = OVER_ALL_AXES if edit.kind == "axis" and _names_no_axis(edit.was) else MISTAKES[edit.kind][0]
    return gettext(said).format(was=edit.was, now=edit.now)


def question(edit: Edit) -> str:
    """Return the question about the mistake."""
    return gettext(MISTAKES[edit.kind][1])


def _names_no_axis(text: str) -> bool:
    """Whether a text is a call that runs over all axes, as a.sum() and np.sum(a) do."""
    call = parsed(text)
    if not isinstance(call, ast.Call) or any(keyword.arg in ("axis", None) for keyword in call.keywords):
        return False
    of_numpy = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in ("np", "numpy")
    return len(call.args) == of_numpy
