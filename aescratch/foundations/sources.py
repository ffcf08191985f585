"""Python files of other people: students', teachers', users' own, always compiled from the text that is there now.

    file --module_of_file--> module;   import_from_source(): what these files import is compiled anew, too
    exception --innermost--> the last of its frames that lies in such a file

Python would keep the bytecode in a folder `__pycache__` beside the file, and take it for up to date as long as size and
second of the file are the same: a file that is saved twice within a second would be looked at as it was before. So
bytecode of such files is neither read nor written, whatever the settings of Python are.
"""

from __future__ import annotations

import importlib.util
import linecache
import os
import stat
import sys
import traceback
import types
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
LIBRARY = Path(os.__file__).resolve().parent  # Python's own
INSTALLED = {"site-packages", "dist-packages"}
MADE = ("<frozen ", "<string>", "<__array_function__")  # how code is called that Python, or NumPy, makes for itself


class FromSource(SourceFileLoader):
    """Loads a module from its text, and from nothing else."""

    def get_code(self, fullname: str) -> types.CodeType:
        """Return the code of the module, compiled now."""
        linecache.cache.pop(self.path, None)  # the lines that a traceback would show
        code: types.CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def module_of_file(path: Path, name: str) -> types.ModuleType:
    """Return the module that a file makes; dataclasses and pickle find it by its name."""
    loader = FromSource(name, os.path.abspath(path))
    spec = importlib.util.spec_from_file_location(name, loader.path, loader=loader)
    assert spec is not None  # there is a loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def module_of_text(text: str, name: str, file: str) -> types.ModuleType:
    """Return the module that a text makes, called as if it stood in a file; dataclasses find it while it runs."""
    module = types.ModuleType(name)
    before = {name: sys.modules[name]} if name in sys.modules else {}
    sys.modules[name] = module
    try:
        exec(compile(text, file, "exec", dont_inherit=True), vars(module))
    finally:
        del sys.modules[name]
        sys.modules.update(before)
    return module


def text_of_plain_file(path: Path, most: int) -> bytes | None:
    """Return what is in an ordinary file, of one with more than so many bytes one more; None if it is another thing.

    There is one look at it: at a second there may be a link in its place, or a pipe.

    Raises
    ------
    OSError
        If it is a link, isn't there, or can't be read.
    """
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with open(descriptor, "rb") as stream:
        return stream.read(most + 1)


def import_from_source() -> None:
    """Let whatever this process imports from now on come from its source, but for what `is_others` leaves out.

    For a process of ours: a user's own, such as a notebook's, isn't changed.
    """
    if _finder_of_others not in sys.path_hooks:
        sys.path_hooks.insert(0, _finder_of_others)
        for folder in [folder for folder in sys.path_importer_cache if is_others(folder)]:
            del sys.path_importer_cache[folder]  # found by another finder before


def _finder_of_others(folder: str) -> FileFinder:
    if not os.path.isdir(folder) or not is_others(folder):
        raise ImportError(f"{folder} is no folder, or holds what is installed")  # so the next hook is asked
    return FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES), (FromSource, SOURCE_SUFFIXES))


def is_others(path: str | os.PathLike[str]) -> bool:
    """Whether a file or folder is neither this package's, nor installed, nor Python's own."""
    place = Path(path).resolve()
    return not INSTALLED & set(place.parts) and not {PACKAGE, LIBRARY} & {place, *place.parents}


def is_users(filename: str) -> bool:
    """Whether a frame's code is a user's: of such a file, or typed in, as into a prompt, a notebook or a browser."""
    if filename.startswith("<"):
        return not filename.startswith(MADE)
    return is_others(filename)


def innermost(error: BaseException, is_theirs: Callable[[str], bool] = is_users) -> traceback.FrameSummary | None:
    """Return the last frame of an exception that lies in the user's code, whatever was called from there; or None."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame for frame in reversed(frames) if is_theirs(frame.filename)), None)


def is_bytecode(path: Path) -> bool:
    """Whether Python made a file, or a folder, by running another."""
    return "__pycache__" in path.parts or path.suffix in (".pyc", ".pyo")
