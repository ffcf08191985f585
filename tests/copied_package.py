"""A copy of the repository to which a test adds something, and Python run in it."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
COPIED = ("aescratch", "tests", "docs", "conftest.py", "setup.cfg", "README.md", "README.ko.md", "CHANGELOG.md", "tutorials")


def copy_package(folder):
    """Copy what the package's own tests read into the folder, and return it."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.ipynb"))
        else:
            shutil.copy(source, folder / name)
    return folder


def run_python(folder, *words):
    """Run Python with these arguments in the folder, so that it imports its package, and return the finished process."""
    without_here = ["-P"] if sys.version_info >= (3, 11) else []
    environment = {
        **os.environ, "PYTHONPATH": str(folder), "AESCRATCH_TEST_TURN": "all",
        "PYTHONDONTWRITEBYTECODE": "",  # compiled once for all runs
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, *without_here, *words], cwd=folder, env=environment, capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
