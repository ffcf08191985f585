"""The Linux system calls of a confined process, restricted by a program for the kernel's packet filter.

    names and numbers of calls -> program(...) --install, in the confined process--> the kernel

It forbids what a computation doesn't need: sockets, memory that counts for no process, other processes and their open
files, and new namespaces; without namespaces also changes of files without opening them, and of other processes of the
same user. This file is read inside the confined process, which has only the standard library.
"""

import ctypes
import os
import platform
import struct

LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # instructions, defined in linux/filter.h
ALLOW, NOT_PERMITTED = 0x7FFF0000, 0x00050001
NUMBER_AT, MACHINE_AT, FIRST_ARGUMENT_AT = 0, 4, 16  # offsets in the filter's input
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # the kernel's numbers for them
REFUSED = {  # calls, with their numbers on each machine
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "socket": (41, 198),
    "socketpair": (53, 199), "ptrace": (101, 117), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_setup": (206, 0), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "kcmp": (312, 272), "migrate_pages": (256, 238), "move_pages": (279, 239), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "personality": (135, 92), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "fanotify_init": (300, 262), "syslog": (103, 116),
    "quotactl": (179, 60), "sync": (162, 81), "syncfs": (306, 267),
}  # fmt: skip
NO_CALL = 0xFFFF  # where a machine doesn't have the call
WITHOUT_NAMESPACES = {  # also refused without namespaces
    "chmod": (90, NO_CALL), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, NO_CALL),
    "fchown": (93, 55), "lchown": (94, NO_CALL), "fchownat": (260, 54), "utime": (132, NO_CALL),
    "utimes": (235, NO_CALL), "futimesat": (261, NO_CALL), "utimensat": (280, 88), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "removexattrat": (466, 466), "file_setattr": (469, 469),
    "inotify_init": (253, NO_CALL), "inotify_init1": (294, 26), "pidfd_send_signal": (424, 424),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
    "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
}  # fmt: skip
ON_ITSELF = {  # calls whose first argument is a process; allowed for the caller's own
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "prlimit64": (302, 261),
}  # fmt: skip
NO_NEW_RIGHTS, SET_FILTER, BY_PROGRAM = 38, 22, 2  # from linux/prctl.h and linux/seccomp.h
FOREIGN = 0x40000000  # from here on, numbers on x86_64 belong to another ABI of the same machine


def program(process: int = 0, namespaces: bool = True) -> bytes:
    """Return the filter for the process with this number, with or without namespaces of its own.

    It is empty for a machine whose numbers are unknown here. Calls of another machine, and those named above, fail as
    not permitted; all others are allowed.
    """
    machine = platform.machine()
    if machine not in MACHINES:
        return b""
    place = list(MACHINES).index(machine)
    refused = [numbers[place] for numbers in (REFUSED | ({} if namespaces else WITHOUT_NAMESPACES)).values()]
    own = [numbers[place] for numbers in ON_ITSELF.values()]
    count = len(refused) + len(own)
    steps = [(LOAD, 0, 0, MACHINE_AT), (EQUAL, 0, count + 7, MACHINES[machine]), (LOAD, 0, 0, NUMBER_AT)]
    steps.append((AT_LEAST, count + 5, 0, FOREIGN))
    steps += [(EQUAL, count + 4 - at, 0, number) for at, number in enumerate(refused)]  # to the last step
    steps += [(EQUAL, count - at, 0, number) for at, number in enumerate(own, len(refused))]  # to the next load
    steps += [(RETURN, 0, 0, ALLOW), (LOAD, 0, 0, FIRST_ARGUMENT_AT), (EQUAL, 1, 0, 0), (EQUAL, 0, 1, process)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NOT_PERMITTED)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def install(filtering: bytes) -> None:
    """Apply a filter to every call of this process from now on; raise `OSError` if that is impossible."""
    steps = ctypes.create_string_buffer(filtering, len(filtering))

    class Filter(ctypes.Structure):
        _fields_ = (("count", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    prctl(NO_NEW_RIGHTS, 1)
    prctl(SET_FILTER, BY_PROGRAM, ctypes.byref(Filter(len(filtering) // 8, ctypes.addressof(steps))))


def prctl(what: int, *arguments: object) -> None:
    """Change a setting of this process; see the manual page prctl(2)."""
    words = [ctypes.c_ulong(word) if isinstance(word, int) else word for word in (*arguments, 0, 0, 0)]
    if ctypes.CDLL(None, use_errno=True).prctl(ctypes.c_int(what), *words[:4]) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
