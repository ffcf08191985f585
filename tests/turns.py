"""Which slow tests have their turn: of those that are marked `in_turn`, a quarter runs at a time.

Marked are sweeps over all models, exercises or planted mistakes, tests in a browser, and tests that take more than
about a second of a processor. AESCRATCH_TEST_TURN names the quarter, 0, 1, 2 or 3, or is "all". CI takes another
quarter after each commit.
"""

import os
import zlib

TURNS = 4


def has_turn(case):
    """Whether a case has its turn: by the number of its turn, or by its name."""
    turn = os.environ.get("AESCRATCH_TEST_TURN", "0")
    number = case if isinstance(case, int) else zlib.crc32(case.encode())
    return turn == "all" or number % TURNS == int(turn) % TURNS


def number_of(item):
    """Return the number of a pytest item's turn: the cases of one parametrised test follow one another."""
    cases = getattr(item, "callspec", None)
    return zlib.crc32(item.nodeid.partition("[")[0].encode()) + (max(cases.indices.values()) if cases else 0)
