"""The path of the report, tested for writing before the work begins."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FILE_NAME = "report.html"


def report_path(out: str) -> Path:
    """Return the report's path: out, or report.html in this folder; raise OSError if it can't be written."""
    path = Path(out)
    if path.is_dir() or out.endswith(("/", os.sep)):
        path /= FILE_NAME
    with contextlib.suppress(FileNotFoundError):
        path.stat()  # raises for a name that is too long
    probe = path.with_name(f".{os.getpid()}.part")
    probe.touch(exist_ok=False)
    probe.unlink()
    return path
