"""The means of this machine to confine a process: bubblewrap's namespaces, or Landlock, or limits alone.

    folders of Python, NumPy and the system's libraries -> the command before a confined command
                                                        -> or the rules by which the process restricts itself

Anything that isn't bound into the sandbox doesn't exist there; with Landlock it can't be opened. Both come with the
filter of system calls. If neither is available, `missing_protections` says so.
"""

import functools
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import aescratch as ae
from aescratch.classroom.grading import calls, landlock
from aescratch.foundations.language import Phrase

HERE = Path(__file__).parent
INSIDE = "/judge"  # the folder of the child's files in bubblewrap
FILES = ("child", "absent", "channel", "calls", "landlock")
NOBODIES, MANY = 61184, 4096  # the first unused user number, and how many there are: one for each judge at a time
HOME_SIZE = 2**24  # bytes of files in bubblewrap
EARLY = (  # imported while still root, if there is no sandbox: Python may lie where only root can read
    "bisect", "cmath", "collections.abc", "contextlib", "copy", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "heapq", "itertools", "json", "logging", "math", "numbers", "operator", "pprint",
    "statistics", "string", "textwrap", "time", "traceback", "typing", "warnings", "doctest", "mmap", "unittest",
    "numpy.f2py", "numpy.fft", "numpy.linalg", "numpy.ma", "numpy.polynomial", "numpy.testing", "numpy.typing",
)  # fmt: skip
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "AESCRATCH_COMPILED": "0",
}  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")


def missing_protections() -> list[str]:
    """Return sentences on what submissions can do on this machine that they shouldn't; empty if fully confined.

    They are in English, as the keys of judgements need them; `told` translates them.
    """
    if os.name != "posix":
        return [Phrase("submissions can be confined on Unix only: grade on Linux, or in WSL")]
    sandbox, reason = bubblewrap()
    if sandbox:
        words = Phrase("a submission can take memory outside its limit, since this machine's system calls are unknown")
        return [] if calls.program() else [words]
    is_root = os.getuid() == 0
    if landlocked():
        words = Phrase("a submission is root, and can start processes")
        return [words] if is_root and not can_become_nobody() else []
    missing: list[str] = [
        Phrase("a submission can read the files of this machine, the solutions among them ({reason})", reason=reason),
        Phrase("a submission can reach the network"),
        Phrase("a submission can write files wherever its user may, until the disk is full"),
    ]
    if not can_become_nobody():
        who = Phrase("is root") if is_root else Phrase("has your rights")
        missing.append(
            Phrase("a submission {who}, sees the processes of this machine, and can end those of its user", who=who)
        )
    if sys.platform == "darwin":
        missing.append(Phrase("macOS does not limit the memory of a process"))
    return missing


@functools.cache
def can_become_nobody() -> bool:
    """Whether we are root, and a child of ours can become a user without rights."""
    code = f"import os; os.setgroups([]); os.setgid({NOBODIES}); os.setuid({NOBODIES})"
    return os.getuid() == 0 and subprocess.run([python(), "-c", code], capture_output=True).returncode == 0


@functools.cache
def landlocked() -> bool:
    """Whether Landlock and the filter of calls can replace a sandbox here."""
    return landlock.version() >= landlock.OLDEST and bool(calls.program())


@functools.cache
def bubblewrap() -> tuple[list[str], str]:
    """Return the command to put before a confined command, or an empty one and the reason; tried once."""
    program = shutil.which("bwrap")
    if not sys.platform.startswith("linux") or program is None:
        is_linux = sys.platform.startswith("linux")
        return [], Phrase("install bubblewrap") if is_linux else Phrase("there is no bubblewrap here")
    own = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    own += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.getuid() == 0:  # root has no limit of processes, so the child changes its user, which needs these two
        own += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        own += ["--unshare-user", "--disable-userns"]
    command = [program, *own, *_binds()]
    code = f"import sys; sys.path.append('{INSIDE}/packages'); import numpy"
    tried = [*command, python(), "-s", "-S", "-c", code]
    try:
        run = subprocess.run(tried, capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], Phrase("bubblewrap doesn't work: {error}", error=error)
    if run.returncode:
        lines = run.stderr.strip().splitlines() or [Phrase("it gives no reason")]
        return [], Phrase("bubblewrap doesn't work: {error}", error=lines[-1])
    return command, ""


