"""Lets ``python -m aescratch`` stand for the command ``aescratch``."""

import sys

from aescratch.programs.cli import main

if __name__ == "__main__":
    sys.exit(main())
