"""A process that judges what it is asked to, one submission after the other, for as long as somebody asks.

    python -m aescratch.classroom.grading.worker      a request per line on stdin, a record per line on stdout

The checks run in here, and the submission in a confined process of its own. Should one bring this process down all the
same, only that submission is lost, and the next gets another process.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

from aescratch.classroom.exercise import read_exercise
from aescratch.classroom.grading.judging import Limits, judge_text
from aescratch.classroom.grading.ledger import BROKEN
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.grading.reasons import answer_of, mistake, plain
from aescratch.classroom.grading.seeds import seed_for
from aescratch.foundations.sources import import_from_source


def judged(request: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a request: what was found, the points of each part in hundredths, and the answer."""
    exercise = read_exercise(Path(request["folder"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a student's overflow
        text, limits = base64.b64decode(request["text"]), Limits(**request["limits"])
        seed = seed_for(exercise, text, request["seed"])
        start = time.perf_counter()
        judgement = judge_text(exercise, text, exercise.file_name, seed=seed, limits=limits)
        seconds = round(time.perf_counter() - start, 2)
        outcome = judgement.outcome
        rows = [entry.row for entry in entries(exercise, judgement)]
        code, cause = mistake(outcome, judgement.reports)
        return {
            "key": request["key"], "exercise": exercise.name, "kind": outcome.kind, "says": plain(outcome.message),
            "line": outcome.line, "entries": rows, "code": code, "cause": cause,
            "answer": answer_of(exercise, outcome, judgement.reports), "quotients": plain(judgement.quotients),
            "seconds": seconds,
        }  # fmt: skip


def main() -> None:
    """Answer requests until there are no more."""
    import_from_source()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints in here, it is no answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            record = judged(request)
        except Exception as error:  # ours, or the machine's: nothing that a submission does raises
            text = traceback.format_exception_only(type(error), error)[-1].strip()
            record = {"key": request["key"], "kind": BROKEN, "says": text}
        try:
            print(json.dumps(record), file=answers, flush=True)
        except BrokenPipeError:  # who asked was ended; Python's own end would try to write again
            os._exit(1)


if __name__ == "__main__":
    main()