def with_packages(command: list[str], places: dict[str, Path]) -> list[str]:
    """Return the command of `bubblewrap` with the packages at these places bound beside NumPy."""
    binds = [word for name, path in places.items() for word in ("--ro-bind", str(path), f"{INSIDE}/packages/{name}")]
    return [*command[:-3], *binds, *command[-3:]]  # before everything becomes read-only


def nobody() -> int:
    """Return a user number that owns nothing on this machine, different for each process of ours."""
    return NOBODIES + os.getpid() % MANY


def python() -> str:
    """Return the path of the interpreter itself, not that of a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def open_to_landlock(places: Iterable[Path]) -> dict[str, list[str]]:
    """Return the arguments of `landlock.restrict`, with the packages at these places readable."""
    trees, single, packages, _ = _seen()
    library = Path(sysconfig.get_path("stdlib")).resolve()
    trees = [tree.resolve() for tree in trees]
    hidden = [str(folder.resolve()) for folder in _hidden(trees, library)]
    return {
        "trees": [str(path.resolve()) for path in (*trees, *single, *packages, *places)], "hidden": hidden,
        "devices": list(DEVICES),
    }  # fmt: skip


def _seen() -> tuple[list[Path], list[Path], list[Path], list[str]]:
    """Return what is visible: Python's and the system's libraries, single files, NumPy; and links between these."""
    prefix, library, numpys = Path(sys.base_prefix), Path(sysconfig.get_path("stdlib")), Path(np.__file__).parent
    links: list[str] = []
    trees: list[Path] = []
    for path in (*map(Path, ("/usr/lib", "/usr/lib64", "/lib", "/lib64")), prefix / "lib", prefix / "lib64", library):
        if path.is_symlink():
            links += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir() and not any(tree in (path, *path.parents) for tree in trees):
            trees.append(path)
    single = [path for path in map(Path, ("/etc/ld.so.cache", "/etc/alternatives", python())) if path.exists()]
    packages = [path for path in (numpys, numpys.with_name("numpy.libs")) if path.is_dir()]
    return trees, single, packages, links


def _binds() -> list[str]:
    """Return the arguments of bubblewrap that make this visible; anything else doesn't exist there."""
    trees, single, packages, links = _seen()
    binds = {path: path for path in (*trees, *single)}
    binds |= {path: Path(INSIDE, path.name) for path in [HERE / f"{name}.py" for name in FILES]}
    binds |= {path: Path(INSIDE, "packages", path.name) for path in packages}
    parents = {parent for place in binds.values() for parent in place.parents}
    folders = sorted(parent for parent in parents if not any(tree in (parent, *parent.parents) for tree in trees))
    made = ["/dev", *map(str, folders[1:])]  # readable for every user; the first is /
    arguments = [word for folder in made for word in ("--dir", folder)]
    for path, place in binds.items():
        arguments += ["--ro-bind", str(path), str(place)]
    for path in _hidden(trees, Path(sysconfig.get_path("stdlib"))):
        arguments += ["--tmpfs", str(path), "--remount-ro", str(path)]
    for device in DEVICES:
        arguments += ["--dev-bind", device, device]
    arguments += [*links, "--perms", "1777", "--size", str(HOME_SIZE), "--tmpfs", "/home"]
    arguments += ["--setenv", "HOME", "/home", "--setenv", "TMPDIR", "/home", "--chdir", "/home"]
    return [*arguments, "--remount-ro", "/", "--"]


def _hidden(trees: list[Path], library: Path) -> list[Path]:
    """Return the folders inside the bound ones that contain other packages, perhaps this one."""
    folders = [*map(Path, (*site.getsitepackages(), *sys.path)), Path(ae.__file__).resolve().parent]
    places = [place for tree in trees for place in (tree, *tree.glob("python3*"))] + [library]
    folders += [place / f"{kind}-packages" for place in places for kind in ("site", "dist")]
    found = {folder for folder in folders if folder.is_dir()} - {library, library / "lib-dynload"}
    return sorted(folder for folder in found if any(tree in folder.parents for tree in trees))
