"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no mean": Mutant("(p - x) / len(x)", "p - x", "scale@grad_logits"),
    "mean over the pixels too": Mutant("(p - x) / len(x)", "(p - x) / x.size", "scale@grad_logits"),
    "the wrong way round": Mutant("(p - x) / len(x)", "(x - p) / len(x)", "sign@grad_logits"),
    "the logit for the probability": Mutant(
        "(p - x) / len(x)", "(logits - x) / len(x)", "other-name@grad_logits"
    ),
    "the sigmoid's slope once more": Mutant(
        "(p - x) / len(x)", "(p - x) * p * (1 - p) / len(x)", "factor-extra@grad_logits"
    ),
    "the probability's gradient": Mutant(
        "(p - x) / len(x)", "(p - x) / (p * (1 - p)) / len(x)", "factor-missing@grad_logits"
    ),
    "overflow": Mutant("0.5 * (1 + np.tanh(0.5 * logits))", "np.exp(logits) / (1 + np.exp(logits))", "not-finite"),
    "only the first logarithm": Mutant(
        "(p - x) / len(x)", "-x * (1 - p) / len(x)", "first-logarithm-only",
        "the second logarithm gives no gradient here", "For a black pixel, x = 0: does the loss react to its logit?",
    ),
}
