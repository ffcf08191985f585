"""Before a release: every known mistake, judged in English and then told in Korean, beside a judgement in Korean.

    python tests/all_in_korean.py      about four minutes

Ends with status 1 if a sentence differs: then it was put together in English, so that it can't be told in Korean.
Mistakes that draw numbers of their own are left out.
"""

import sys
import time
import warnings

import numpy as np

from aescratch.classroom.exercise import all_exercises
from aescratch.classroom.looking import judgement_of
from aescratch.foundations.language import in_language, told, with_sentences

OWN_NUMBERS = {("xavier_uniform", "drawn anew")}


def judged(exercise, text, language):
    with in_language(language):
        return judgement_of(exercise, lambda: exercise.module_of(text), exercise.folder / exercise.file_name, text.encode(), 1)


def sentences(exercise, judgement):
    """Return every sentence of a judgement in Korean; those that are Korean already stay as they are."""
    with in_language("ko"), with_sentences(exercise.sentences):
        found = [told(judgement.outcome.message)]
        for report in judgement.reports:
            found.append(told(report.title))
            found += [told(words) for f in report.findings for words in (f.message, f.cause, f.question, f.proof)]
        return found


def main():
    began, count, problems = time.monotonic(), 0, []
    warnings.simplefilter("ignore")
    with np.errstate(all="ignore"):
        for exercise in all_exercises():
            for name, mutant in exercise.mutants.items():
                if (exercise.name, name) in OWN_NUMBERS:
                    continue
                text, count = exercise.mutated(mutant), count + 1
                there, here = (sentences(exercise, judged(exercise, text, language)) for language in ("en", "ko"))
                problems += [f"{exercise.name}, {name}:\n  {a}\n  {b}" for a, b in zip(there, here, strict=True) if a != b]
    print(*problems, sep="\n")
    print(f"{count} mistakes, {len(problems)} problems, {time.monotonic() - began:.0f} s")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
