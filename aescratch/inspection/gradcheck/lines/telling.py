"""The message about a wrong line: the mistake in the words of the line, one sentence for each kind, and a question.

    Edit(kind, was, now) -> cause, question

The cause names what is in the line. It names what belongs there only if that gives no formula away.
"""

from __future__ import annotations

from aescratch.inspection.gradcheck.lines.edits import Edit

# {was} is the code in the line, {now} the code that belongs there, left out if it would give a formula away.
SENTENCES = {
    "other-name": "`{was}` stands where `{now}` belongs",
    "exchanged": "`{was}` and `{now}` are exchanged",
    "transpose-missing": "`{was}` stands where its transpose belongs",
    "transpose-extra": "`{was}` should not be transposed",
    "wrong-product": "the factors of the product `{was}` are in the wrong order, or transposed wrongly",
    "sign": "`{was}` has the wrong sign",
    "sign-of-term": "the term `{was}` has the wrong sign",
    "term-extra": "the term `{was}` should not be there",
    "term-missing": "a term is missing: `{now}`",
    "term-wrong": "the term `{was}` is wrong",
    "factor-extra": "the factor `{was}` should not be there",
    "factor-missing": "the factor `{now}` is missing at `{was}`",
    "divisor-extra": "the division by `{was}` should not be there",
    "upside-down": "the quotient `{was}` is upside down",
    "power": "the exponent {was} should be {now}",
    "power-extra": "the power `{was}` stands where its base belongs",
    "square-missing": "`{was}` lacks a square",
    "constant": "the number {was} is wrong",
    "constant-missing": "the number {now} is missing as a factor at `{was}`",
    "count-missing": "the factor {now} is missing at `{was}`",
    "number-missing": "the factor `{now}` is missing at `{was}`",
    "one-minus-missing": "`{was}` stands where 1 minus it belongs",
    "operator": "`{was}` contains a wrong operation",
    "condition": "the condition in `{was}` is the wrong way round",
    "axis": "`{was}` runs over the wrong axis",
    "kept-axis": "`{was}` keeps an axis that it should drop, or drops an axis that it should keep",
    "mean-or-sum": "`{was}` stands where `{now}` belongs",
    "sum-missing": "`{was}` isn't summed",
    "sum-extra": "`{was}` sums entries that should stay separate",
    "function": "`{was}` stands where `{now}` belongs",
    "function-missing": "`{was}` lacks the function `{now}`",
    "function-extra": "`{was}` applies a function that doesn't belong there",
    "clipped": "`{was}` cuts values off",
    "index": "`{was}` takes the wrong entries",
    "order-of-arguments": "the arguments of `{was}` are in the wrong order",
    "order-of-results": "the gradients are returned in the wrong order",
    "accumulates": "`{was}` is added to the old value, where it should replace it",
    "overwrites": "`{was}` replaces the old value, where it should be added to it",
    "statement-extra": "this line should not be there",
    "formula": "this isn't the gradient of what the forward computes",
}
WHICH_ARRAY = "Which array did the forward use in this place?"
SUMMED_OVER = "What are the shapes of the two factors, and which index is summed over?"
EXPONENT = "What is the derivative of a power, and what happens to its exponent?"
NUMBERS = "Which numbers appear in the forward's formula, and what happens to each in its derivative?"
WRITTEN_FOR = "Which derivative is this, and in terms of which quantity is it written?"
LOST_INDEX = "Which index does this gradient lack? Sum over that index."
WHICH_FUNCTION = "Which function does the forward apply there, and what is its derivative?"
COMES_FROM = "Which operation of the forward would this come from?"
QUESTIONS = {
    "other-name": WHICH_ARRAY,
    "exchanged": WHICH_ARRAY,
    "transpose-missing": SUMMED_OVER,
    "transpose-extra": SUMMED_OVER,
    "wrong-product": SUMMED_OVER,
    "sign": "If this value grows a little, does the loss rise or fall?",
    "sign-of-term": "Does this term raise the loss or lower it?",
    "term-extra": "Which part of the forward would this term come from?",
    "term-missing": "By how many paths does this value reach the loss? What comes back along each?",
    "term-wrong": "What is the derivative of the part of the forward that this term comes from?",
    "factor-extra": COMES_FROM,
    "factor-missing": "Through which operations did this value go forward, and by what does each multiply?",
    "divisor-extra": "Where does the forward divide by this, and has it been counted already?",
    "upside-down": "What is above the fraction bar in the forward, and what below?",
    "power": EXPONENT,
    "power-extra": EXPONENT,
    "square-missing": WRITTEN_FOR,
    "constant": NUMBERS,
    "constant-missing": NUMBERS,
    "count-missing": "Over what does the forward take a mean or a sum, and where does that enter?",
    "number-missing": "Which weight does this term have in the loss?",
    "one-minus-missing": WRITTEN_FOR,
    "operator": "Is this a sum, a product or a matrix product in the chain rule?",
    "condition": "Where does the forward let a value pass, and where doesn't it?",
    "axis": LOST_INDEX,
    "kept-axis": "Which shape must this have to meet the next array row by row?",
    "mean-or-sum": "What does the chain rule do with several paths to the loss: add them, or average?",
    "sum-missing": LOST_INDEX,
    "sum-extra": "Does every entry of this array have its own path to the loss?",
    "function": WHICH_FUNCTION,
    "function-missing": WHICH_FUNCTION,
    "function-extra": COMES_FROM,
    "clipped": "Who decides how large a step is: the derivative, or the optimiser?",
    "index": "Which entries does the forward use, and which row or column does each belong to?",
    "order-of-arguments": "In which order does this function take its arguments?",
    "order-of-results": "In which order does the forward take its arguments?",
    "accumulates": "What does it contain before this line runs for the first time?",
    "overwrites": "Several paths lead here: what happens to the gradients of the others?",
    "statement-extra": "What does this line change, and who reads that afterwards?",
    "formula": "What is the derivative of this step of the forward, entry by entry?",
}


def sentence(edit: Edit) -> str:
    """Return the mistake that an edit undoes, as a sentence without a full stop."""
    return SENTENCES[edit.kind].format(was=edit.was, now=edit.now)


def question(edit: Edit) -> str:
    """Return the question about the mistake."""
    return QUESTIONS[edit.kind]
