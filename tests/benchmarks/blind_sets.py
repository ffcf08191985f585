"""The checker's answers to a blind set of programs, by style of program and by kind of mistake.

    OMP_NUM_THREADS=1 python tests/benchmarks/blind_sets.py [--set third] [--into docs/planted_measured.txt]

A cause is false if its repaired line doesn't give the right gradients at new inputs, sizes and settings. A cause that
comes without a line counts as named and is printed, to be read by hand; that of transformer_mlp_1, the one in the
second set, is true. "Silent" is rejected without a cause and without a description. A line counts for causes and for
descriptions alike.
"""

import argparse
import collections
import datetime
import pathlib
import statistics
import sys
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "blind"))

from loading import claim_holds, explained
from second import SECOND
from third import THIRD

COLUMNS = ("mistakes", "rejected", "named", "described", "silent", "false", "exact line", "other line")
SETS = {blind.name: blind for blind in (SECOND, THIRD)}


def judged(mistake):
    """Return the columns that a mistake counts in, what was said, and the seconds of processor time."""
    report, seconds = explained(mistake, 60)
    named = [finding for finding in report.findings if finding.cause]
    told = named or [finding for finding in report.findings if finding.code == "described"]
    columns = ["mistakes", *(["rejected"] if report.verdict == "fail" else [])]
    repairs = [f.evidence for f in named if "repaired" in f.evidence]
    if not all(claim_holds(mistake, repair["line"], repair["repaired"]) for repair in repairs):
        columns.append("false")
    else:
        columns.append("named" if named else "described" if told else "silent")
    if len(repairs) < len(named):
        columns.append("cause without a line")
    lines = [finding.evidence["line"] for finding in told if "line" in finding.evidence]
    if lines:
        columns.append("exact line" if lines[0] in mistake.lines else "other line")
    return columns, (told[0].cause or told[0].message if told else ""), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--set", choices=SETS, default="second", help="the set that is run (%(default)s)")
    parser.add_argument("--into", type=pathlib.Path, help="a file whose row of this set is replaced")
    options = parser.parse_args()
    blind = SETS[options.set]
    warnings.simplefilter("ignore")
    counts, times = collections.defaultdict(collections.Counter), []
    for mistake in blind.mistakes():
        columns, said, seconds = judged(mistake)
        times.append(seconds)
        for row in (blind.styles[mistake.name.rpartition("_")[0]], mistake.kind, "all"):
            counts[row].update(columns)
        if {"false", "other line", "cause without a line"} & set(columns) or "rejected" not in columns:
            print(f"{mistake.name}, line {mistake.lines[-1]}: {', '.join(columns[1:])}: {said}")
    print(f"\n{'':32}" + "".join(f"{column:>12}" for column in COLUMNS))
    for row, count in sorted(counts.items(), key=lambda item: -item[1]["mistakes"]):
        print(f"{row:32}" + "".join(f"{count[column]:12}" for column in COLUMNS))
    print(f"seconds for one: median {statistics.median(times):.2f}, longest {max(times):.1f}")
    if options.into:
        written(options.into, blind.title, counts["all"])


def written(path, title, count):
    """Put the row of a set into a file in which all others stay."""
    told = [count[c] for c in ("mistakes", "rejected", "named")]
    told += [count["described"] + count["silent"], count["false"], count["exact line"]]
    kept = [line for line in path.read_text("utf-8").splitlines() if not line.startswith(f"| {title} |")]
    row = f"| {title} | " + " | ".join(map(str, told)) + f" | {datetime.date.today()} |"
    path.write_text("\n".join([*kept, row]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
