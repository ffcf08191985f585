"""Typical mistakes, and how each must be answered."""

from aescratch.classroom import Mutant

B = "grad_y.sum(axis=0)"
MUTANTS = {
    "bias averaged": Mutant(B, "grad_y.mean(axis=0)", "scale@grad_b"),
    "bias not summed": Mutant(B, "grad_y.copy()", "wrong-shape@grad_b"),
    "bias summed over units": Mutant(B, "grad_y.sum(axis=1)", "wrong-shape@grad_b"),
    "bias of the last example": Mutant(B, "grad_y[-1].copy()", "some-examples@grad_b"),
    "weights averaged": Mutant("x.T @ grad_y", "x.T @ grad_y / len(x)", "scale@grad_W"),
    "weights transposed": Mutant("x.T @ grad_y", "grad_y.T @ x", "wrong-shape@grad_W"),
    "minus": Mutant("grad_y @ W.T", "-grad_y @ W.T", "sign@grad_x"),
    "not transposed": Mutant("grad_y @ W.T", "grad_y @ W", "raised"),
    "two returned": Mutant("return grad_x, grad_W, grad_b", "return grad_x, grad_W", "wrong-count"),
}
