"""Run the checks on a student's file, wherever its functions run; and the process of the student's own check.

    load() -> module, or a stand-in for it --checks--> reports, with recognised mistakes -> Judgement
    python -m aescratch.classroom.looking FOLDER FILE RESULT SECONDS      the outcome written as JSON

A file beside RESULT appears as soon as the checks begin. When the time is up, the running line is written there.
"""

import ast
import faulthandler
import functools
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from aescratch.classroom import outcome as kinds
from aescratch.classroom.exercise import Exercise, read_exercise
from aescratch.classroom.outcome import Ended, Judgement, Outcome, outcome_of, stopped
from aescratch.classroom.recognising import borrowed, lacking, recognise
from aescratch.foundations.language import Sentence, gettext, joined, with_sentences
from aescratch.foundations.sources import import_from_source, innermost, module_of_file
from aescratch.inspection.gradcheck import Report
from aescratch.inspection.gradcheck.binding import UPSTREAM_NAMES


def look(exercise: Exercise, path: Path, seed: int = 0) -> Outcome:
    """Return the outcome of an exercise's checks on a file, in this process; the inputs are drawn from the seed."""
    text = path.read_bytes()
    outcome = judgement_of(exercise, functools.partial(_loaded, text, path), path, text, seed).outcome
    if outcome.passed:
        outcome.message = borrowed(text, exercise)
    if outcome.kind != kinds.SYNTAX_ERROR:
        outcome.remarks = lacking(text, exercise, told=bool(outcome.message) and outcome.passed)
    return outcome


def _loaded(text: bytes, path: Path) -> ModuleType:
    try:
        compile(text, str(path), "exec")
    except (SyntaxError, ValueError) as error:  # null bytes are a ValueError in older Pythons
        reason, line = (error.msg, error.lineno or 0) if isinstance(error, SyntaxError) else (error, 0)
        sentence = gettext("Python can't read it: {reason}")
        raise Ended(kinds.SYNTAX_ERROR, sentence.format(reason=reason), line) from error
    return module_of_file(path, "student")


def judgement_of(exercise: Exercise, load: Callable[[], Any], path: Path, text: bytes, seed: int) -> Judgement:
    """Return the judgement of an exercise's checks on a student's file; no exception of the file gets out.

    `load` runs the file with this text, and returns an object with its names as attributes; `path` is the file's name
    in tracebacks.
    """
    reports: list[Report] = []
    sentences = exercise.sentences
    try:
        student = load()
        _require_functions(exercise, student, path)
        with with_sentences(sentences):
            for report in exercise.checks.check(student, seed):
                reports.append(report)  # noqa: PERF402, keep the reports before an exception
    except Ended as ended:
        return Judgement(stopped(ended.kind, ended.message, ended.line), reports)
    except (Exception, SystemExit) as error:
        return Judgement(raised(error, path), reports)
    with with_sentences(sentences):
        recognise(exercise, reports, seed, text)
    for finding in (finding for report in reports for finding in report.findings):
        if Path(finding.evidence.get("file", path)).name != path.name and "line" in finding.evidence:
            del finding.evidence["line"]
            finding.evidence.pop("source", None)  # a line of the course's checks, not of the student's file
    return Judgement(outcome_of(reports), reports)


def _require_functions(exercise: Exercise, student: Any, path: Path) -> None:
    """Raise `Ended` if a function is missing, or requires an argument that it doesn't have in the stub."""
    functions: dict[str, Any] = {name: getattr(student, name, None) for name in exercise.checks.FUNCTIONS}
    if missing := [name for name, function in functions.items() if not callable(function)]:
        sentence = gettext("there is no function {names} in {file}; the checks call it by this name")
        raise Ended(kinds.MISSING, sentence.format(names=gettext(" and ").join(missing), file=path.name))
    defined = [node for node in ast.walk(ast.parse(exercise.stub)) if isinstance(node, ast.FunctionDef)]
    for name, function in functions.items():
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            continue  # the checks report what is missing
        by_name = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        needed = [p.name for p in by_name if p.default is p.empty]
        wanted = [argument.arg for node in defined if node.name == name for argument in node.args.args]
        if not set(needed) <= {*wanted, *UPSTREAM_NAMES}:
            code = getattr(function, "__code__", None)
            sentence = gettext("{name} takes {needed}, but the checks pass {wanted} by name, as in the stub")
            takes = sentence.format(name=name, needed=", ".join(needed), wanted=", ".join(wanted))
            raise Ended(kinds.OTHER_ARGUMENTS, takes, code.co_firstlineno if code else 0)


def raised(error: BaseException, path: Path) -> Outcome:
    """Return the outcome for an exception: its type and text, and the innermost line of the student's file."""
    theirs = innermost(error, lambda filename: filename == str(path))
    text = str(error)
    if error.args and isinstance(error.args[0], Sentence):  # ours, on one line, which str would leave in English
        text = error.args[0]
    elif not isinstance(text, Sentence):
        text = " ".join(text.split())
    if theirs is None and isinstance(error, (TypeError, ValueError)):  # our own message about arguments
        return stopped(kinds.RAISED, text)
    kind = type(error).__name__
    known = kinds.OF_EXCEPTIONS.get(kind, kinds.RAISED)
    says = text if known == kinds.LACKING else joined(": ", [kind, text]) if text else kind
    if isinstance(error, NameError) and theirs and (theirs.line or "").startswith("PREDICTION"):
        says += gettext('; write the letter in quotation marks: PREDICTION = "{letter}"').format(letter=error.name)
    outcome = stopped(kinds.RAISED, says, (theirs.lineno or 0) if theirs else 0)
    outcome.kind = known
    return outcome


def main(arguments: Any) -> None:
    """Check a file, and write the outcome."""
    import_from_source()
    folder, file, result, seconds = arguments
    exercise = read_exercise(Path(folder))
    with open(result + kinds.STACK, "w", encoding="utf-8") as stack:
        faulthandler.dump_traceback_later(float(seconds), file=stack, exit=True)
        outcome = look(exercise, Path(file))
        faulthandler.cancel_dump_traceback_later()
    Path(result).write_text(json.dumps(outcome.to_dict()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
