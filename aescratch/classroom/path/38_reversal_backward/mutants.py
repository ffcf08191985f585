"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "not reversed": Mutant(
        "- weight * np.outer", "+ weight * np.outer", "not-reversed",
        "the discriminator's gradient isn't reversed: the encoder helps the discriminator",
        "If the encoder takes a descent step, whose loss falls?",
    ),
    "all reversed": Mutant(
        "grad_x_hat @ W2.T - weight *", "-grad_x_hat @ W2.T - weight *", "reconstruction-reversed",
        "the reconstruction's gradient is reversed too",
        "Which of the two terms do encoder and discriminator change in opposite directions?",
    ),
    "the discriminator reversed": Mutant(
        "z.T @ grad_of_samples + h.T @ grad_of_codes", "-(z.T @ grad_of_samples + h.T @ grad_of_codes)",
        "discriminator-reversed",
        "the discriminator's own gradient is reversed",
        "Where does the reversal lie: before the discriminator, or after it?",
    ),
    "the encoder doesn't mind": Mutant(
        " - weight * np.outer(grad_of_codes, v)", "", "path-missing",
        "the discriminator's gradient for the codes doesn't reach the encoder",
        "Along how many paths does h reach the loss?",
    ),
    "weight forgotten": Mutant(
        "- weight * np.outer", "- np.outer", "weight-missing",
        "the weight is missing where the gradient is reversed",
        "By what is the gradient multiplied between the discriminator and the encoder?",
    ),
    "weight twice": Mutant(
        "z.T @ grad_of_samples + h.T @ grad_of_codes", "weight * (z.T @ grad_of_samples + h.T @ grad_of_codes)",
        "weight-extra",
        "the weight also multiplies the discriminator's own gradient",
        "Does the gradient of v go through the reversal?",
    ),
    "codes alone": Mutant(
        "z.T @ grad_of_samples + h.T @ grad_of_codes", "h.T @ grad_of_codes", "samples-missing",
        "the samples' part of the discriminator's gradient is missing",
        "In which two terms of the cross-entropy does v appear?",
    ),
    "labels exchanged": Mutant(
        "grad_of_codes = p_codes / (2 * N)", "grad_of_codes = (p_codes - 1) / (2 * N)", "label-of-codes",
        "the codes have the samples' label",
        "The logit of a code should be small. Does its cost grow or fall with the logit?",
    ),
    "the mean of one half": Mutant(
        "p_codes / (2 * N)", "p_codes / N", "number-of-rows",
        "the codes' cost is divided by N; the cross-entropy is a mean over samples and codes, 2 N rows",
        "By what does adversarial_loss divide the cross-entropy?",
    ),
}
