"""The command: its options, the order of events, and its exit status.

    options -> the report's path, checked -> every variant: Result, a row printed -> findings, printed -> report.html
"""

from __future__ import annotations

import sys
import textwrap
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from aescratch.foundations.columns import wrapped_lines
from aescratch.foundations.files import write_text
from aescratch.foundations.language import Phrase, gettext, gettext_noop
from aescratch.programs.cli.options import Option, command, option, switch
from aescratch.programs.cli.status import BROKEN, FAIL, INCONCLUSIVE, INTERRUPTED, RIGHT, WRONG_USAGE
from aescratch.programs.cli.words import one_of
from aescratch.programs.cli.writing import json_text, say, warnings_said
from aescratch.programs.tour.experiment import Digits, Plan, Result, perform
from aescratch.programs.tour.findings import Findings, Results, find
from aescratch.programs.tour.output import FILE_NAME, report_path
from aescratch.programs.tour.report import report
from aescratch.programs.tour.table import LEGEND, cells, head, line
from aescratch.programs.tour.variants import VARIANTS

PAGE = 100  # columns

DESCRIPTION = gettext_noop(
    "Check the gradient of each of the lecture's variants, train it on the built-in digits, print a table, and write\n"
    "a report with all figures inside."
)
EXAMPLES = gettext_noop(
    """examples:
  aescratch tour                               about a minute; open report.html afterwards
  aescratch tour --quick                       a few epochs each, to see whether everything works
  aescratch tour --variant linear --variant variational --out lecture.html

exit status: 0 every gradient check passes, 1 one fails, 2 wrong usage, 3 one is inconclusive,
             4 system failure, for example a full disk
"""
)


def seed(text: str) -> int:
    """Return the whole number of at least 0 that a text spells."""
    if not text.isdecimal():
        sentence = gettext("expected a whole number of at least {least}, got {text!r}")
        raise ArgumentTypeError(sentence.format(least=0, text=text))
    return int(text)


variant_name: Callable[[str], str] = one_of(VARIANTS)
add_arguments: Option = command(
    DESCRIPTION, EXAMPLES,
    option(
        "--out", metavar="PATH", default=FILE_NAME,
        help="the report's file, or an existing folder for report.html in it (default %(default)s)",
    ),
    option("--seed", type=seed, default=0, help="the seed of all random numbers (default %(default)s)"),
    option(
        "--variant", action="append", type=variant_name, metavar="NAME",
        help=Phrase("only this variant; repeatable; one of {names}", names=", ".join(VARIANTS)),
    ),
    switch("--quick", "only a few epochs; the numbers are far from their best"),
    switch("--json", "print table and findings as JSON instead"),
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Take the tour and return the exit status."""
    try:
        path = report_path(arguments.out)
    except OSError as error:
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        sentence = gettext("cannot write a report to {out!r} ({error}); give another --out")
        complain(sentence.format(out=arguments.out, error=error.strerror))
        return WRONG_USAGE if missing else BROKEN
    chosen = tuple(name for name in VARIANTS if not arguments.variant or name in arguments.variant)
    try:
        return take(Plan(chosen, arguments.seed, arguments.quick), path, arguments.json)
    except KeyboardInterrupt:
        complain(gettext("interrupted; no report was written"))
        return INTERRUPTED


def complain(sentence: str) -> None:
    """Print a sentence on stderr, on a line of its own."""
    print(f"aescratch: {sentence}", file=sys.stderr, flush=True)


def take(plan: Plan, path: Path, as_json: bool) -> int:
    """Perform every variant of the plan, print, write the report, and return the exit status."""
    digits, results = Digits.load(plan.seed), Results()
    tell: Callable[[str], object] = str if as_json else say  # with JSON, nothing else goes to stdout
    tell(opening(plan, digits))
    for name in plan.variants:
        results[name] = perform(VARIANTS[name], digits, plan)
        tell(about(results[name]))
    findings = find(results, digits, plan.seed)
    tell(f"\n{gettext(LEGEND)}\n")
    for number, sentence in enumerate(findings.lines, start=1):
        tell("\n".join(wrapped_lines(sentence, PAGE, indent="   ", first_indent=f"{number}. ")))
    with warnings_said():
        page = report(results, findings, digits, plan)
    write_text(path, page)
    said = gettext("report with all figures: {path}")
    if plan.quick:
        said = gettext("report with all figures: {path}, after a few epochs each (--quick)")
    tell("\n" + said.format(path=path))
    if as_json:
        say(as_json_text(plan, results, findings, path))
    return exit_status(result.check.verdict for result in results.values())


def opening(plan: Plan, digits: Digits) -> str:
    """Return a line on the data, and the head of the table."""
    data = gettext("{train:,} digits to train on, {test} unseen ones to measure on, seed {seed}")
    lines = [data.format(train=len(digits.train), test=len(digits.test), seed=plan.seed)]
    if plan.quick:
        lines.append(gettext("--quick: a few epochs each, so the numbers are far from their best"))
    return "\n".join([*lines, "", line(head())])


def about(result: Result) -> str:
    """Return a row, and lines on errors, if any."""
    lines = [line(cells(result.row))]
    if result.check.verdict != "pass":
        lines += [textwrap.indent(finding.message, "    ") for finding in result.check.findings]
    if result.trouble:
        lines += wrapped_lines(result.trouble, PAGE, indent="    ", first_indent="    ")
    return "\n".join(lines)


def as_json_text(plan: Plan, results: Results, findings: Findings, path: Path) -> str:
    """Return the content of the printed text as JSON; numbers that aren't finite become null."""
    table = [asdict(result.row) for result in results.values()]
    summary = {"command": plan.command, "quick": plan.quick, "report": str(path), "table": table}
    return json_text({**summary, "notice": findings.lines})


def exit_status(verdicts: Iterable[str]) -> int:
    """Return 1 if a check failed, else 3 if one is inconclusive, else 0."""
    found = set(verdicts)
    return FAIL if "fail" in found else INCONCLUSIVE if "inconclusive" in found else RIGHT
