"""A command of the arena in a process of its own, which ends when the arena does, however that ends."""

import os
import sys
import threading

EXIT_ORPHANED = 3


def main() -> int:
    """Run `hlfd` with the given arguments; standard input is the line to the arena."""
    threading.Thread(target=_end_with_the_arena, daemon=True).start()
    from hlfd.cli import main as hlfd

    return hlfd(sys.argv[1:])


def _end_with_the_arena() -> None:
    """Nothing is ever written to the line: reading returns when the arena is gone, and then nobody wants the result.

    Two arenas would otherwise train in one folder after a restart. Checkpoints are whole or absent, so this loses
    no more than a crash.
    """
    os.read(0, 1)  # unbuffered: a buffered reader would hold a lock that Python wants at its end
    os._exit(EXIT_ORPHANED)


if __name__ == "__main__":
    sys.exit(main())
