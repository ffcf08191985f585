"""Text on a terminal, where a Korean letter is two columns wide.

    "편향" -> 4 columns;   padded -> the columns of a table line up;   wrapped -> no line is wider than the terminal
"""

import textwrap
import unicodedata

FILLER = "\0"  # follows each wide letter, so that a length is a width


def columns_of(text: str) -> int:
    """Return the width of a text in columns.

    Examples
    --------
    >>> columns_of("bias"), columns_of("편향")
    (4, 4)
    """
    return len(stretched(text))


def padded(text: str, columns: int) -> str:
    """Return a text followed by spaces, at least this many columns wide.

    Examples
    --------
    >>> padded("편향", 6) + "|"
    '편향  |'
    """
    return text + " " * (columns - columns_of(text))


def wrapped_lines(text: str, columns: int, indent: str = "", first_indent: str = "") -> list[str]:
    """Return the lines of a text wrapped between words, those after the first indented.

    Examples
    --------
    >>> wrapped_lines("편향을 더하는 층", 9)
    ['편향을', '더하는 층']
    """
    lines = textwrap.wrap(
        stretched(text), columns, initial_indent=first_indent, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace(FILLER, "") for line in lines]


def stretched(text: str) -> str:
    """Return a text with a filler after each wide letter, so that its length is its width."""
    return "".join(f"{letter}{FILLER}" if unicodedata.east_asian_width(letter) in "WF" else letter for letter in text)
