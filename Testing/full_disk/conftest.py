"""A disk that takes no more than 64 kB in a file.

POSIX lets a process limit the size of its files, and every writer then fails as on a full disk, some without a word.
Windows has no such limit, so these tests are not collected there; `test_files.py` has the errors it reports.
"""

import contextlib
import sys
from collections.abc import Callable

import pytest

LIMIT_BYTES = 64 * 1024

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]
else:
    import resource

    @pytest.fixture
    def full_disk() -> Callable[[], contextlib.AbstractContextManager[None]]:
        """A block in which no file grows beyond 64 kB."""

        @contextlib.contextmanager
        def limited():
            usual = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, usual[1]))
            try:
                yield
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, usual)

        return limited
