# SPDX-License-Identifier: MIT
"""Stops single threads of a process, as a thread that hangs in the kernel or in an endless loop would: ptrace(2), which the
kernel allows for one's own children. The process stays as it is otherwise, and goes on afterwards."""
import contextlib
import ctypes
import os
import threading
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long
_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000


def threads_named(pid, name):
    """The ids of a process's threads with that name."""
    return [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text().strip() == name]


@contextlib.contextmanager
def frozen_thread(pid, name):
    """No thread of that name runs inside the block. A tracer's requests have to come from one thread, so one of its own keeps
    the traced ones."""
    ids = threads_named(pid, name)
    if not ids:
        raise AssertionError(f"no thread named {name}: {[(t / 'comm').read_text().strip() for t in Path(f'/proc/{pid}/task').iterdir()]}")
    ready, release, problems = threading.Event(), threading.Event(), []

    def request(what, thread):
        if _libc.ptrace(what, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {what:#x} of thread {thread}: {os.strerror(ctypes.get_errno())}")

    def trace():
        try:
            for thread in ids:
                request(_SEIZE, thread)
                request(_INTERRUPT, thread)
                os.waitpid(thread, _WALL)
        except OSError as why:
            problems.append(why)
        ready.set()
        while not release.wait(0.02):
            for thread in ids:  # a process cannot end before its tracer has taken note
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(thread, _WALL | os.WNOHANG)
        for thread in ids:
            _libc.ptrace(_DETACH, thread, None, None)

    tracer = threading.Thread(target=trace)
    tracer.start()
    ready.wait()
    try:
        if problems:
            raise problems[0]
        yield
    finally:
        release.set()
        tracer.join()
