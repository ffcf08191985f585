"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "the stack frozen": Mutant(
        "return grad_W1, grad_W2, grad_W3, grad_b3", "return 0 * W1, 0 * W2, grad_W3, grad_b3", "zeros@grad_W2"
    ),
    "the first layer frozen": Mutant(
        "return grad_W1, grad_W2, grad_W3, grad_b3", "return 0 * W1, grad_W2, grad_W3, grad_b3", "zeros@grad_W1"
    ),
    "no slope of the second layer": Mutant(
        " * (1 - h2**2)", "", "slope-missing", "the slope of the second layer's tanh is missing",
        "What is the slope of tanh, in terms of its output h2?",
    ),
    "no slope of the first layer": Mutant(
        " * (1 - h1**2)", "", "slope-missing", "the slope of the first layer's tanh is missing",
        "What is the slope of tanh, in terms of its output h1?",
    ),
    "the second slope not squared": Mutant(
        "(1 - h2**2)", "(1 - h2)", "slope-not-squared", "1 - h2 stands where the slope of tanh belongs",
        "What is the slope of tanh where its output is 0, and where it is -1? And yours?",
    ),
    "the first slope not squared": Mutant(
        "(1 - h1**2)", "(1 - h1)", "slope-not-squared", "1 - h1 stands where the slope of tanh belongs",
        "What is the slope of tanh where its output is 0, and where it is -1? And yours?",
    ),
    "the slopes of a sigmoid": Mutant(
        "(grad_logits @ W3.T) * (1 - h2**2)\n    grad_W2 = h1.T @ grad_a2\n"
        "    grad_a1 = (grad_a2 @ W2.T) * (1 - h1**2)",
        "(grad_logits @ W3.T) * h2 * (1 - h2)\n    grad_W2 = h1.T @ grad_a2\n"
        "    grad_a1 = (grad_a2 @ W2.T) * h1 * (1 - h1)",
        "slope-of-sigmoid", "the slopes are those of a sigmoid", "Which activation lies between a1 and h1?",
    ),
    "neither slope": Mutant(
        "(grad_logits @ W3.T) * (1 - h2**2)\n    grad_W2 = h1.T @ grad_a2\n"
        "    grad_a1 = (grad_a2 @ W2.T) * (1 - h1**2)",
        "grad_logits @ W3.T\n    grad_W2 = h1.T @ grad_a2\n    grad_a1 = grad_a2 @ W2.T",
        "slope-missing", "the slopes of both layers' tanh are missing", "What lies between h2 and h1 W2?",
    ),
    "the second layer left out on the way": Mutant(
        "(grad_a2 @ W2.T)", "(grad_a2.sum(axis=1, keepdims=True))", "weights-left-out",
        "W2 is left out on the way back to h1", "By which array did the forward multiply h1?",
    ),
    "the input of the wrong layer": Mutant(
        "(1 - h1**2)\n", "(1 - np.tanh(h1) ** 2)\n", "tanh-twice",
        "the first layer's slope is taken at h1, as if h1 were the input of tanh",
        "The slope 1 - h² is written in terms of the output of tanh. What is the output here?",
    ),
    "no mean": Mutant("    grad_logits /= len(x)\n", "", "scale@grad_W1"),
    "no labels": Mutant(
        "    grad_logits[np.arange(len(x)), labels] -= 1\n", "", "labels-missing", "the labels are not used",
        "If all labels were swapped, would your gradients change?",
    ),
    "the bias averaged": Mutant("grad_logits.sum(axis=0)", "grad_logits.mean(axis=0)", "scale@grad_b3"),
    "the order of the way back": Mutant(
        "return grad_W1, grad_W2, grad_W3, grad_b3", "return grad_W3, grad_b3, grad_W2, grad_W1", "wrong-shape"
    ),
}  # fmt: skip
