"""What all tests and doctests share: names for doctests, matplotlib without a screen, and figures closed again."""

import os
import sys

os.environ.setdefault("MPLBACKEND", "agg")

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _shared(doctest_namespace):
    import aescratch as ae

    doctest_namespace["np"] = np
    doctest_namespace["ae"] = ae
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
