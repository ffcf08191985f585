"""The tutorials as pages whose code runs: read from the repository's scripts, and set in the browser.

    tutorials/NN_name.py, in the percent format -> cells of prose and of code

They lie beside the package in its repository, and don't come with an installed one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import aescratch as ae
from aescratch.classroom.packaging.cells import CODE, MARKDOWN, Cell

FOLDER = Path(ae.__file__).resolve().parents[1] / "tutorials"
MARK = re.compile(r"^# %%(?: \[(markdown)\])?.*\n", re.MULTILINE)
PROMISE = re.compile(r"\*\*In one line:\*\* (.+?)(?:\n\n|\Z)", re.DOTALL)

# What exercises of the built-in path practise of each.
PRACTISED = {
    "02_one_step_by_hand": ("sigmoid_backward", "squared_error_backward", "autoencoder_backward"),
    "03_dense_backward": ("dense_forward", "dense_backward"),
    "04_relu_and_gelu": ("relu_backward", "gelu_backward", "gelu_tanh_backward"),
    "05_checking_a_gradient": ("find_the_bug_1", "find_the_bug_2", "find_the_bug_3", "own_checker"),
    "06_linear_is_pca": ("weight_decay",),
    "07_denoising": ("denoising",),
    "08_sparsity": ("kl_sparsity_backward", "l1_sparsity_backward", "top_k_backward"),
    "09_tied_and_contractive": ("tied_weights", "contraction_backward"),
    "10_stacking": ("pretraining", "fine_tuning", "xavier_uniform"),
    "11_ae_against_vae": ("reparameterize_backward", "gaussian_kl_backward", "vae_backward"),
    "14_straight_through": ("straight_through_backward", "vq_backward"),
    "15_sparse_dictionaries": ("jump_relu_backward", "gated_backward"),
    "16_bounds": ("log_mean_exp_backward",),
}


class Tutorial(NamedTuple):
    """A tutorial: its file's name, its title, what it shows in one line, and its cells."""

    name: str
    title: str
    line: str
    cells: list[Cell]


def tutorials(folder: Path = FOLDER) -> list[Tutorial]:
    """Return the tutorials of a folder, in order; none if there is no such folder."""
    return [tutorial_of(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("[0-9][0-9]_*.py"))]


def tutorial_of(name: str, text: str) -> Tutorial:
    """Return a tutorial from the text of its script.

    Examples
    --------
    >>> tutorial = tutorial_of("01_twice", "# %% [markdown]\\n# # 1. Twice\\n#\\n# Double it.\\n\\n# %%\\ny = 2 * 2\\n")
    >>> tutorial.title, [cell.kind for cell in tutorial.cells], tutorial.cells[1].text
    ('1. Twice', ['markdown', 'code'], 'y = 2 * 2')
    """
    _, *parts = MARK.split(text)  # what stands before the first mark is for tools
    cells = []
    for kind, body in zip(parts[::2], parts[1::2], strict=True):
        content = re.sub(r"^# ?", "", body, flags=re.MULTILINE) if kind else body
        cells.append(Cell(MARKDOWN if kind else CODE, content.strip("\n")))
    prose = next((cell.text for cell in cells if cell.kind == MARKDOWN), "")
    title = re.match(r"# (.+)", prose)
    promise = PROMISE.search(prose)
    return Tutorial(name, title[1] if title else name, " ".join(promise[1].split()) if promise else "", cells)
