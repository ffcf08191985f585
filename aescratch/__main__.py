"""Runs the command ``aescratch`` as ``python -m aescratch``."""

import sys

from aescratch.programs.cli import main

if __name__ == "__main__":
    sys.exit(main())
