"""System calls that computing has no use for, and that a confined process isn't given: a filter for Linux's kernel.

    names -> numbers, by machine -> a program of the kernel's packet filter, which bubblewrap installs

With them go sockets, memory that is counted for no process, other processes' memory, and further namespaces. The
program: of another machine's calls, or of those named, fail as not permitted; let all others through.
"""

from __future__ import annotations

import platform
import struct

LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # instructions; what they mean is in linux/filter.h
ALLOW, NOT_PERMITTED = 0x7FFF0000, 0x00050001
NUMBER_AT, MACHINE_AT = 0, 4  # where the filter's input has the call's number, and the machine
NAMES = (
    "shmget", "semget", "msgget", "mq_open", "socket", "socketpair", "ptrace", "memfd_create", "memfd_secret",
    "unshare", "setns", "mount", "umount2", "pivot_root", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
    "keyctl", "add_key", "request_key", "process_vm_readv", "process_vm_writev", "open_by_handle_at", "personality",
    "io_setup",
)  # fmt: skip
MACHINES = {  # the kernel's name for each, and the numbers in the order of the names
    "x86_64": (0xC000003E, (
        29, 64, 68, 240, 41, 53, 101, 319, 447, 272, 308, 165, 166, 155, 321, 298, 323, 425, 250, 248, 249, 310, 311,
        304, 135, 206,
    )),
    "aarch64": (0xC00000B7, (
        194, 190, 186, 180, 198, 199, 117, 279, 447, 97, 268, 40, 39, 41, 280, 241, 282, 425, 219, 217, 218, 270, 271,
        265, 92, 0,
    )),
}  # fmt: skip
FOREIGN = 0x40000000  # from here on calls of x86_64 are those of another machine under the same name


def call_filter() -> bytes:
    """Return the program, or nothing for a machine whose numbers aren't known here."""
    if platform.machine() not in MACHINES:
        return b""
    machine, numbers = MACHINES[platform.machine()]
    refused = len(numbers) + 1  # how far it is from the first comparison of a number to the last instruction
    program = [(LOAD, 0, 0, MACHINE_AT), (EQUAL, 0, refused + 2, machine), (LOAD, 0, 0, NUMBER_AT)]
    program.append((AT_LEAST, refused, 0, FOREIGN))
    program += [(EQUAL, refused - 1 - place, 0, number) for place, number in enumerate(numbers)]
    program += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NOT_PERMITTED)]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
