"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "every layer expected to learn": Mutant('PREDICTION = "b"', 'PREDICTION = "a"', "wrong-prediction"),
    "the damaged code for a target": Mutant(
        "(h2 @ V2 - h1) / len(x)", "(h2 @ V2 - h1 * keep) / len(x)", "damaged-target",
        "the corrupted code is used as the target",
        "What is h1_hat compared with in the loss? Would a layer that copies the holes be of use?",
    ),
    "the clean code into the layer": Mutant(
        "(h1 * keep).T @ grad_a2", "h1.T @ grad_a2", "clean-input",
        "the clean code is used where the layer's input belongs", "Which array did the forward multiply by W2?",
    ),
    "the input for a target": Mutant("(h2 @ V2 - h1)", "(h2 @ V2 - x[:, :1])", "described"),
    "no slope": Mutant(
        " * (1 - h2**2)", "", "slope-missing", "the slope of the second layer's tanh is missing",
        "What lies between what V2^T gives back and W2?",
    ),
    "the slope not squared": Mutant(
        "(1 - h2**2)", "(1 - h2)", "slope-not-squared", "1 - h2 stands where the slope of tanh belongs",
        "What is the slope of tanh where its output is 0, and where it is -1? And yours?",
    ),
    "no mean": Mutant("(h2 @ V2 - h1) / len(x)", "h2 @ V2 - h1", "count-missing"),
    "the first layer's gradient too": Mutant(
        "return grad_W2, grad_V2", "return x.T @ h1, grad_W2, grad_V2", "wrong-count"
    ),
    "the wrong order": Mutant("return grad_W2, grad_V2", "return grad_V2, grad_W2", "wrong-shape"),
    "the damaged code goes up": Mutant(
        "np.tanh(np.tanh(x @ W1) @ W2)", "np.tanh((np.tanh(x @ W1) * keep) @ W2)", "damaged-code@code"
    ),
    "the code below goes up": Mutant("np.tanh(np.tanh(x @ W1) @ W2)", "np.tanh(x @ W1)", "wrong-shape@code"),
    "no tanh on the way up": Mutant("np.tanh(np.tanh(x @ W1) @ W2)", "np.tanh(x @ W1) @ W2", "no-activation@code"),
}
