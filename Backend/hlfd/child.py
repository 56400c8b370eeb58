"""A command of hlfd in a process of its own, which ends when its parent does, however that ends."""

import contextlib
import gc
import os
import sys
import threading

from hlfd.attached import TOGETHER

EXIT_ORPHANED = 3


def main() -> int:
    """Run `hlfd` with the given arguments; standard input is the line to the parent."""
    end_with_the_parent()
    from hlfd.cli import main as hlfd

    status = hlfd(sys.argv[1:])
    gc.freeze()  # nothing is to be collected any more, which would take a second of a stop
    return status


def end_with_the_parent() -> None:
    """Watch the line: nothing is ever written to it, so that reading returns when the parent is gone.

    Two would otherwise train in one folder after a restart. Checkpoints are whole or absent, so this loses no more than
    a crash.
    """
    if sys.platform == "win32" and TOGETHER in os.environ:  # several would read one line there, and block each other
        threading.Thread(target=_watch_parent, daemon=True).start()
        return
    line = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # a process that this one starts must not wait on the line: on Windows it would not even begin
    os.close(nothing)
    threading.Thread(target=_watch, args=(line,), daemon=True).start()


def _watch(line: int) -> None:
    os.read(line, 1)  # unbuffered: a buffered reader would hold a lock that Python wants at its end
    os._exit(EXIT_ORPHANED)


def _watch_parent() -> None:
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(os.getppid()).wait()
    os._exit(EXIT_ORPHANED)


if __name__ == "__main__":
    sys.exit(main())
