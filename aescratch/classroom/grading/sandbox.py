"""What this machine has to confine a process with: bubblewrap's namespaces, or limits alone, and what is missing then.

    folders of Python, NumPy and the system's libraries, filter of calls -> the command before a confined command

Anything that isn't bound into the sandbox isn't there. Where there is no sandbox, `missing_protections` says so. The
filter, a program of the kernel's packet filter, takes away calls that computing has no use for: with them go sockets,
memory that is counted for no process, other processes' memory, and further namespaces.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import shutil
import site
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import aescratch as ae

HERE = Path(__file__).parent
INSIDE = "/judge"  # where the child's files are in bubblewrap
NOBODIES, MANY = 61184, 4096  # users that nobody is, the first and how many: one for each judge at a time
HOME_SIZE = 2**24  # bytes of files in bubblewrap
EARLY = (  # read while root, where no sandbox shows them to others: Python may lie where only root can look
    "bisect", "cmath", "collections.abc", "contextlib", "copy", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "heapq", "itertools", "json", "logging", "math", "numbers", "operator", "pprint",
    "statistics", "string", "textwrap", "time", "traceback", "typing", "warnings", "doctest", "mmap", "unittest",
    "numpy.f2py", "numpy.fft", "numpy.linalg", "numpy.ma", "numpy.polynomial", "numpy.testing", "numpy.typing",
)  # fmt: skip
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}  # fmt: skip
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # instructions; what they mean is in linux/filter.h
ALLOW, NOT_PERMITTED = 0x7FFF0000, 0x00050001
NUMBER_AT, MACHINE_AT = 0, 4  # where the filter's input has the call's number, and the machine
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as the kernel calls them
REFUSED = {  # calls, with their numbers on each machine
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "socket": (41, 198),
    "socketpair": (53, 199), "ptrace": (101, 117), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "open_by_handle_at": (304, 265), "personality": (135, 92), "io_setup": (206, 0),
}  # fmt: skip
FOREIGN = 0x40000000  # from here on calls of x86_64 are those of another machine under the same name


def missing_protections() -> list[str]:
    """Return what can't be withstood on this platform, in words; nothing where everything can."""
    if os.name != "posix":
        return ["the confined process needs Unix: grade on Linux, or in WSL"]
    sandbox, reason = bubblewrap()
    if sandbox:
        words = "a submission can take memory that is counted for no process: of this machine the calls aren't known"
        return [] if call_filter() else [words]
    missing = [
        f"a submission can read the files of this machine, the solutions among them ({reason})",
        "a submission can reach the network",
        "a submission can write files wherever its user may, as many as fit on the disk",
    ]
    if not can_become_nobody():
        who = "is root" if os.getuid() == 0 else "has your rights"
        missing.append(f"a submission {who}, sees the processes of this machine, and can end those of its user")
    if sys.platform == "darwin":
        missing.append("macOS limits no process's memory")
    return missing


@functools.cache
def can_become_nobody() -> bool:
    """Whether we are root, and a child of ours can become a user who may do nothing."""
    code = f"import os; os.setgroups([]); os.setgid({NOBODIES}); os.setuid({NOBODIES})"
    return os.getuid() == 0 and subprocess.run([python(), "-c", code], capture_output=True).returncode == 0


@functools.cache
def bubblewrap() -> tuple[list[str], str]:
    """Return the command that a confined command is put behind, or nothing and why there is none; tried once."""
    program = shutil.which("bwrap")
    if not sys.platform.startswith("linux") or program is None:
        return [], "install bubblewrap" if sys.platform.startswith("linux") else "there is no bubblewrap here"
    command = [program, *_namespaces(), *_binds()]
    code = f"import sys; sys.path.append('{INSIDE}/packages'); import numpy"
    tried = [*command, python(), "-s", "-S", "-c", code]
    try:
        with filtered(tried) as (words, passed):
            run = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, pass_fds=passed)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], f"bubblewrap doesn't work: {error}"
    if run.returncode:
        return [], f"bubblewrap doesn't work: {(run.stderr.strip().splitlines() or ['no word'])[-1]}"
    return command, ""


