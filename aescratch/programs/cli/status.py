"""Exit statuses, and the two kinds of errors: those that the user can correct, and failures of the system."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Collection, Iterator

from aescratch.foundations.language import gettext

RIGHT = 0  # also: a check that passes
FAIL = 1  # a check that fails, a training that diverges
WRONG_USAGE = 2
INCONCLUSIVE = 3
BROKEN = 4  # disk full, no GPU, a closed pipe
INTERRUPTED = 130  # as a shell reports Control-C


class UsageError(Exception):
    """The command is invalid; the message is one sentence for the user."""


@contextlib.contextmanager
def usage_error(*kinds: type[Exception]) -> Iterator[None]:
    """Turn exceptions of these kinds, whose messages are sentences for the user, into a `UsageError`."""
    try:
        yield
    except kinds as error:
        raise UsageError(str(error)) from error


@contextlib.contextmanager
def wrong_input() -> Iterator[None]:
    """Turn the package's errors about its arguments into a `UsageError`.

    Use it only around calls with the user's own values: elsewhere a ValueError is a bug, and keeps its traceback.
    """
    try:
        with usage_error(ValueError, TypeError):
            yield
    except FileNotFoundError as error:
        missing = error.strerror is not None  # raised by the system, not by a loader with its own message
        absent = gettext("there is no file or folder {path!r}; check the path").format(path=str(error.filename))
        raise UsageError(absent if missing else str(error)) from error


def did_you_mean(word: str, known: Collection[str], before: str = "") -> str:
    """Return the end of a sentence that proposes the nearest known word, or an empty text if none is near.

    A word that begins like this one is the nearest. `before` is written before the word.

    Examples
    --------
    >>> did_you_mean("spars", ["sparse", "stacked"])
    '; did you mean sparse?'
    """
    begins = [each for each in known if word and each.startswith(word)]
    near = begins or difflib.get_close_matches(word, known, n=1)
    return gettext("; did you mean {word}?").format(word=before + near[0]) if near else ""
