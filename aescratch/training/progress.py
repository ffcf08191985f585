"""The progress bar, and its silent replacement."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from aescratch.backend import compiled
from aescratch.foundations.platforms import has_processes
from aescratch.training.plan import Plan


@contextlib.contextmanager
def progress_bar(plan: Plan, done: int) -> Iterator[Any]:
    """Show the progress, with a note while formulas are compiled; or show nothing."""
    if not plan.progress:
        yield _NoBar()
        return
    from tqdm.auto import tqdm

    if not has_processes():
        tqdm.monitor_interval = 0  # it would start a thread, which can't be had there either, and warn
    with (
        tqdm(total=plan.epochs, initial=done, unit="epoch", leave=False) as bar,
        compiled.telling(lambda name: bar.set_postfix_str(f"compiling {name}")),
    ):
        yield bar


class _NoBar:
    """A progress bar that shows nothing."""

    def set_postfix_str(self, text: str, refresh: bool = True) -> None:
        """Show no text."""

    def update(self) -> None:
        """Show no progress."""
