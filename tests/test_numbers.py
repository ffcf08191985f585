"""Numbers in the prose of README and docs that the code knows: each is compared with what it counts.

Beside these, doctests and commands on a page are run, `docs/make_*.py` write tables and recorded outputs, other tests
compare whole answers and claims with their pages, and what was measured once names its date and its machine.
"""

import ast
import configparser
import math
import pathlib
import re

import pytest

import aescratch as ae
from aescratch.classroom import all_exercises, leaks, outcome, running, trying
from aescratch.classroom.exercise import POINTS
from aescratch.classroom.grading import confinement, formats, lookalikes, parts, sandbox, submissions
from aescratch.classroom.grading.parts import declared, steps_of
from aescratch.classroom.hints import LEVELS
from aescratch.foundations import scaling, streams
from aescratch.inspection.diagnosis import of_data, of_model, of_training
from aescratch.inspection.gradcheck.lines import repairing
from aescratch.models import MODELS, gaussian_code
from aescratch.programs.cli import building, data, measures, packaging, status
from aescratch.programs.playground.variants import VARIANTS
from aescratch.training import batches, ending, plan

ROOT = pathlib.Path(__file__).parents[1]
WORDS = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen",
]  # fmt: skip
EXERCISES = {exercise.name: exercise for exercise in all_exercises()}
MINUTES = [exercise.minutes for exercise in EXERCISES.values()]
TUTORIALS = len(list((ROOT / "tutorials").glob("*.py")))
DIGITS = ae.datasets.load_digits()
MIB, GIB = 2**20, 2**30


