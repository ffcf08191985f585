"""Findings about the data: columns on different scales, outliers, labels among the features.

    Look, spelling -> Finding or None
"""

from __future__ import annotations

import numpy as np

from aescratch.backend import Array
from aescratch.foundations.language import gettext
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
            said = gettext(
                "{columns} hold {share} of the variance, and half of the other {others} keep an error of at least "
                "{error} of their own variance"
            )
            if needed == 1:
                said = gettext(
                    "{columns} holds {share} of the variance, and half of the other {others} keep an error of at least "
                    "{error} of their own variance"
                )
            error = percent(min(np.median(left), 1.0))
            return Finding(
                "unscaled-features",
                said.format(columns=_columns(large), share=percent(NEARLY_ALL), others=small.size, error=error),
                gettext("columns on one scale, {setting}").format(setting=spelling("scale", "standardize")),
            )
    offset = float(np.sqrt(np.square(look.mean).sum() / look.total))
    if offset > FAR_MEAN and look.explained < look.pca_explained - MISSED:
        return Finding(
            "unscaled-features",
            gettext(
                "the mean of the data lies {offset:.3g} times as far from zero as an example lies from the mean, and "
                "the model explains {explained} of the variance where PCA explains {by_pca}"
            ).format(offset=offset, explained=percent(look.explained), by_pca=percent(look.pca_explained)),
            gettext("columns around zero, {setting}").format(setting=spelling("scale", "standardize")),
        )
    return None


def constant_features(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if columns are constant and not zero."""
    columns = np.flatnonzero((look.variances == 0) & (look.mean != 0))
    if not columns.size or len(look.x) < 2:
        return None
    said = gettext("{columns} are constant, the first at {value:.4g}, and say nothing about an example")
    if columns.size == 1:
        said = gettext("{columns} is constant, at {value:.4g}, and says nothing about an example")
    first = said.format(columns=_columns(columns), value=look.mean[columns[0]])
    return Finding("constant-features", first, gettext("leaving them out"))


def outliers(look: Look, spelling: Spelling) -> Finding | None:
    """Return a finding if a few rows hold most of the squared distances."""
    if len(look.x) < FEWEST_ROWS or not look.total:
        return None
    squares = np.sort(np.square(look.x - look.mean).sum(axis=1))[::-1]
    held = np.cumsum(squares) / squares.sum()
    count = int(np.searchsorted(held, HALF)) + 1
    if count > max(1, round(FAR_ROWS * len(squares))):
        return None
    said = gettext(
        "{count} rows hold {share} of all squared distances from the mean, of {examined:,} rows examined, so the loss "
        "mostly measures these rows"
    )
    if count == 1:
        said = gettext(
            "1 row holds {share} of all squared distances from the mean, of {examined:,} rows examined, so the loss "
            "mostly measures these rows"
        )
    return Finding(
        "outliers",
        said.format(count=count, share=percent(float(held[count - 1])), examined=len(squares)),
        gettext("a look at these rows; then leave them out, or take the logarithm of columns with long tails"),
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
    codes = look.x[:, whole[0]]
    return Finding(
        "labels-among-features",
        gettext(
            "column {column} of {count} holds only the numbers {low:.0f} to {high:.0f}, and no other column is like "
            "that: it may be a label"
        ).format(column=whole[0] + 1, count=n_columns, low=codes.min(), high=codes.max()),
        gettext("leaving it out, if it is a label"),
    )


def _are_codes(column: Array) -> bool:
    """Whether a column holds 0, 1, ... or 1, 2, ..., few different numbers, each more than once."""
    values, counts = np.unique(column, return_counts=True)
    is_row = np.array_equal(values, np.arange(len(values)) + values[0]) and values[0] in (0, 1)
    return bool(is_row and 2 <= len(values) <= MOST_CLASSES and counts.min() > 1)


def _columns(columns: Array) -> str:
    """Return the columns in words, counted from 1 as in a table."""
    named = ", ".join(str(column + 1) for column in sorted(columns)[:MOST_NAMED])
    if columns.size > MOST_NAMED:
        return gettext("columns {named} and {more} more").format(named=named, more=columns.size - MOST_NAMED)
    return (gettext("columns {named}") if columns.size > 1 else gettext("column {named}")).format(named=named)
