"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "no bias": Mutant("x @ W + b", "x @ W", "no-bias@y"),
    "bias subtracted": Mutant("x @ W + b", "x @ W - b", "bias-subtracted@y"),
    "bias averaged": Mutant("x @ W + b", "x @ W + b / len(x)", "bias-scaled@y"),
    "transposed": Mutant("x @ W + b", "(x @ W + b).T", "wrong-shape@y"),
    "order of the product": Mutant("x @ W + b", "W @ x + b", "raised"),
    "nothing returned": Mutant("return x @ W + b", "x @ W + b", "wrong-type@y"),
    "in place": Mutant("return x @ W + b", "x -= x.mean()\n    return x @ W + b", "changed-argument@x"),
}
