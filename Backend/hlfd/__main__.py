"""`python -m hlfd` is the `hlfd` command."""

import sys

from hlfd.cli import main

if __name__ == "__main__":
    sys.exit(main())
