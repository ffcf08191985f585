"""The checker's answers to mistakes whose authors didn't know its hypotheses.

    OMP_NUM_THREADS=1 python tests/benchmarks/blind_mistakes.py [--names] [kind ...]

prints a table by kind, function, network and stranger: how many mistakes are rejected, given a cause, only described;
of those whose first cause comes with a repaired statement, or with a line, how many are right; and the longest check.
A repair is right if the repaired program has the gradients of its right twin, at new inputs and sizes; a line is right
if the mistake was made there. A check is stopped after 30 seconds of processor time. Every wrong claim is listed below,
and with --names also every mistake without a cause.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import warnings
from collections import defaultdict
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "blind"))

from loading import all_mistakes, claim_holds, explained

LIMIT = 30.0  # seconds of the processor, after which explaining is given up
COLUMNS = (
    "mistakes", "rejected", "with a cause", "described", "without end", "repair right", "repair wrong", "line right",
    "line wrong",
)  # fmt: skip


class Outcome(NamedTuple):
    """What one check came to: the columns that it counts in, and what its first cause claims."""

    columns: list[str]
    claim: str
    seconds: float


def outcome_of(mistake) -> Outcome:
    """Check a mistake, and judge what the first finding with a cause claims of it."""
    report, seconds = explained(mistake, LIMIT)
    columns = ["mistakes"]
    if seconds == float("inf"):
        columns.append("without end")
    if report.verdict == "fail":
        columns.append("rejected")
    named = [finding for finding in report.findings if finding.cause]
    if not named:
        if any(finding.code == "described" for finding in report.findings):
            columns.append("described")
        return Outcome(columns, "", seconds)
    evidence = named[0].evidence
    columns.append("with a cause")
    claim = named[0].cause
    if "line" in evidence:
        here = pathlib.Path(evidence["file"]).name == mistake.path.name and evidence["line"] in mistake.lines
        columns.append("line right" if here else "line wrong")
        claim += f" [line {evidence['line']}, not {', '.join(map(str, mistake.lines))}]" if not here else ""
    if "repaired" in evidence:
        right = claim_holds(mistake, evidence["line"], evidence["repaired"])
        columns.append("repair right" if right else "repair wrong")
        claim += f" [repaired: {evidence['repaired']}]"
    return Outcome(columns, claim, seconds)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="kind", help="function, network or stranger; by default all")
    parser.add_argument("--names", action="store_true", help="print also which mistakes got no cause")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    counts, longest, wrong, silent = defaultdict(lambda: dict.fromkeys(COLUMNS, 0)), defaultdict(float), [], []
    for mistake in all_mistakes():
        if options.kinds and mistake.kind not in options.kinds:
            continue
        outcome = outcome_of(mistake)
        longest[mistake.kind] = max(longest[mistake.kind], outcome.seconds)
        for column in outcome.columns:
            counts[mistake.kind][column] += 1
        if {"line wrong", "repair wrong"} & set(outcome.columns) or "rejected" not in outcome.columns:
            wrong.append(f"{mistake.name}: {mistake.sentence} {outcome.claim}")
        if "with a cause" not in outcome.columns:
            silent.append(f"{mistake.name}: {mistake.sentence}")
    print(f"{'kind':10}" + "".join(f"{column:>14}" for column in COLUMNS) + f"{'longest, s':>14}")
    for kind, row in counts.items():
        print(f"{kind:10}" + "".join(f"{row[column]:14}" for column in COLUMNS) + f"{longest[kind]:14.1f}")
    for line in wrong:
        print("wrong  ", line)
    for line in silent if options.names else ():
        print("silent ", line)


if __name__ == "__main__":
    main()
