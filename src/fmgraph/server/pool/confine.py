"""Confining evaluators: what runs a stranger's query can read its dataset, and answer, and nothing else.

Three means of Linux, each taken where the kernel has it: ``no_new_privs`` (prctl(2)); Landlock, by which the
file system ends at the dataset's folder, read-only (landlock(7)); a seccomp filter that denies system calls
for sockets, other programs, other processes, and changes of files (seccomp(2)). Calls are made through the C
library: nothing of it is needed elsewhere that would be worth a dependency.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable
from pathlib import Path

_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2  # linux/prctl.h, linux/seccomp.h
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000  # SECCOMP_RET_*
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND, _THIRD = 0, 4, 16, 24, 32  # offsets in struct seccomp_data
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_THREAD = 0x00010000  # CLONE_THREAD
_OTHER_ABI = 0x40000000  # __X32_SYSCALL_BIT: the same calls by other numbers
#: Numbers of system calls (asm/unistd_64.h, asm-generic/unistd.h); 1000 is one that there is not.
_ARCHITECTURES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "open": 2, "openat": 257, "openat2": 437, "creat": 85, "clone": 56, "clone3": 435, "fork": 57,
            "vfork": 58, "execve": 59, "execveat": 322, "socket": 41, "connect": 42, "accept": 43,
            "socketpair": 53, "bind": 49, "listen": 50, "accept4": 288, "kill": 62, "tkill": 200,
            "tgkill": 234, "pidfd_open": 434, "pidfd_getfd": 438, "pidfd_send_signal": 424, "ptrace": 101,
            "process_vm_readv": 310, "process_vm_writev": 311, "truncate": 76, "rename": 82, "mkdir": 83,
            "rmdir": 84, "link": 86, "unlink": 87, "symlink": 88, "chmod": 90, "chown": 92, "lchown": 94,
            "mknod": 133, "mkdirat": 258, "mknodat": 259, "fchownat": 260, "unlinkat": 263, "renameat": 264,
            "linkat": 265, "symlinkat": 266, "fchmodat": 268, "renameat2": 316, "setxattr": 188,
            "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
            "bpf": 321, "perf_event_open": 298, "io_uring_setup": 425, "userfaultfd": 323, "keyctl": 250,
            "add_key": 248, "request_key": 249, "init_module": 175, "finit_module": 313, "kexec_load": 246,
            "open_by_handle_at": 304, "setuid": 105, "setgid": 106, "setrlimit": 160, "prlimit64": 302,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "openat": 56, "openat2": 437, "clone": 220, "clone3": 435, "execve": 221, "execveat": 281,
            "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203,
            "accept4": 242, "kill": 129, "tkill": 130, "tgkill": 131, "pidfd_open": 434, "pidfd_getfd": 438,
            "pidfd_send_signal": 424, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
            "truncate": 45, "mknodat": 33, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37,
            "renameat": 38, "renameat2": 276, "fchmodat": 53, "fchownat": 54, "setxattr": 5, "mount": 40,
            "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268, "bpf": 280,
            "perf_event_open": 241, "io_uring_setup": 425, "userfaultfd": 282, "keyctl": 219,
            "add_key": 217, "request_key": 218, "init_module": 105, "finit_module": 273, "kexec_load": 104,
            "open_by_handle_at": 265, "setuid": 146, "setgid": 144, "setrlimit": 164, "prlimit64": 261,
        },
    ),
}  # fmt: skip
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # on all architectures
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3  # LANDLOCK_ACCESS_FS_*
#: How many rights each version of Landlock knows of files, and of the network.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_NET_RIGHTS = 3
#: Since version 6: no signal and no abstract socket of a process outside.
_SCOPES = 3


def confine(readable: Iterable[Path | str]) -> None:
    """Confine this process, for good, to reading below ``readable`` and to the files that it has open.

    Where the kernel lacks one of the means (:func:`means`) the others hold.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return
    _restrict_files(libc, readable)
    _filter_calls(libc)


def means() -> str:
    """Return the names of the mechanisms that :func:`confine` can use on this system."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        return "none"
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    mechanisms = ["no_new_privs"]
    mechanisms += [f"Landlock {version}"] if version > 0 else []
    seccomp = platform.machine() in _ARCHITECTURES and libc.prctl(21, 0, 0, 0, 0) >= 0  # PR_GET_SECCOMP
    mechanisms += ["seccomp"] if seccomp else []
    return ", ".join(mechanisms)


def _restrict_files(libc: ctypes.CDLL, readable: Iterable[Path | str]) -> None:
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    network = _NET_RIGHTS if version >= 4 else 0
    attributes = struct.pack("QQQ", rights, network, _SCOPES)[
        : 24 if version >= 6 else 16 if version >= 4 else 8
    ]
    rules = libc.syscall(_LANDLOCK_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        return
    for path in readable:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        access = _READ_FILE | (_READ_DIR if Path(path).is_dir() else 0)
        libc.syscall(_LANDLOCK_ADD, rules, 1, struct.pack("=Qi", access, place), 0)
        os.close(place)
    libc.syscall(_LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)


def _filter_calls(libc: ctypes.CDLL) -> None:
    entry = _ARCHITECTURES.get(platform.machine())
    if entry is None:
        return
    architecture, numbers = entry
    denied = _ERRNO | errno.EPERM
    program = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, architecture, 1, 0), _step(_RETURN, _KILL)]
    program += [_step(_LOAD, _NUMBER), _step(_AT_LEAST, _OTHER_ABI, 0, 1), _step(_RETURN, denied)]

    def rule(name: str, *steps: bytes) -> None:
        """Add what decides about one call; it ends in a return."""
        if name in numbers:
            program.append(_step(_LOAD, _NUMBER))
            program.append(_step(_EQUAL, numbers[name], 0, len(steps)))
            program.extend(steps)

    def unless_set(offset: int, bits: int) -> tuple[bytes, ...]:
        return (
            _step(_LOAD, offset),
            _step(_ANY_BIT, bits, 0, 1),
            _step(_RETURN, denied),
            _step(_RETURN, _ALLOW),
        )

    rule("open", *unless_set(_SECOND, _WRITING))
    rule("openat", *unless_set(_THIRD, _WRITING))
    # A thread is allowed, a process is not; of clone3 the filter cannot see the flags: libc then uses clone.
    rule(
        "clone",
        _step(_LOAD, _FIRST),
        _step(_ANY_BIT, _THREAD, 1, 0),
        _step(_RETURN, denied),
        _step(_RETURN, _ALLOW),
    )
    rule("clone3", _step(_RETURN, _ERRNO | errno.ENOSYS))
    # A signal to itself is how a process aborts.
    rule(
        "tgkill",
        _step(_LOAD, _FIRST),
        _step(_EQUAL, os.getpid(), 1, 0),
        _step(_RETURN, denied),
        _step(_RETURN, _ALLOW),
    )
    for name in numbers.keys() - {"open", "openat", "clone", "clone3", "tgkill"}:
        rule(name, _step(_RETURN, denied))
    program.append(_step(_RETURN, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(program))
    pointer = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc.prctl(_SET_SECCOMP, _MODE_FILTER, pointer, 0, 0)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """Return one instruction of the filter (struct sock_filter)."""
    return struct.pack("HBBI", code, if_true, if_false, value)
