"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "another expectation": Mutant('PREDICTION = "b"', 'PREDICTION = "c"', "wrong-prediction"),
    "equal shares": Mutant(
        "share = w / w.sum(axis=1)[:, None]", "share = np.full(w.shape, 1 / w.shape[1])", "collapsed@grad_log_w"
    ),
    "a mean too many": Mutant(
        "share = w / w.sum(axis=1)[:, None]", "share = w / w.sum(axis=1)[:, None] / w.shape[1]", "scale@grad_log_w"
    ),
    "over the mean": Mutant("w.sum(axis=1)", "w.mean(axis=1)", "scale@grad_log_w"),
    "not divided": Mutant(
        "share = w / w.sum(axis=1)[:, None]", "share = np.exp(log_w)", "factor-replaced@grad_log_w"
    ),
    "over the batch": Mutant(
        "w.sum(axis=1)[:, None]", "w.sum(axis=0)", "over-the-batch",
        "each sample's share is of the sum over the batch, not of the sum over its own example",
        "Over which index is the mean in log_mean_exp?",
    ),
    "overflow": Mutant("log_w - log_w.max(axis=1)[:, None]", "log_w", "not-finite"),
    "no upstream": Mutant("grad_y[:, None] * share", "share", "upstream-ignored"),
}
