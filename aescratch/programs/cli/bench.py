"""`aescratch bench`: a table of speed and memory on this machine, compared with PyTorch if it is installed.

    options -> questions -> rows -> the table, or JSON

Libraries read the number of threads when they are loaded, so with --threads the command starts itself again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace

from aescratch.foundations.language import Phrase, gettext, gettext_noop, told
from aescratch.foundations.platforms import require_processes
from aescratch.programs.bench import QUESTIONS, as_text, describe_machine, measure
from aescratch.programs.bench.machine import notes
from aescratch.programs.cli.options import Option, command, json_of, option, switch, whole
from aescratch.programs.cli.status import RIGHT
from aescratch.programs.cli.writing import answer

# Each matrix library reads its own variable, once, when it is loaded.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

DESCRIPTION = gettext_noop(
    """Measure this machine: each figure is a ratio in one run, below 1 if this package ("ours") needs less.

  step    one training step (loss, backward, Adam) against the fastest of PyTorch's three Adams, and
          against the floor: the matrix products alone, and one pass over the parameters
  variants
          one training step of each newer variant, at two sizes
  gelu    one training step with GELU against the same with ReLU
  growth  the ratio to the floor as the batch grows
  fit     a whole training against the same number of bare steps
  looking a training with a monitor, and one with a diagnosis, against the same training alone
  memory  the increase of memory during a training
  files   the same for a training on data that stay in a file
  processes
          one batch in each of two processes that train together, by MPI, against one process
  check   the numeric check of every entry of every gradient
  import  the import of the package against NumPy's

If Numba is installed, "ours" in the first two uses NumPy only, and compiled formulas have a column.
Memory is measured with NumPy only; the other questions use what is installed. With several threads, the
sides of a step take turns in processes of their own.

Close other programs: two programs on one core measure each other. Everything takes about nine minutes.
"""
)
EXAMPLES = """examples:
  aescratch bench --quick
  aescratch bench --only step fit --threads 1
  aescratch bench --quick --json
"""

SOME_OF_THEM = Phrase("some of {names}", names=", ".join(QUESTIONS))

add_arguments: Option = command(
    DESCRIPTION, EXAMPLES,
    switch("--quick", "fewer rounds: two minutes, and less precise figures"),
    option("--only", nargs="+", metavar="QUESTION", choices=QUESTIONS, help=SOME_OF_THEM),
    whole("--threads", "number of threads of the matrix products (default: all cores)"),
    json_of("the figures"),
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Measure and print; return the exit status, which doesn't depend on the figures."""
    require_processes("aescratch bench", gettext("measure where the package is installed: pip install aescratch"))
    if arguments.threads is not None and any(os.environ.get(name) != str(arguments.threads) for name in THREADS):
        return run_again(arguments)
    machine = describe_machine()
    questions = arguments.only or list(QUESTIONS)
    if not arguments.json:
        print(", ".join(f"{gettext(name)} {value}" for name, value in machine.items()))
        print("".join(gettext("note: {note}").format(note=note) + "\n" for note in notes(machine)), flush=True)
    rows = []
    for row in measure(questions, arguments.quick):
        rows.append(row)
        show_progress(gettext("measured: {question}, {case}").format(question=row.question, case=told(row.case)))
    show_progress("")
    about = {"machine": machine, "notes": notes(machine), "rows": [row.to_dict() for row in rows]}
    answer(arguments, as_text(rows), about)
    return RIGHT


def show_progress(text: str) -> None:
    """Show a line in place of the last one, if stderr is a terminal."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"\r{text:70}\r", end="", file=sys.stderr, flush=True)


def run_again(arguments: Namespace) -> int:
    """Run the same command again with the number of threads in the environment, where libraries read it on loading."""
    environment = {**os.environ, **dict.fromkeys(THREADS, str(arguments.threads))}
    command = [sys.executable, "-m", "aescratch", "bench", *arguments.typed]
    return subprocess.run(command, check=False, env=environment).returncode