def text_of(page):
    """A page in one line."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


def value(said):
    """The number that is written, in digits or as a word."""
    said = said.lower().replace(",", "")
    return WORDS.index(said) if said in WORDS else ast.literal_eval(said)


def settings(section, name):
    found = configparser.ConfigParser()
    found.read(ROOT / "setup.cfg", encoding="utf-8")
    return found[section][name]


def numpy_needed():
    return float(re.search(r"numpy>=(\S+)", settings("options", "install_requires"))[1])


def aside(words):
    """Numbers of docs/asides_measured.txt, as they are written there between these words."""
    return map(value, re.findall(words, text_of("docs/asides_measured.txt"))[0])


def percent(share):
    return round(100 * share, 6)


def least_of_a_class(students):
    """How many marks that only two of a class have it takes for a pair to be told of: each weighs log2 of half the class."""
    return math.ceil(lookalikes.LEAST * math.log2(students / 2))


# The page, the words around its numbers, and what these are.
NUMBERS = [
    ("README.md", r"(\w+) \[tutorials\]", TUTORIALS),
    ("README.md", r"path of (\w+) exercises", len(EXERCISES)),
    ("README.md", r"\.x \((\d+), (\d+)\) in \[0, 1\]", *DIGITS.x.shape),
    ("README.md", r"(\d) success or pass, (\d) fail, (\d) wrong usage or invalid input, (\d) inconclusive, (\d) system failure",
     status.RIGHT, status.FAIL, status.WRONG_USAGE, status.INCONCLUSIVE, status.BROKEN),
    ("README.md", r"NumPy (\d\.\d) or newer", numpy_needed()),
    ("README.ko.md", r"(\d)주 강의 계획", text_of("docs/teaching/index.md").count("## Week ")),
    ("docs/teaching/index.md", r"A complete course of (\w+) weeks", text_of("docs/teaching/index.md").count("## Week ")),
    ("docs/teaching/index.md", r"(\w+) figures in 16:9", len(list((ROOT / "docs/teaching/figures").glob("*.ko.png")))),
    ("docs/tutorials/index.md", r"There are (\w+) tutorials", TUTORIALS),
    ("docs/explanation/claims.md", r"(\d+) digits of (\d+) × (\d+) pixels", len(DIGITS), *DIGITS.image_shape),
    ("docs/exercises.md", r"an exercise takes (\w+) minutes to an hour", min(MINUTES)),
    ("docs/exercises.md", r"In exercise (\d+) you write the checker", EXERCISES["own_checker"].number),
    ("docs/exercises.md", r"within (\d+) seconds", running.TIME_LIMIT),
    ("docs/exercises.md", r"next of (\w+) levels", LEVELS),
    ("docs/exercises.md", r"exit status (\d) if everything passes, (\d) if something is wrong or missing, and (\d)", status.RIGHT, status.FAIL, status.INCONCLUSIVE),
    ("docs/own-exercise.md", r"points \((\d+) if you leave", POINTS),
    ("docs/own-exercise.md", r"stopped after (\d+) seconds, or after (\d+)", running.TIME_LIMIT, trying.LONGEST),
    ("docs/own-exercise.md", r"at least (\d) tokens that", leaks.LEAST),
    ("docs/own-exercise.md", r"\((\d) tokens for the last two\)", leaks.LEAST_WRONG),
    ("docs/own-exercise.md", r"at least (\d) tokens including an operator", leaks.LEAST_EXPRESSION),
    ("docs/own-exercise.md", r"from (\d) tokens on, also with renamed", leaks.LEAST_RENAMED),
    ("docs/own-exercise.md", r"a number of up to (\d+) digits", len(str(2**128 - 1))),
    ("docs/grading.md", r"(\d) MB per submitted file and (\d) MB per notebook",
     submissions.LARGEST / 1e6, submissions.LARGEST_NOTEBOOK / 1e6),
    ("docs/grading.md", r"`points: (\d+)` in `about.md` sets an exercise's points; the default is (\d+)", POINTS, POINTS),
    ("docs/grading.md", r"\| shapes \| (\d+) %", parts.SHAPES),
    ("docs/grading.md", r"\| linear in the upstream gradient, 0 where it is 0 \| (\d+) %", parts.LINEAR),
    ("docs/grading.md", r"\| changes no argument, and [\w ]+ \| (\d+) %", parts.PURE),
    ("docs/grading.md", r"\| what was right stays right \| (\d+) %", parts.KEPT),
    ("docs/grading.md", r"the score of (\d+) features that no other student has, in a class of sixty; of (\d+) such features in a class of ten, and of (\d+) in a class of three hundred",
     *map(least_of_a_class, (60, 10, 300))),
    ("docs/grading.md", r"A submission has (\d+) seconds", confinement.Limits().seconds),
    ("docs/grading-security.md", r"regular file of at most (\d) MiB", confinement.Limits().source / MIB),
    ("docs/grading-security.md", r"the judge waits (\d+) seconds", confinement.Limits().seconds),
    ("docs/grading-security.md", r"\| memory \| (\d) GiB", confinement.Limits().memory / GIB),
    ("docs/grading-security.md", r"\| files \| (\d) MiB each, (\d+) MiB together", confinement.Limits().file_size / MIB, sandbox.HOME_SIZE / MIB),
    ("docs/grading-security.md", r"checked every (\S+) seconds, and ended after (\d+) MiB or (\d+) files",
     confinement.LOOK_AFTER, sandbox.HOME_SIZE / MIB, confinement.MOST_FILES),
    ("docs/grading-security.md", r"\| output \| (\d+) characters are kept; the process ends after (\d+) MiB", outcome.KEPT, confinement.MOST_PRINTED / MIB),
    ("docs/graders.md", r"notebooks and for (\w+) graders", len(set(packaging.KINDS) - {"notebooks"})),
    ("docs/graders.md", r"below ([\d,]+) bytes", formats.LARGEST),
    ("docs/graders.md", r"`own_checker`, whose answers are counted, has (\d+) tests",
     sum(len(steps_of(EXERCISES["own_checker"], part)) for part in declared(EXERCISES["own_checker"]))),
    ("docs/explanation/defaults.md", r"what ([\d,]+) steps need, and at least (\d+)", plan.STEPS, plan.FEWEST_EPOCHS),
    ("docs/explanation/defaults.md", r"the learning rate\*\* is (\S+), with Adam, and falls", plan.RATE),
    ("docs/explanation/defaults.md", r"the code\*\* is (\d+) wide", building.CODE),
    ("docs/explanation/defaults.md", r"with a constant learning rate of (\S+);", plan.RATE),
    ("docs/explanation/defaults.md", r"(\d+) of (\d+) ReLUs died and the error was (\S+) times", *aside(r"(\d+) of (\d+) ReLUs died, error (\S+) times")),
    ("docs/explanation/defaults.md", r"`--k (\d)`: (\S+)\)", *aside(r"--k (\d): (\S+)")),
    ("docs/explanation/conventions.md", r"at most (\S+) % in the losses, and by (\S+) in single weights of up to (\S+),",
     *aside(r"losses (\S+)% apart, weights (\S+) of up to (\S+)")),
    ("docs/explanation/diagnosis.md", r"uses at most ([\d,]+) rows", ending.MOST_ROWS),
    ("docs/explanation/diagnosis.md", r"print the first (\w+) findings", measures.MOST_FINDINGS),
    ("docs/explanation/diagnosis.md", r"at most (\d+) % explained, where PCA", percent(of_training.NOTHING_LEARNT)),
    ("docs/explanation/diagnosis.md", r"the first epoch was (\w+) times", of_training.OVERSHOT),
    ("docs/explanation/diagnosis.md", r"divergence below (\S+) \[?nats", gaussian_code.AWAKE),
    ("docs/explanation/diagnosis.md", r"classifies (\d+) % of the codes", percent(of_model.NEARLY_ALWAYS)),
    ("docs/explanation/diagnosis.md", r"mean square is (\w+) times that of N", of_model.FAR_OFF),
    ("docs/explanation/diagnosis.md", r"few columns hold (\d+) % of the variance", percent(of_data.NEARLY_ALL)),
    ("docs/explanation/diagnosis.md", r"lie (\w+) times as far from zero", of_data.FAR_MEAN),
    ("docs/explanation/diagnosis.md", r"less than PCA, by at least (\d+) % of the variance", percent(of_training.BEHIND_PCA)),
    ("docs/explanation/diagnosis.md", r"(\w+) times the epochs", of_training.MORE_EPOCHS),
    ("docs/explanation/diagnosis.md", r"\| behind PCA; by at least (\d+) %", percent(of_training.FAR_BEHIND_PCA)),
    ("docs/how-to/own-data.md", r"square over the columns, is between (\S+) and\s+(\d)", *scaling.USUAL_SPREAD),
    ("docs/how-to/larger-than-memory.md", r"two blocks of (\d+) MiB in float32 \((\d+) MiB in float64\)",
     4 * streams.BLOCK / MIB, 8 * streams.BLOCK / MIB),
    ("docs/how-to/larger-than-memory.md", r"at most ([\d,]+) rows from the whole file", ending.MOST_ROWS),
    ("docs/how-to/larger-than-memory.md", r"a file of (\d) GiB or more", data.LARGE / GIB),
    ("docs/how-to/larger-than-memory.md", r"It takes (\d+) pieces from anywhere", streams.BLOCK / streams.PIECE),
    ("docs/gpu.md", r"the examples of (\d+) batches", batches.BATCHES_AT_ONCE),
    ("docs/causes.md", r"(\d+) seconds of computing", repairing.SECONDS),
    ("CHANGELOG.md", r"in the browser, (\w+) variants on", len(VARIANTS)),
]  # fmt: skip


@pytest.mark.parametrize(("page", "words", "counted"), [(page, words, counted) for page, words, *counted in NUMBERS])
def test_the_number_on_the_page_is_what_is_counted(page, words, counted):
    found = re.findall(words, text_of(page))
    assert found, f"{page} no longer says this; if the number is gone, so may this line be"
    for said in found:
        assert [value(each) for each in ([said] if isinstance(said, str) else said)] == counted


def test_the_readmes_table_is_of_all_variants():
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(model.__name__ for model in MODELS)


def test_every_tutorial_takes_less_than_the_half_minute_that_the_korean_page_says():
    seconds = re.findall(r"\)\*\*, (\d+) s<br>", text_of("docs/tutorials/index.md"))
    assert len(seconds) == TUTORIALS
    assert max(map(int, seconds)) < 30
    assert "하나를 실행하는 데는 30초도 걸리지 않는다" in text_of("README.ko.md")


def test_the_launches_on_the_page_are_those_that_are_counted():
    rows = dict(re.findall(r"^\| ([a-zA-Z ,]+) \| (\d+) \|$", (ROOT / "docs/gpu.md").read_text(encoding="utf-8"), re.MULTILINE))
    together = int(rows.pop("total"))
    assert sum(map(int, rows.values())) == together
    counted = (ROOT / "tests/test_cupy.py").read_text(encoding="utf-8")
    assert f'kernels.pop("matmul") == {rows["matrix products"]}\n' in counted
    assert f"(seen.launches, seen.synchronisations, seen.uploads) == ({together}, 0, 0)\n" in counted
