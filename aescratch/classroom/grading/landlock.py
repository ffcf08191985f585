"""Landlock, with which a Linux process gives up all files except named ones, permanently and without special rights.

    version() -> what this kernel has;   restrict(...) in the confined process -> a ruleset -> all else stays closed

These are the kernel's three system calls, through ctypes; its documentation is in userspace-api/landlock. They don't
prevent testing whether a file exists, and changing its mode: the filter of calls prevents the latter.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterator, Sequence

CREATE, ADD, RESTRICT = 444, 445, 446  # numbers of the calls, on every machine
OLDEST = 3  # the first version that restricts truncation: Linux 6.2
ASK_VERSION, FILES_BENEATH = 1, 1
NO_NEW_RIGHTS = 38  # what linux/prctl.h calls it; without it a ruleset needs root
WRITE, READ, LIST, REMOVE, MAKE, TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8, 1 << 14  # rights
ALL, CONTROL_DEVICES, FROM_CONTROL = (1 << 15) - 1, 1 << 15, 5  # all rights, a newer one, and its first version
TCP, FROM_TCP = 3, 4
SIGNALS_AND_SOCKETS, FROM_SIGNALS = 3, 6


def version() -> int:
    """Return the version of Landlock that this kernel has, or 0."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))))


def restrict(trees: Sequence[str], hidden: Sequence[str], devices: Sequence[str], folder: str) -> None:
    """Restrict this process to reading trees except hidden parts, using devices, and writing files into a folder."""
    known = version()
    files = ALL | (CONTROL_DEVICES if known >= FROM_CONTROL else 0)
    network, scoped = TCP * (known >= FROM_TCP), SIGNALS_AND_SOCKETS * (known >= FROM_SIGNALS)
    wanted = struct.pack("<QQQ", files, network, scoped)[: 8 * (1 + (known >= FROM_TCP) + (known >= FROM_SIGNALS))]
    ruleset = _called(CREATE, wanted, ctypes.c_size_t(len(wanted)), ctypes.c_uint32(0))
    for tree in trees:
        if os.path.isdir(tree):
            _allow(ruleset, tree, LIST)
        for part in _parts(tree, hidden):
            _allow(ruleset, part, READ | (LIST if os.path.isdir(part) else 0))
    for device in devices:
        _allow(ruleset, device, READ | WRITE)
    _allow(ruleset, folder, READ | WRITE | LIST | REMOVE | MAKE | TRUNCATE)
    ctypes.CDLL(None).prctl(NO_NEW_RIGHTS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    _called(RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def _parts(tree: str, hidden: Sequence[str]) -> Iterator[str]:
    """Yield the parts of a tree without its hidden folders, in pieces as large as possible."""
    if tree in hidden:
        return
    if not any(folder.startswith(f"{tree}/") for folder in hidden):
        yield tree
        return
    for entry in os.scandir(tree):
        if not entry.is_symlink():  # the target has its own entry, or must not be read
            yield from _parts(entry.path, hidden)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # some files of a library may be unreadable: they stay so
        return
    rule = struct.pack("<Qi", rights, opened)
    _called(ADD, ctypes.c_int(ruleset), ctypes.c_int(FILES_BENEATH), rule, ctypes.c_uint32(0))
    os.close(opened)


def _called(number: int, *arguments: object) -> int:
    result: int = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return result
