"""What is said of a wrong line: the mistake in the words of the line, one sentence for each kind, and a question about it.

    Edit(kind, was, now) -> cause, question
"""

from __future__ import annotations

from aescratch.inspection.gradcheck.lines.edits import Edit

# {was} is what stands there, {now} what belongs there; where naming that would give the answer away, it isn't named.
SENTENCES: dict[str, tuple[str, str]] = {
    "other-name": ("`{was}` stands where `{now}` belongs", "Which array did the forward use in this place?"),
    "transpose-missing": ("`{was}` stands as it is where its transpose belongs", "Which index is summed over here, and which one was on the way forward?"),
    "transpose-extra": ("`{was}` is transposed, and shouldn't be", "Which index is summed over here, and which one was on the way forward?"),
    "wrong-product": ("the factors of the product `{was}` are in the wrong order, or transposed wrongly", "Which shapes do the two factors have, and which index is summed over?"),
    "exchanged": ("`{was}` and `{now}` stand in each other's place", "Which of the two did the forward use where?"),
    "function-missing": ("`{was}` lacks the function `{now}`", "Which function does the forward apply to this?"),
    "sign": ("`{was}` has the wrong sign", "If this value grows a little, does the loss rise or fall?"),
    "sign-of-term": ("the term `{was}` has the wrong sign", "Does this term raise the loss or lower it?"),
    "term-extra": ("the term `{was}` is one too many", "Which part of the forward would this term come from?"),
    "term-missing": ("a term is missing: `{now}`", "By how many ways does this value reach the loss? What comes back along each?"),
    "term-wrong": ("the term `{was}` is wrong", "What is the derivative of the part of the forward that this term comes from?"),
    "factor-extra": ("the factor `{was}` is one too many", "Which operation of the forward would this factor come from?"),
    "factor-missing": ("the factor `{now}` is missing at `{was}`", "Through which operations did this value go forward, and by what does each multiply on the way back?"),
    "divisor-extra": ("the division by `{was}` is one too many", "Where does the forward divide by this, and has it been counted already?"),
    "upside-down": ("the quotient `{was}` is upside down", "What is above the fraction bar in the forward, and what below?"),
    "power-extra": ("`{was}` is a power where its base alone belongs", "What is the derivative of a power, and what becomes of its exponent?"),
    "power": ("the exponent {was} should be {now}", "What is the derivative of a power, and what becomes of its exponent?"),
    "square-missing": ("`{was}` lacks a square", "Which derivative is this, and of which quantity is it written?"),
    "constant": ("the number {was} should be another", "Which numbers stand in the formula of the forward, and what becomes of each in its derivative?"),
    "constant-missing": ("the number {now} is missing as a factor at `{was}`", "Which numbers stand in the forward, and what becomes of each in its derivative?"),
    "count-missing": ("the factor {now} is missing at `{was}`", "Over what does the forward take a mean or a sum, and where does that enter?"),
    "number-missing": ("the factor `{now}` is missing at `{was}`", "With which weight does this term stand in the loss?"),
    "one-minus-missing": ("`{was}` stands where one minus it belongs", "What is the derivative here, and of which quantity is it written?"),
    "operator": ("`{was}` has the wrong operation in it", "Is this a sum, a product or a matrix product in the chain rule?"),
    "condition": ("the condition in `{was}` is the wrong way round", "Where does the forward let a value pass, and where doesn't it?"),
    "axis": ("`{was}` runs over the wrong axis", "Which index does this gradient not have? That one is summed over."),
    "kept-axis": ("`{was}` keeps an axis that should go, or drops one that should stay", "Which shape must this have to meet the next array row by row?"),
    "mean-or-sum": ("`{was}` stands where `{now}` belongs", "What does the chain rule do with several ways to the loss: add them, or average?"),
    "sum-missing": ("`{was}` isn't summed", "Which index does this gradient not have, and what becomes of it?"),
    "sum-extra": ("`{was}` sums what should stay apart", "Does every entry of this array have its own way to the loss?"),
    "function": ("`{was}` stands where `{now}` belongs", "Which function does the forward apply, and what is its derivative?"),
    "function-extra": ("`{was}` applies a function that doesn't belong there", "Which operation of the forward would this function come from?"),
    "clipped": ("`{was}` cuts values off", "Who decides how large a step is: the derivative, or the optimiser?"),
    "index": ("`{was}` takes the wrong entries", "Which entries does the forward use, and which row or column does each belong to?"),
    "order-of-arguments": ("the arguments of `{was}` are in the wrong order", "In which order does this function take its arguments?"),
    "order-of-results": ("the gradients are returned in the wrong order", "In which order does the forward take its arguments?"),
    "accumulates": ("`{was}` is added to what was there before, where it should be written", "What stands in it before this line runs for the first time?"),
    "overwrites": ("`{was}` is overwritten, where it should be added to", "Several ways lead here: what becomes of what the others brought?"),
    "statement-extra": ("this line is one too many", "What does this line change, and who reads that afterwards?"),
    "formula": ("this isn't the gradient of what the forward computes", "What is the derivative of this step of the forward, entry by entry?"),
}  # fmt: skip


def sentence(edit: Edit) -> str:
    """Return the mistake that an edit undoes, as a sentence without its full stop."""
    return SENTENCES[edit.kind][0].format(was=edit.was, now=edit.now)


def question(edit: Edit) -> str:
    """Return what to ask oneself about it."""
    return SENTENCES[edit.kind][1]
