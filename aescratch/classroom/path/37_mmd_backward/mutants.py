"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "one side of the pair": Mutant(
        "-4 / C * (codes", "-2 / C * (codes", "one-side",
        "the repulsion between codes has half its size",
        "How often does the kernel between codes contain the pair n, m? Don't forget (m, n).",
    ),
    "no kernel's square": Mutant(
        "codes[:, :, None] ** 2", "codes[:, :, None]", "square-of-kernel",
        "the kernel between codes isn't squared",
        "What is the derivative of C / (C + s) with respect to s?",
    ),
    "no samples": Mutant(
        "repelling + attracting", "repelling", "attraction-missing",
        "the attraction by the samples is missing",
        "In which of the three kernels does h stand?",
    ),
    "only samples": Mutant(
        "repelling + attracting", "attracting", "repulsion-missing",
        "the repulsion between codes is missing",
        "In which of the three kernels does h stand?",
    ),
    "attracted by codes": Mutant(
        "-4 / C * (codes", "4 / C * (codes", "repulsion-reversed",
        "codes attract each other; the sign of that term is reversed",
        "Does the discrepancy grow or fall when two codes come nearer to each other?",
    ),
    "all pairs": Mutant(
        "(codes[:, :, None] ** 2 * to_codes).sum(axis=1) / (N * (N - 1))",
        "(codes[:, :, None] ** 2 * to_codes).sum(axis=1) / N**2", "number-of-pairs",
        "pairs of codes are divided by N², but there are N (N - 1) of them",
        "By what does the forward divide the sum over pairs of codes?",
    ),
    "no width": Mutant(
        "4 / C * (samples", "4 * (samples", "width-missing",
        "the division by C is missing where samples attract",
        "What is the derivative of C / (C + s) with respect to s, through the kernel itself?",
    ),
    "down the wrong axis": Mutant(
        "(samples[:, :, None] ** 2 * to_samples).sum(axis=1)", "(samples[:, :, None] ** 2 * to_samples).sum(axis=0)",
        "other-axis",
        "the attraction is summed over the codes instead of the samples",
        "Which index of the kernel between codes and samples counts the codes? Over which must you sum?",
    ),
}
