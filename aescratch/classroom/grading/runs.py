"""Judge many submissions in parallel: a few workers take one after the other; results don't depend on the order.

    tasks --threads, each with a process of its own--> records -> ledger;   timeouts once more, alone, at the end
    python -m aescratch.classroom.grading.runs      such a process: a request per line on stdin, a record on stdout

The checks run in such a process, and the submission in a confined process of its own. If a submission still crashes
the worker's process, only that submission is lost, and the next gets another process.
"""

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import aescratch as ae
from aescratch.classroom.exercise import Exercise, read_exercise
from aescratch.classroom.grading.judging import Limits, judge_text
from aescratch.classroom.grading.ledger import BROKEN, Ledger, Record, Task
from aescratch.classroom.grading.marks import Entry, entries, without_points
from aescratch.classroom.grading.reasons import answer_of, mistake, plain
from aescratch.classroom.grading.seeds import seed_for
from aescratch.classroom.outcome import DIED, PASSED, TIMED_OUT
from aescratch.foundations.language import LANGUAGES, gettext, gettext_noop, in_language, told, with_sentences
from aescratch.foundations.sources import import_from_source

SPEAKING = threading.Lock()  # since the language is that of the whole process
CRASHED = gettext_noop("it crashed the process that judged it; look at this one yourself")
PATIENCE = 60.0  # seconds beyond ten times a submission's own limit, after which a worker is stopped

Said = tuple[list[Entry], str, str, str]  # the marks, the cause, the answer, and evidence of difference quotients


class GradingError(RuntimeError):
    """The system failed; the message is one sentence."""


