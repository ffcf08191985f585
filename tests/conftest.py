"""What all tests share: a namespace for doctests, and matplotlib without a screen."""

import os

os.environ.setdefault("MPLBACKEND", "agg")

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _names_for_doctests(doctest_namespace):
    import aescratch as ae

    doctest_namespace["np"] = np
    doctest_namespace["ae"] = ae
