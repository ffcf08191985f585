"""The table of the tour, as text: one aligned line per variant, of at most 100 columns, printed one by one."""

from __future__ import annotations

from aescratch.foundations.columns import columns_of, padded
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.programs.tour.experiment import Row

HEAD = (
    gettext_noop("variant"), gettext_noop("parameters"), gettext_noop("gradient check"), gettext_noop("code"), "SSE",
    "PCA", gettext_noop("active"), gettext_noop("accuracy"), gettext_noop("seconds"),
)  # fmt: skip
WIDTHS = (-15, 10, -20, 4, 6, 6, 6, 8, 7)  # negative: aligned to the left
LEGEND = gettext_noop(
    "gradient check: largest relative error in float64; if the check fails, its verdict follows\n"
    "SSE: squared error per unseen digit; PCA: that of as many principal components as the code has units\n"
    "active: share of code units with |h| > 0.01, so small ones count, too\n"
    "accuracy: of a linear probe on the code (ridge regression), of the softmax head for the classifier"
)


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as text, column by column.

    Examples
    --------
    >>> cells(Row("linear", 2128, 1e-9, "pass", 16, 0.5, 0.25, 0.98, 0.912, 1.23))
    ('linear', '2,128', '1.0e-09', '16', '0.500', '0.250', '98 %', '91.2 %', '1.2')
    """
    verdict = "" if row.check_verdict == "pass" else f" {gettext(row.check_verdict)}"
    return (
        row.variant, f"{row.parameters:,}", f"{row.check_error:.1e}{verdict}", str(row.code_width),
        number(row.sse), number(row.pca_sse), f"{100 * row.active:.0f} %", f"{100 * row.accuracy:.1f} %",
        f"{row.seconds:.1f}",
    )  # fmt: skip


def number(value: float | None) -> str:
    """Return a squared error as text, or a dash for None."""
    return "–" if value is None else f"{value:.3f}"


def head() -> tuple[str, ...]:
    """Return the names of the columns, in the language in force."""
    return tuple(gettext(name) for name in HEAD)


def line(texts: tuple[str, ...]) -> str:
    """Return the cells of one row, or the head, as one aligned line."""
    pairs = zip(texts, WIDTHS, strict=True)
    return "  ".join(
        padded(text, -width) if width < 0 else " " * (width - columns_of(text)) + text for text, width in pairs
    ).rstrip()
