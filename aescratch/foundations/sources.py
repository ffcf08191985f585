"""Python files of students, teachers and users, always compiled from their current text.

    file --module_of_file--> module;   import_from_source(): the files that these import are compiled anew, too
    exception --innermost--> the last of its frames that lies in such a file

Python would keep the bytecode in a folder `__pycache__` beside the file, and use it as long as the file's size and
second of modification are the same: if a file is saved twice within a second, the old version would run. So bytecode
of such files is neither read nor written, regardless of Python's settings.
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
# Python's own; where it lies in a zip, as in a browser, a frozen module such as os names a folder beside it.
LIBRARY = {Path(str(module.__file__)).resolve().parent for module in (os, traceback)}
INSTALLED = {"site-packages", "dist-packages"}
OF_COURSES: set[str] = set()  # files with an exercise's checks, which call a user's code and aren't the user's
MADE = ("<frozen ", "<string>", "<__array_function__")  # file names of code that Python or NumPy generates


class FromSource(SourceFileLoader):
    """Loads a module only from its text."""

    def get_code(self, fullname: str) -> types.CodeType:
        """Return the code of the module, newly compiled."""
        linecache.cache.pop(self.path, None)  # the lines in tracebacks
        code: types.CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def module_of_file(path: Path, name: str, *, of_course: bool = False) -> types.ModuleType:
    """Return the module of a file; dataclasses and pickle find it by its name."""
    loader = FromSource(name, os.path.abspath(path))
    if of_course:
        OF_COURSES.add(loader.path)
    spec = importlib.util.spec_from_file_location(name, loader.path, loader=loader)
    assert spec is not None  # there is a loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def module_of_text(text: str, name: str, file: str) -> types.ModuleType:
    """Return the module of a text, named as if it were a file; dataclasses find it while it runs."""
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
    """Return the text of an ordinary file, at most one byte more than the limit; None if it isn't an ordinary file.

    The file is opened only once: at a second opening, a link or a pipe could be in its place.

    Raises
    ------
    OSError
        If it is a link, doesn't exist, or can't be read.
    """
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with open(descriptor, "rb") as stream:
        return stream.read(most + 1)


def import_from_source() -> None:
    """Import all further modules of this process from their source, except those that `is_others` excludes.

    Only for processes that we start; a user's own, such as a notebook's, isn't changed.
    """
    if _finder_of_others not in sys.path_hooks:
        sys.path_hooks.insert(0, _finder_of_others)
        for folder in [folder for folder in sys.path_importer_cache if is_others(folder)]:
            del sys.path_importer_cache[folder]  # another finder comes first


def _finder_of_others(folder: str) -> FileFinder:
    if not os.path.isdir(folder) or not is_others(folder):
        raise ImportError(f"{folder} is not a folder, or holds installed packages")  # so the next hook is asked
    return FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES), (FromSource, SOURCE_SUFFIXES))


def is_others(path: str | os.PathLike[str]) -> bool:
    """Whether a file or folder belongs neither to this package, nor to installed packages, nor to Python."""
    place = Path(path).resolve()
    return not INSTALLED & set(place.parts) and not {PACKAGE, *LIBRARY} & {place, *place.parents}


def is_users(filename: str) -> bool:
    """Whether a frame's code is a user's: from such a file, or typed into a prompt, a notebook or a browser."""
    if filename.startswith("<"):
        return not filename.startswith(MADE)
    return filename not in OF_COURSES and is_others(filename)


def innermost(error: BaseException, is_theirs: Callable[[str], bool] = is_users) -> traceback.FrameSummary | None:
    """Return the last frame of an exception in the user's code, even if other code was called from there; or None."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame for frame in reversed(frames) if is_theirs(frame.filename)), None)


def is_bytecode(path: Path) -> bool:
    """Whether a file or folder is bytecode that Python has written."""
    return "__pycache__" in path.parts or path.suffix in (".pyc", ".pyo")
