"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "nothing goes through": Mutant(
        "grad_x_hat @ W2.T + beta * (2 * (h - q) / N)", "beta * (2 * (h - q) / N)", "not-straight-through",
        "the decoder's gradient for q doesn't reach the encoder",
        "What does the straight-through rule pass on to h?",
    ),
    "the decoder moves the codebook": Mutant(
        "2 * (q - h) / N", "2 * (q - h) / N + grad_x_hat @ W2.T", "to-the-codebook",
        "the decoder's gradient for q also goes to the codebook",
        "Which terms of the loss may move an entry?",
    ),
    "no commitment": Mutant(
        " + beta * (2 * (h - q) / N)", "", "commitment-missing",
        "the commitment term is missing from what the encoder gets",
        "In which two terms of the loss is h not a constant?",
    ),
    "beta at the codebook": Mutant(
        "2 * (q - h) / N\n    grad_E = np.zeros_like(E)\n    np.add.at(grad_E, indices, grad_q)\n"
        "    grad_h = grad_x_hat @ W2.T + beta * (2 *",
        "beta * 2 * (q - h) / N\n    grad_E = np.zeros_like(E)\n    np.add.at(grad_E, indices, grad_q)\n"
        "    grad_h = grad_x_hat @ W2.T + (2 *", "scale@grad_E"
    ),
    "no stop-gradient": Mutant(
        "2 * (q - h) / N\n    grad_E = np.zeros_like(E)\n    np.add.at(grad_E, indices, grad_q)\n"
        "    grad_h = grad_x_hat @ W2.T + beta * (2 *",
        "(1 + beta) * 2 * (q - h) / N\n    grad_E = np.zeros_like(E)\n    np.add.at(grad_E, indices, grad_q)\n"
        "    grad_h = grad_x_hat @ W2.T + (1 + beta) * (2 *", "scale@grad_E"
    ),
    "the last one wins": Mutant(
        "np.add.at(grad_E, indices, grad_q)", "grad_E[indices] += grad_q", "not-added-up",
        "an entry that several codes chose has the gradient of one of them only",
        "What does grad_E[indices] += ... do if a number occurs twice in indices?",
    ),
    "towards the wrong side": Mutant(
        "beta * (2 * (h - q)", "beta * (2 * (q - h)", "commitment-reversed",
        "the commitment term pushes codes away from their entries: its sign is reversed",
        "If h is larger than q and grows, does the distance grow?",
    ),
    "codes for entries": Mutant(
        "q.T @ grad_x_hat", "h.T @ grad_x_hat", "code-for-entry",
        "h is used where q belongs in the gradient of W2",
        "Which array did the forward multiply by W2?",
    ),
    "no mean": Mutant(
        "(x_hat - x) / N", "x_hat - x", "no-mean",
        "the reconstruction's mean over the batch is missing",
        "By what does vq_loss divide the first term?",
    ),
}
