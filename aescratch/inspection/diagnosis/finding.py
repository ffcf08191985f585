"""The parts of a diagnosis: findings, each with a code, a sentence with its numbers, and what to try.

Advice names settings. A spelling writes them as the caller would: ``epochs=300`` or ``--epochs 300``.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import NamedTuple

from aescratch.foundations.language import gettext

Spelling = Callable[[str, str], str]
"""Maps a setting and its value to the text that the caller would write."""


def PYTHON(name: str, value: str) -> str:
    """Return a setting as a Python argument.

    Examples
    --------
    >>> PYTHON("epochs", "300"), PYTHON("code_activation", "identity"), PYTHON("learning_rate", "0.001")
    ('epochs=300', 'code_activation=ae.Identity', 'optimizer=ae.Adam(0.001)')
    >>> PYTHON("sparsity", "kl:0.05:0.5"), PYTHON("scale", "standardize")
    ('sparsity=ae.KLSparsity(0.05, 0.5)', 'ae.Scaling.fit(x).apply(x)')
    """
    if name == "learning_rate":
        return f"optimizer=ae.Adam({value})"
    if name == "scale":
        return "ae.Scaling.fit(x).apply(x)"
    words = {
        "identity": "ae.Identity", "relu": "ae.ReLU", "bce": "ae.BinaryCrossEntropy()", "kl": "ae.KLSparsity",
        "l1": "ae.L1Sparsity",
    }  # fmt: skip
    kind, *numbers = value.split(":")
    return f"{name}={words.get(kind, kind)}" + (f"({', '.join(numbers)})" if numbers else "")


def COMMAND_LINE(name: str, value: str) -> str:
    """Return a setting as an option of the command line.

    Examples
    --------
    >>> COMMAND_LINE("learning_rate", "0.001"), COMMAND_LINE("reconstruction", "bce")
    ('--learning-rate 0.001', '--reconstruction bce')
    """
    return f"--{name.replace('_', '-')} {value}"


def percent(share: float) -> str:
    """Return a share of the variance as a percentage; a negative share, of a model worse than the mean, counts as 0.

    Examples
    --------
    >>> percent(0.42), percent(-3.8)
    ('42 %', '0 %')
    """
    return f"{100 * max(share, 0.0):.0f} %"


class Finding(NamedTuple):
    """One thing that is wrong with a training.

    Attributes
    ----------
    code : str
        The kind of finding, for programs, such as ``"no-better-than-mean"``.
    says : str
        One sentence with the numbers that show it.
    advice : str
        What to try.
    """

    code: str
    says: str
    advice: str

    def __str__(self) -> str:
        return gettext("{code}: {says}; try {advice}").format(code=self.code, says=self.says, advice=self.advice)

    def as_html(self) -> str:
        """Return what it says and what to try as two sentences, escaped for HTML."""
        return gettext("{says}. Try {advice}.").format(says=escape(self.says), advice=escape(self.advice))

    def to_dict(self) -> dict[str, str]:
        """Return the finding for JSON, the advice as ``"try"``.

        Examples
        --------
        >>> Finding("still-falling", "the loss still falls", "epochs=300").to_dict()
        {'code': 'still-falling', 'says': 'the loss still falls', 'try': 'epochs=300'}
        """
        return {"code": self.code, "says": self.says, "try": self.advice}


class Diagnosis(tuple[Finding, ...]):
    """The findings about a training, most serious first; empty if nothing is wrong.

    Parameters
    ----------
    findings : iterable of Finding
        Most serious first.

    Examples
    --------
    >>> print(Diagnosis([Finding("still-falling", "the loss still falls", "epochs=300")]))
    still-falling: the loss still falls; try epochs=300
    >>> print(Diagnosis([]))
    nothing found
    """

    @property
    def codes(self) -> list[str]:
        """The findings' codes, in order."""
        return [finding.code for finding in self]

    def to_list(self) -> list[dict[str, str]]:
        """Return the findings for JSON."""
        return [finding.to_dict() for finding in self]

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or gettext("nothing found")

    def __repr__(self) -> str:
        return str(gettext("<Diagnosis: {codes}>").format(codes=", ".join(self.codes) or gettext("nothing found")))

    def _repr_html_(self) -> str:
        rows = [f"<li><strong>{escape(each.code)}</strong>: {each.as_html()}</li>" for each in self]
        return f"<ul>{''.join(rows)}</ul>" if rows else f"<p>{gettext('nothing found')}</p>"
