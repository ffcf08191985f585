"""Write what the checker says about every mistake of the step page: aescratch/inspection/tracing/mistakes_said.json.

    a wrong backward of mistakes.py --ae.check_function--> cause and question, in English and in Korean
    a mistake between parts, as the museum builds it --ae.check_gradients--> the same

The page shows no code of a mistake, so the checker finds no source, and tells no line: for a part's backward it would
be a line of tests/wrong_backward.py, which only computes the page's formulas.

Run as ``python docs/make_mistakes.py`` after a change of a mistake, or of the checker's sentences.
"""

import functools
import json
import linecache
import sys
from pathlib import Path
from unittest import mock

import numpy as np

HERE = Path(__file__).resolve().parent
for folder in (HERE.parent, HERE.parent / "tests", HERE.parent / "tests" / "museum"):
    sys.path.insert(0, str(folder))

import habits  # noqa: E402
import stops  # noqa: E402
from exhibition import D, H, N, X  # noqa: E402
from wrong_backward import mistaken  # noqa: E402

import aescratch as ae  # noqa: E402
from aescratch import functions  # noqa: E402
from aescratch.foundations.declared import declaration_of  # noqa: E402
from aescratch.foundations.language import LANGUAGES, in_language  # noqa: E402
from aescratch.inspection.tracing import breaking  # noqa: E402
from aescratch.inspection.tracing.mistakes import MISTAKES  # noqa: E402

SAID = HERE.parent / "aescratch" / "inspection" / "tracing" / "mistakes_said.json"


def without_source(build):
    """Return a function that builds the same report as if no source could be read."""

    @functools.wraps(build)
    def report(*arguments):
        with mock.patch.object(linecache, "getlines", return_value=[]):
            return build(*arguments)

    return report


@without_source
def report_on(function, name):
    """Return the checker's report on a wrong function, at random inputs of 7 examples, 5 inputs and 3 units."""
    formula, backward = functions.FORMULAS[function.removesuffix("_backward")], mistaken(function, name)
    declared = declaration_of(getattr(functions, function))
    if declared is not None:
        ae.surrogate_gradient(declared.rule, declared.formula, declared.source, declared.again)(backward)
    return ae.check_function(formula.forward, backward, formula.inputs(np.random.default_rng(1), N, D, H))


def sparse(backward):
    """Return the report on a sparse autoencoder with another line where the penalty's gradient enters."""

    class SparseAutoencoder(ae.SparseAutoencoder):
        def backward(self):
            grad_h = self.decoder.backward(self.reconstruction.backward())
            self.encoder.backward(backward(grad_h, self.sparsity))
            self.decay.backward()

    return ae.check_gradients(SparseAutoencoder([D, H], sparsity=ae.KLSparsity(0.1, 0.5), rng=0), X)


BETWEEN = {
    name: without_source(build) for name, build in {
        breaking.LEFT_OUT: habits.penalty_without_a_way_back,
        breaking.OVERWRITTEN: habits.overwritten_gradient,
        breaking.SUBTRACTED: lambda: sparse(lambda grad_h, sparsity: grad_h - sparsity.backward()),
        breaking.WITHOUT_WEIGHT: lambda: sparse(lambda grad_h, term: grad_h + term.backward() / term.weight),
        "museum: beta at the other term": stops.beta_at_the_other_term,
        "museum: straight through too soon": stops.straight_through_too_soon,
    }.items()
}


def said(report):
    """Return what a report says: the causes that it names, or the entries that differ, and the first question."""
    wrong = [finding for finding in report.findings if finding.severity == "error"]
    named = [finding for finding in wrong if finding.cause] or wrong[:1]
    question = next((finding.question for finding in named if finding.question), "")
    return ["; ".join(dict.fromkeys(finding.cause or finding.message for finding in named)), question]


def in_languages(build):
    """Return what a report says in every language; it is built in each."""
    found = {}
    for language in LANGUAGES:
        with in_language(language):
            found[language] = said(build())
    return found


def words_of(function):
    """Return cause and question of every mistake of a function, by its name."""
    return {name: in_languages(functools.partial(report_on, function, name)) for name in MISTAKES[function]}


if __name__ == "__main__":
    recorded = {
        **{function: words_of(function) for function in MISTAKES},
        "model": {name: in_languages(build) for name, build in BETWEEN.items()},
    }
    packed = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    rows = [f"{packed(function)}:{packed(found)}" for function, found in recorded.items()]
    SAID.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
