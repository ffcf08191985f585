"""Every case of the corpus: a file, a pass in it, and how it is checked."""

import functools

from .checking import CODE, PATH, Case, Exercise, Functions, Layer, Model
from .drawing import draws

CASES = {}


def case(kind, file, name, functions, way, make):
    full = f"{file}: {name}"
    assert full not in CASES, full
    CASES[full] = Case(full, kind, CODE / f"{file}.py", tuple(functions.split()), way, make)


def pair(kind, file, forward, backward, make, wrt=""):
    case(kind, file, backward, backward, Functions(forward, backward, tuple(wrt.split())), make)


# Functions

function = functools.partial(pair, "function")
dense = draws(x="N D", W="D H", b="H")
for style in ("at_once", "by_names", "by_rows", "einsum", "transposed"):
    function("dense", "dense", f"backward_{style}", dense)
function("dense", "dense_tanh", "dense_tanh_backward", dense)
function("dense", "affine_relu", "affine_relu_backward", draws(x="N D", w="D H", b="H"))
function("dense", "residual", "residual_backward", draws(x="N D", W="D D", b="D"))
function("dense", "gate", "gate_backward", draws(x="N D", W="D H", V="D H"))


# Exercises


def exercise(folder, functions, make):
    text = "".join(folder.split("_", 1)[1:])
    CASES[f"exercise: {text}"] = Case(
        f"exercise: {text}", "exercise", PATH / folder / "solution.py", tuple(functions.split()),
        Exercise(folder, tuple(functions.split())), make,
    )  # fmt: skip


exercise("02_dense_backward", "dense_backward", draws(grad_y="N H", x="N D", W="D H"))
exercise("22_vae_backward", "vae_backward", draws(x="N D", eps="N K", W1="D H", W_mu="H K", W_log_var="H K", W2="K D", beta=0.7))