@contextlib.contextmanager
def filtered(command: list[str], sandboxed: bool = True) -> Iterator[tuple[list[str], list[int]]]:
    """Give a sandboxed command with the filter of its system calls, and the descriptors that it is to inherit."""
    program = call_filter() if sandboxed else b""
    if not program:
        yield command, []
        return
    theirs, ours = os.pipe()
    try:
        os.write(ours, program)
        os.close(ours)
        yield [command[0], "--seccomp", str(theirs), *command[1:]], [theirs]
    finally:
        os.close(theirs)


def nobody() -> int:
    """Return a user who has nothing on this machine, and is another for each process of ours."""
    return NOBODIES + os.getpid() % MANY


def python() -> str:
    """Return the interpreter itself, not the one of a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def _namespaces() -> list[str]:
    own = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    own += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.getuid() == 0:  # root's processes aren't counted, so the child becomes nobody, for which it needs these two
        return [*own, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*own, "--unshare-user", "--disable-userns"]


def _binds() -> list[str]:
    """Return what is to be seen: Python, its library, the system's libraries, NumPy; anything else is not there."""
    prefix, library, numpys = Path(sys.base_prefix), Path(sysconfig.get_path("stdlib")), Path(np.__file__).parent
    links: list[str] = []
    trees: list[Path] = []
    for path in (*map(Path, ("/usr/lib", "/usr/lib64", "/lib", "/lib64")), prefix / "lib", prefix / "lib64", library):
        if path.is_symlink():
            links += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir() and not any(tree in (path, *path.parents) for tree in trees):
            trees.append(path)
    single = [path for path in map(Path, ("/etc/ld.so.cache", "/etc/alternatives", python())) if path.exists()]
    binds = {path: path for path in (*trees, *single)}
    binds |= {path: Path(INSIDE, path.name) for path in (HERE / "child.py", HERE / "channel.py")}
    packages = [path for path in (numpys, numpys.with_name("numpy.libs")) if path.is_dir()]
    binds |= {path: Path(INSIDE, "packages", path.name) for path in packages}
    parents = {parent for place in binds.values() for parent in place.parents}
    folders = sorted(parent for parent in parents if not any(tree in (parent, *parent.parents) for tree in trees))
    made = ["/dev", *map(str, folders[1:])]  # for every user to look into; the first is /
    arguments = [word for folder in made for word in ("--dir", folder)]
    for path, place in binds.items():
        arguments += ["--ro-bind", str(path), str(place)]
    for path in _hidden(trees, library):
        arguments += ["--tmpfs", str(path), "--remount-ro", str(path)]
    for device in ("null", "zero", "urandom"):
        arguments += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    arguments += [*links, "--perms", "1777", "--size", str(HOME_SIZE), "--tmpfs", "/home"]
    arguments += ["--setenv", "HOME", "/home", "--setenv", "TMPDIR", "/home", "--chdir", "/home"]
    return [*arguments, "--remount-ro", "/", "--"]


def _hidden(trees: list[Path], library: Path) -> list[Path]:
    """Return the folders within what is bound that hold other packages, among them perhaps this one."""
    folders = [*map(Path, (*site.getsitepackages(), *sys.path)), Path(ae.__file__).resolve().parent]
    places = [place for tree in trees for place in (tree, *tree.glob("python3*"))] + [library]
    folders += [place / f"{kind}-packages" for place in places for kind in ("site", "dist")]
    found = {folder for folder in folders if folder.is_dir()} - {library, library / "lib-dynload"}
    return sorted(folder for folder in found if any(tree in folder.parents for tree in trees))


def call_filter() -> bytes:
    """Return the program for Linux's kernel, or nothing for a machine whose numbers aren't known here.

    Of another machine's calls, or of those named, it lets all fail as not permitted, and all others through.
    """
    machine = platform.machine()
    if machine not in MACHINES:
        return b""
    numbers = [by_machine[list(MACHINES).index(machine)] for by_machine in REFUSED.values()]
    refused = len(numbers) + 1  # how far it is from the first comparison of a number to the last instruction
    program = [(LOAD, 0, 0, MACHINE_AT), (EQUAL, 0, refused + 2, MACHINES[machine]), (LOAD, 0, 0, NUMBER_AT)]
    program.append((AT_LEAST, refused, 0, FOREIGN))
    program += [(EQUAL, refused - 1 - place, 0, number) for place, number in enumerate(numbers)]
    program += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NOT_PERMITTED)]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
