"""What a machine may lack: a browser's own Python has no processes, threads or signals, and no terminal.

    require_processes("aescratch bench", "...")  -> NoProcessesError, one sentence with what to use instead
"""

import sys

from aescratch.foundations.language import gettext

IN_BROWSERS = ("emscripten", "wasi")  # what sys.platform is called there


class NoProcessesError(RuntimeError):
    """What was asked for needs other processes, and this machine has none; the message is one sentence."""


def has_processes() -> bool:
    """Whether this Python can start other processes."""
    return sys.platform not in IN_BROWSERS


def require_processes(what: str, instead: str) -> None:
    """Raise a `NoProcessesError` with what to use instead, unless there are processes.

    Examples
    --------
    >>> require_processes("grading", "grade on Linux")
    """
    if not has_processes():
        message = gettext("{what} needs processes, which a browser's Python doesn't have; {instead}")
        raise NoProcessesError(message.format(what=gettext(what), instead=gettext(instead)))
