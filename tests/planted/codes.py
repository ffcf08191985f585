"""The checker's codes that are true for the mistakes of each operator, if the finding is only about arrays.

A code is listed if its sentence is true of the operator: "the right gradient multiplied by something" is true of a
missing factor. A code that isn't listed counts as false until somebody has checked and listed it.
"""

SCALE = {"scale", "sign"}
SLOPES = {
    "slope-missing", "other-derivative", "derivative-replaced",
    "slope-misused", "wrong-argument",
}  # fmt: skip
FACTORS = {"factor-missing", "factor-extra", "factor-replaced"}
TERMS = {"term", "term-replaced", "upstream-term", "path-missing", "formula-replaced"}
ROWS = {"some-examples", "rearranged", "collapsed"}
SUMS = {"not-summed", "extra-axis", "scale", "per-example", "collapsed"}
OTHERS = {"other-inputs", "other-upstream", "other-gradient", }

TRUE = {
    "drop-term": TERMS | SLOPES | FACTORS | SCALE | {"zeros", "some-examples"},  # the last: of a path through time
    "drop-factor": FACTORS | SLOPES | SCALE | TERMS | {"other-upstream", "other-gradient"},
    "drop-function": FACTORS | SLOPES | TERMS | {"other-inputs", "scale"},
    "transpose": {"transposed", "rearranged", "extra-axis"},
    "axis": SUMS | {"other-upstream", "term", "term-replaced", "path-missing", "zeros"},
    "stale": FACTORS | SLOPES | TERMS | SCALE | OTHERS | {"zeros", "upstream-times"},
    "slope-argument": SLOPES | FACTORS | OTHERS | {"term", "term-replaced", "formula-replaced", "upstream-term"},
    "shift": ROWS | {"other-upstream", "other-inputs", "scale"},
    "constant": SCALE | TERMS | FACTORS | SLOPES | {"other-inputs"},  # the last: of an exponent, as of W squared
    "sign": SCALE | TERMS | FACTORS | SLOPES | {"other-inputs", "zeros"},
    "twice": SCALE | TERMS | FACTORS | SLOPES | {"upstream-times", "other-upstream"},
    "batch-factor": {"scale", "term", "term-replaced"},
    "mask": SLOPES | FACTORS | TERMS | {"zeros"},
    "applied-twice": FACTORS | SLOPES | {"other-inputs", "term", "term-replaced", "formula-replaced"},
    "labels": {"term", "term-replaced", "formula-replaced"},
    "ones-upstream": {"other-upstream", "term", "derivative-replaced", "formula-replaced", "factor-missing", "zeros"},
    "clipped": FACTORS | {"clipped", "zeros", "other-upstream", "term", "path-missing"},
    "left-out": TERMS | FACTORS | SLOPES | SCALE | {"zeros", "some-examples", "other-gradient"},
    "overwritten": TERMS | ROWS | SCALE,
    "swap": OTHERS | FACTORS | SLOPES | TERMS | {"transposed", "sign"},
    "return-order": {"other-gradient"},
    "updated-first": {"other-inputs"},
}  # fmt: skip
# Of models: what is said of the first wrong part, or of the gradient between two parts; "described" where all of it is
# said to be a multiple of what it should be.
TRUE_WIRING = {
    "axis": {"described", "scaled"},
    "batch-factor": {"described", "scaled"},
    "clipped": {"missing"},
    "constant": {"described", "scaled", "doubled"},
    "drop-factor": {"described", "scaled"},
    "drop-term": {"missing"},
    "left-out": {"missing", "left-over"},
    "overwritten": {"left-over", "overwritten", "doubled", "missing"},
    "sign": {"described", "sign"},
    "stale": {"missing", "extra", "stale", "doubled", "scaled"},
    "swap": {"missing", "extra", "stale"},
    "twice": {"described", "doubled", "scaled", "twice"},
}
