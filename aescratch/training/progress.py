"""The progress bar, and what stands in its place."""

from __future__ import annotations

import contextlib
from typing import Any

from aescratch.training.plan import Plan


def progress_bar(plan: Plan, done: int) -> Any:
    """Return the bar that shows the progress, or what does nothing in its place."""
    if not plan.progress:
        return _NoBar()
    from tqdm.auto import tqdm

    return tqdm(total=plan.epochs, initial=done, unit="epoch", leave=False)


class _NoBar(contextlib.AbstractContextManager["_NoBar"]):
    """A progress bar that shows nothing."""

    def __exit__(self, *error: object) -> None:
        """Leave nothing behind."""

    def set_postfix_str(self, text: str, refresh: bool = True) -> None:
        """Show no text."""

    def update(self) -> None:
        """Show no progress."""