class Worker:
    """A process that judges, started by the first request, and restarted after a crash."""

    def __init__(self, seed: str, limits: dict[str, Any], folder: str) -> None:
        self.seed = seed
        self.limits = limits
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        # Read here, in the main thread: another worker's thread may change the language later.
        self.environment: dict[str, str] = {**os.environ, **threads, "TMPDIR": folder}
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, task: Task) -> Record:
        """Return the record of a task."""
        request = {
            "key": task.key, "folder": str(task.exercise.folder.resolve()), "seed": self.seed, "limits": self.limits,
            "text": base64.b64encode(task.text).decode(),
        }  # fmt: skip
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "aescratch.classroom.grading.runs"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, cwd=Path(ae.__file__).parent.parent,
                env=self.environment, start_new_session=True,
            )  # fmt: skip
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(PATIENCE + 10 * float(self.limits.get("seconds", 10)), process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = b""
        finally:
            timer.cancel()
        if line.endswith(b"\n"):
            return json.loads(line)
        self.close()
        return _brought_down(task)

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # the remaining data can't be written any more
                    stream.close()  # type: ignore[union-attr]


def _brought_down(task: Task) -> Record:
    """Return the record of a submission that crashed its judge."""
    exercise = task.exercise

    def said() -> Said:
        says = gettext(CRASHED)
        marks = [entry._replace(flagged=True) for entry in without_points(exercise, says, DIED)]
        return marks, "", f"{exercise.name}: {says}", ""

    with SPEAKING:
        words = _in_every_language(exercise, said)
    return {"key": task.key, "exercise": exercise.name, "kind": DIED, "says": CRASHED, "line": 0, "code": DIED, **words}


def _in_every_language(exercise: Exercise, said: Callable[[], Said]) -> Record:
    """Return the part of a record that people read: in English, and under "words" in every other language."""
    record: Record = {"words": {}}
    for language in LANGUAGES:
        with in_language(language), with_sentences(exercise.sentences):
            marks, cause, answer, quotients = said()
            rest = {"cause": cause, "answer": answer, "quotients": quotients}
            if language == "en":
                record |= {"entries": [entry.row for entry in marks], **rest}
            else:
                names, reasons = [entry.called for entry in marks], [entry.reason for entry in marks]
                record["words"][language] = {"parts": names, "reasons": reasons, **rest}
    return record


def judge_all(
    tasks: Sequence[Task], ledger: Ledger, seed: str, limits: dict[str, Any], jobs: int,
    done: Callable[[], object] = lambda: None,
) -> None:  # fmt: skip
    """Judge every task that is not in the ledger, and add each record to it.

    A submission that ran out of time while others were running is judged again, alone, and only that counts. Raises
    `GradingError` if a submission can't be judged for a reason outside it.
    """
    left = list({task.key: task for task in tasks if task.key not in ledger.records}.values())
    late: list[Task] = []
    with tempfile.TemporaryDirectory() as folder:
        workers = [Worker(seed, limits, folder) for _ in range(min(jobs, len(left)))]
        _share_out(left, ledger, workers, done, late if len(workers) > 1 else None)
        _share_out(sorted(late), ledger, [Worker(seed, limits, folder)] if late else [], done, None)


def prove(tasks: Sequence[Task], ledger: Ledger, seed: str, limits: dict[str, Any], jobs: int) -> None:
    """Judge our own solutions like submissions, so that no student loses points because grading itself fails."""
    try:
        judge_all(tasks, ledger, seed, limits, jobs)
    except GradingError as error:
        advice = "" if "validate" in str(error) else gettext("; see aescratch exercises validate")
        raise GradingError(f"{error}{advice}") from error
    for task in tasks:
        record = ledger.records[task.key]
        if record["kind"] != PASSED or any(points != of for _, points, of, *_ in record["entries"]):
            why = f"{record['kind']}: {record['says']}" if record["says"] else record["kind"]
            message = gettext(
                "the solution of {name} doesn't get all its points when it is graded like a submission ({why}), so "
                "no submission would: nothing was graded"
            )
            raise GradingError(message.format(name=task.exercise.name, why=why))


def _share_out(
    tasks: Iterable[Task], ledger: Ledger, workers: Sequence[Worker], done: Callable[[], object],
    late: list[Task] | None,
) -> None:  # fmt: skip
    """Let workers take tasks until none is left, or one fails; timeouts are added to `late`."""
    left, over = iter(list(tasks)), threading.Event()

    def judge_with(worker: Worker) -> None:
        for task in left:  # shared: each task goes to one thread
            record = worker.ask(task)
            if record["kind"] == BROKEN:  # try again, since the cause may be gone
                record = worker.ask(task)
            if over.is_set():
                return
            if record["kind"] == BROKEN:
                over.set()
                message = gettext("{name} couldn't be judged: {problem}")
                raise GradingError(message.format(name=task.exercise.name, problem=record["says"]))
            if record["kind"] == TIMED_OUT and late is not None:
                late.append(task)
            else:
                ledger.add(record)
                done()

    with ThreadPoolExecutor(len(workers) or 1) as pool:
        try:
            futures = [pool.submit(judge_with, worker) for worker in workers]
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            over.set()
            for worker in workers:
                worker.close()
    for future in futures:
        future.result()


def judged(request: dict[str, Any]) -> Record:
    """Return the record of a request: the outcome, the points of each part in hundredths, and the answer.

    It is judged in English, and told in every language.
    """
    exercise = read_exercise(Path(request["folder"]))
    with warnings.catch_warnings(), in_language("en"):
        warnings.simplefilter("ignore")  # warnings about a student's overflow
        text, limits = base64.b64decode(request["text"]), Limits(**request["limits"])
        seed = seed_for(exercise, text, request["seed"])
        start = time.perf_counter()
        judgement = judge_text(exercise, text, exercise.file_name, seed=seed, limits=limits)
        seconds = round(time.perf_counter() - start, 2)
        outcome = judgement.outcome
        code, cause = mistake(outcome, judgement.reports)

        def said() -> Said:
            answer = answer_of(exercise, outcome, judgement.reports)
            return entries(exercise, judgement), told(cause), answer, plain(told(judgement.quotients))

        words = _in_every_language(exercise, said)
        return {
            "key": request["key"], "exercise": exercise.name, "kind": outcome.kind, "says": plain(outcome.message),
            "line": outcome.line, "code": code, "seconds": seconds, **words,
        }  # fmt: skip


def main() -> None:
    """Answer requests until the input ends."""
    import_from_source()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # so that printed text can't look like an answer
    for line in sys.stdin:
        request = json.loads(line)
        try:
            record = judged(request)
        except Exception as error:  # ours or the system's: a submission can't raise here
            text = traceback.format_exception_only(type(error), error)[-1].strip()
            record = {"key": request["key"], "kind": BROKEN, "says": text}
        try:
            print(json.dumps(record), file=answers, flush=True)
        except BrokenPipeError:  # the parent is gone; Python's own exit would try to write again
            os._exit(1)


if __name__ == "__main__":
    main()
