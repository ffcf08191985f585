"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

MUTANTS = {
    "the decoder isn't held": Mutant(
        "h.T @ grad_x_hat", "h.T @ grad_x_hat + g.T @ grad_x_gate", "not-held",
        "the auxiliary reconstruction also moves the decoder",
        "What does sg[W2] say about the auxiliary term?",
    ),
    "the gate learns nothing": Mutant("(grad_x_gate @ W2.T + weight / N) * (a_gate > 0)", "0 * a_gate", "zeros@grad_b"),
    "the gate isn't held back": Mutant(
        "(grad_x_gate @ W2.T + weight / N)", "(grad_x_gate @ W2.T)", "penalty-missing",
        "the penalty is missing in the gate's gradient",
        "Which terms of the loss contain g?",
    ),
    "the gate has no second reconstruction": Mutant(
        "(grad_x_gate @ W2.T + weight / N)", "(0 * g + weight / N)", "auxiliary-missing",
        "the auxiliary reconstruction is missing in the gate's gradient",
        "Which terms of the loss contain g?",
    ),
    "the first reconstruction moves the gate": Mutant(
        "(grad_x_gate @ W2.T + weight / N)", "((grad_x_gate + grad_x_hat) @ W2.T + weight / N)", "through-the-step",
        "the first reconstruction reaches the gate, although a step function is between",
        "If b grows a little, does h change?",
    ),
    "no mean of the penalty": Mutant(
        "weight / N", "weight", "penalty-mean",
        "the penalty's mean over the batch is missing",
        "By what does gated_loss divide the sum of g?",
    ),
    "gate forgotten": Mutant(
        "(grad_x_hat @ W2.T) * (a_gate > 0) * (a_mag > 0)", "(grad_x_hat @ W2.T) * (a_mag > 0)", "gate-shut",
        "the magnitude of units whose gate is shut gets a gradient",
        "Does h change with the magnitude where the gate is shut?",
    ),
    "no scale": Mutant(
        "np.exp(r) * grad_a_mag", "grad_a_mag", "scale-of-magnitude",
        "exp(r) is missing between the magnitude and p",
        "By which factor is p multiplied to give the magnitude?",
    ),
    "p for the magnitude": Mutant("(grad_a_mag * a_mag)", "(grad_a_mag * p)", "factor-missing@grad_r"),
    "magnitude without directions": Mutant(
        "grad_a_gate + np.exp(r) * grad_a_mag", "grad_a_gate", "path-missing",
        "what the magnitude sends back to the directions is missing",
        "Along how many paths does p reach the loss?",
    ),
}
