"""Every planted mistake through the checker: rejected, named, described, false, and the exact line, by kind and operator.

    python tests/benchmarks/planted_mistakes.py --processes 2
    python tests/benchmarks/planted_mistakes.py --kind network --operator stale --list
    python tests/benchmarks/planted_mistakes.py --held-out --into docs/planted_measured.txt

Mistakes of the held-out third are only counted, never printed one by one, unless --show-held-out asks for it. A run of
all mistakes writes its counts by kind into the file; those of the other third stay there.
"""

import argparse
import collections
import concurrent.futures
import datetime
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent.parent))

from planted.cases import CASES
from planted.choosing import chosen_of, is_held_out
from planted.judge import ACCEPTED, DESCRIBED, FALSE, LATE, NAMED, judged

KINDS = ("function", "network", "exercise", "stranger")
TOLD = ("mistakes", "rejected", "named", "described", "false", "exact line")  # in the table of the documentation
HEAD = ("", "mistakes", "rejected", "named", "described", "false", "exact line", "raising")


def main(arguments=None):
    options = parsed(arguments)
    names = [name for name, case in CASES.items() if options.kind in (None, case.kind) and (options.case or "") in name]
    results = []
    with concurrent.futures.ProcessPoolExecutor(options.processes) as pool:
        wanted = [m for found in pool.map(chosen_of, names) for m in found if options.operator in (None, m.operator)]
        wanted = [mistake for mistake in wanted if is_held_out(mistake) == options.held_out]
        for number, (mistake, result) in enumerate(zip(wanted, pool.map(judged, wanted), strict=True), start=1):
            results.append((mistake, result))
            if sys.stderr.isatty():
                print(f"\r{number} of {len(wanted)}", end="", file=sys.stderr)
    if not options.held_out or options.show_held_out:
        listed(results, options)
    third = "the held-out third" if options.held_out else "what isn't held out"
    print(f"{third}: {len(results)} mistakes in {len(names)} cases")
    counts = table(results, lambda mistake: mistake.kind, KINDS)
    if options.into:
        written(options.into, counts, "held out" if options.held_out else "not held out")
    table(results, lambda mistake: mistake.operator, sorted({mistake.operator for mistake, _ in results}))
    why = collections.Counter(kind_of(mistake, result) for mistake, result in results if result.outcome == FALSE)
    if why:
        print("\nfalse, because: " + "; ".join(f"{reason} ({count})" for reason, count in why.most_common()))
    seconds = sorted(result.seconds for _, result in results)
    if seconds:
        print(f"seconds for one: median {seconds[len(seconds) // 2]:.2f}, longest {seconds[-1]:.1f}")


def parsed(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--case", help="a part of the case's name")
    parser.add_argument("--operator")
    parser.add_argument("--held-out", action="store_true", help="count the held-out third")
    parser.add_argument("--show-held-out", action="store_true", help="print its mistakes, too: then it is no longer one")
    parser.add_argument("--list", action="store_true", help="print every mistake with what was said of it")
    parser.add_argument("--only", choices=(ACCEPTED, NAMED, DESCRIBED, FALSE, LATE), help="print those of one outcome")
    parser.add_argument("--into", type=Path, help="a file for the counts by kind of all mistakes")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.into and (options.kind or options.case or options.operator):
        parser.error("expected --into only for all mistakes, got a part of them; leave out --kind, --case and --operator")
    return options


def listed(results, options):
    for mistake, result in results:
        is_bad = result.outcome in (ACCEPTED, FALSE, LATE) and not mistake.raises
        if options.list or result.outcome == options.only or (is_bad and options.only is None):
            line = f", line {result.line}{'' if result.is_exact else ' WRONG'}" if result.line else ""
            print(f"{mistake.case}, {mistake.operator}, line {mistake.first}: {mistake.statement}")
            print(f"    {result.outcome} {result.code}{line}, {result.seconds:.1f} s: {result.said[:300]}")
            if result.why:
                print(f"    {result.why}")


def kind_of(mistake, result):
    """Return why a cause is false without a word of the mistake; of a code that isn't listed, for which operator."""
    why = result.why
    if why.startswith("to be looked at"):
        return f"{result.code} isn't listed for {mistake.like}"
    if why.startswith("at seed"):
        return "not claimed again at other inputs"
    if "isn't the broken line" in why:
        return "another line or file"
    return "the repair raises" if why.startswith("the repair raises") else why


def table(results, group, order):
    counts = collections.defaultdict(collections.Counter)
    for mistake, result in results:
        for row in (group(mistake), "all"):
            count = counts[row]
            count["raising"] += mistake.raises
            count["unrejected"] += mistake.raises and result.outcome == ACCEPTED
            if not mistake.raises:
                count["mistakes"] += 1
                count["rejected"] += result.outcome not in (ACCEPTED, LATE)
                count["exact line"] += result.is_exact
                count[result.outcome] += 1
    rows = [HEAD, *((row, *(str(counts[row][column]) for column in HEAD[1:])) for row in (*order, "all") if row in counts)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    print()
    for row in rows:
        print("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]))
    if counts["all"]["unrejected"]:
        print(f"{counts['all']['unrejected']} that raise weren't rejected")
    return counts


def written(path, counts, third):
    """Put the counts of one third, by kind and in sum, into a file in which those of the other stay."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    rows = [f"| {kind}, {third} | " + " | ".join(str(counts[kind][column]) for column in TOLD) for kind in (*KINDS, "all")]
    kept = [line for line in lines if f", {third} |" not in line]
    path.write_text("\n".join([*kept, *(f"{row} | {datetime.date.today()} |" for row in rows)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
