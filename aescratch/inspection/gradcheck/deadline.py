"""A time limit on a call: a call that never ends must not block its caller.

    limited(call, seconds) -> what call returns, or OutOfTime

In the main thread on Unix, a timer's signal interrupts the call, even if it sleeps. Elsewhere the call runs in its own
thread, which can't be killed: a loop in Python is interrupted, a sleeping call is left behind. Where there are no
threads either, as in a browser, there is no limit.
"""

from __future__ import annotations

import contextvars
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")
RING_AGAIN = 1.0  # seconds later: Python drops exceptions that are raised during cleanup
GLANCE = 0.05  # seconds between two checks of a thread, at which Control-C is noticed


class OutOfTime(BaseException):  # not an Exception, which the call might catch
    """A call took longer than its limit."""


def limited(call: Callable[[], Result], seconds: float | None) -> Result:
    """Return call(), or raise after this many seconds; None sets no limit.

    Raises
    ------
    OutOfTime
        If the call takes longer.

    Examples
    --------
    >>> limited(lambda: 6 * 7, 10.0)
    42
    """
    if seconds is None:
        return call()
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _with_a_timer(call, seconds)
    return _in_a_thread(call, seconds)


def _with_a_timer(call: Callable[[], Result], seconds: float) -> Result:
    """Return call(), or raise OutOfTime in it when the time is up; a timer that was running continues afterwards.

    A signal may arrive between any two steps of this function. So the timer is set within the block that stops it, and
    a context manager of contextlib wouldn't do: a signal between its steps would leave the timer running.
    """
    is_calling: list[bool] = []
    rung: list[int] = []

    def ring(number: int, frame: Any) -> None:
        rung.append(number)
        if is_calling and (len(rung) > 1 or not _is_in_del(frame)):
            raise OutOfTime

    def drop(lost: Any) -> None:
        if lost.exc_type is not OutOfTime:  # the next ring ends the call
            report(lost)

    started, left, every = time.monotonic(), 0.0, 0.0
    report, handler = sys.unraisablehook, signal.signal(signal.SIGALRM, ring)
    try:
        sys.unraisablehook = drop
        left, every = signal.setitimer(signal.ITIMER_REAL, seconds, RING_AGAIN)
        try:
            is_calling.append(True)
            return call()
        finally:
            is_calling.clear()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        sys.unraisablehook = report
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 1e-3), every)


def _is_in_del(frame: Any) -> bool:
    """Whether an object's __del__ is running: Python would only print an exception there, and go on."""
    while frame is not None and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    return frame is not None


def _in_a_thread(call: Callable[[], Result], seconds: float) -> Result:
    """Return call(), run in a new thread with the settings of this thread."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # raised again in the waiting thread
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no thread can be started
        return call()
    end = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < end:
        thread.join(GLANCE)
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(OutOfTime))
        thread.join(GLANCE)  # a loop in Python ends now, before the values that it works on are restored
        raise OutOfTime
    if errors:
        raise errors[0]
    return results[0]
