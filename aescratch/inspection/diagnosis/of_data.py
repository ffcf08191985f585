"""Findings about the data: columns on different scales, outliers, labels among the features.

    Look, spelling -> Finding or None
"""

from __future__ import annotations

import numpy as np

from aescratch.backend import Array
from aescratch.inspection.diagnosis.finding import Finding, Spelling, percent
from aescratch.inspection.diagnosis.look import Look

LARGER = 100.0  # times the median column's variance
FEW_COLUMNS = 0.3  # the share of the columns that hold nearly everything
NEARLY_ALL = 0.95
UNLEARNED = 0.5  # of a column's variance that is explained
FAR_MEAN = 10.0  # standard deviations from zero
MISSED = 0.05  # of the variance: what PCA explains and the model doesn't
FAR_ROWS = 0.01  # the share of the rows
HALF = 0.5  # of the squares
FEWEST_ROWS = 50
MOST_CLASSES = 30
MOST_NAMED = 6


def unscaled_features(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if few columns hold nearly all of the variance, or if the data lie far from zero."""
    if not look.restores:
        return None
    assert look.x_hat is not None
    varies = np.flatnonzero(look.variances)
    variances = look.variances[varies]
    order = np.argsort(variances)[::-1]
    needed = int(np.searchsorted(np.cumsum(variances[order]), NEARLY_ALL * look.total)) + 1
    large, small = varies[order[:needed]], varies[order[needed:]]
    if small.size and needed <= FEW_COLUMNS * varies.size and variances.max() > LARGER * np.median(variances):
        left = np.square(look.x_hat - look.x).mean(axis=0)[small] / look.variances[small]
        if np.median(left) > UNLEARNED:
            return Finding(
                "unscaled-features",
                f"{_columns(large)} {'holds' if needed == 1 else 'hold'} {100 * NEARLY_ALL:.0f} % of the variance, "
                f"and half of the other {small.size} keep an error of at least {percent(min(np.median(left), 1.0))} "
                "of their own variance",
                f"columns on one scale, {spelling('scale', 'standardize')}",
            )
    offset = float(np.sqrt(np.square(look.mean).sum() / look.total))
    if offset > FAR_MEAN and look.explained < look.pca_explained - MISSED:
        return Finding(
            "unscaled-features",
            f"the mean of the data lies {offset:.3g} times as far from zero as an example lies from the mean, "
            f"and the model explains {percent(look.explained)} of the variance where PCA explains "
            f"{percent(look.pca_explained)}",
            f"columns around zero, {spelling('scale', 'standardize')}",
        )
    return None


def constant_features(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if columns are constant and not zero."""
    columns = np.flatnonzero((look.variances == 0) & (look.mean != 0))
    if not columns.size or len(look.x) < 2:
        return None
    first = columns[0]
    return Finding(
        "constant-features",
        f"{_columns(columns)} {'is' if columns.size == 1 else 'are'} constant, {'the first ' * (columns.size > 1)}"
        f"at {look.mean[first]:.4g}, and {'says' if columns.size == 1 else 'say'} nothing about an example",
        "leaving them out",
    )


def outliers(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if a few rows hold most of the squared distances."""
    if len(look.x) < FEWEST_ROWS or not look.total:
        return None
    squares = np.sort(np.square(look.x - look.mean).sum(axis=1))[::-1]
    held = np.cumsum(squares) / squares.sum()
    count = int(np.searchsorted(held, HALF)) + 1
    if count > max(1, round(FAR_ROWS * len(squares))):
        return None
    share = float(held[count - 1])
    rows = "1 row holds" if count == 1 else f"{count} rows hold"
    return Finding(
        "outliers",
        f"{rows} {100 * share:.0f} % of all squared distances from the mean, of {len(squares):,} rows examined, so "
        "the loss mostly measures these rows",
        "a look at these rows; then leave them out, or take the logarithm of columns with long tails",
    )


def labels_among_features(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if only the first or the last column holds small whole numbers, as labels do."""
    n_columns = look.x.shape[1]
    if len(look.x) < FEWEST_ROWS or n_columns < 3:
        return None
    whole = [column for column in range(n_columns) if _are_codes(look.x[:, column])]
    others_continue = all((look.x[:, c] != np.round(look.x[:, c])).any() for c in range(n_columns) if c not in whole)
    if len(whole) != 1 or whole[0] not in (0, n_columns - 1) or not others_continue:
        return None
    return Finding(
        "labels-among-features",
        f"column {whole[0] + 1} of {n_columns} holds only the numbers {_from_to(look.x[:, whole[0]])}, and no "
        "other column is like that: it may be a label",
        "leaving it out, if it is a label",
    )


def _are_codes(column: Array) -> bool:
    """Whether a column holds 0, 1, ... or 1, 2, ..., few different numbers, each more than once."""
    values, counts = np.unique(column, return_counts=True)
    is_row = np.array_equal(values, np.arange(len(values)) + values[0]) and values[0] in (0, 1)
    return bool(is_row and 2 <= len(values) <= MOST_CLASSES and counts.min() > 1)


def _from_to(column: Array) -> str:
    return f"{column.min():.0f} to {column.max():.0f}"


def _columns(columns: Array) -> str:
    """Return the columns in words, counted from 1 as in a table."""
    named = ", ".join(str(column + 1) for column in sorted(columns)[:MOST_NAMED])
    more = f" and {columns.size - MOST_NAMED} more" if columns.size > MOST_NAMED else ""
    return f"column{'s' * (columns.size > 1)} {named}{more}"
