"""Every exhibit of the bug museum is what its label says, and the page about it is current."""

import importlib.util
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import backwards  # noqa: E402, F401
import forwards  # noqa: E402, F401
import habits  # noqa: E402, F401
import stops  # noqa: E402, F401
from exhibition import EXHIBITS  # noqa: E402

DOCS = HERE.parents[1] / "docs"


@pytest.mark.in_turn
@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.build.__name__)
def test_the_exhibit_is_what_its_label_says(exhibit):
    reports = exhibit.reports()
    text = "\n".join(map(str, reports))
    assert tuple(report.verdict for report in reports) == exhibit.verdicts, text
    assert exhibit.says in text, text


def test_there_are_enough_of_them():
    assert len(EXHIBITS) >= 25
    assert len({exhibit.title for exhibit in EXHIBITS}) == len(EXHIBITS)


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.build.__name__)
def test_an_exhibit_is_short_and_names_its_source(exhibit):
    assert len(exhibit.code.splitlines()) <= 25
    assert re.search(r"[\w-]+/[\w-]+|package|scikit-learn|easyvae|minitorch", exhibit.sources)
    assert exhibit.lesson.endswith((".", "?"))


def without_what_varies(page):
    """Return a page in which no number of the reports, and no line break, counts: rounding decides both."""

    def numberless(block):
        text = re.sub(r"UnboundLocalError: [^(]*\(", "UnboundLocalError (", block.group())  # each Python words its own
        return re.sub(r"-?\d[\d.]*(e[-+]?\d+)?", "#", text)

    page = re.sub(r"\s+", " ", page)
    return re.sub(r"```text.*?```", numberless, page)


def test_only_what_varies_is_left_out():
    page = "N = 7\n```text\nfail: 3 of 35 at (2, 1), -1.5e-07\n```\n2"
    assert without_what_varies(page) == "N = 7 ```text fail: # of # at (#, #), # ``` 2"
    assert without_what_varies(page) != without_what_varies(page.replace("fail", "pass"))
    assert without_what_varies(page) != without_what_varies(page.replace("N = 7", "N = 8"))


@pytest.mark.in_turn
def test_the_page_is_current():
    spec = importlib.util.spec_from_file_location("make_museum", DOCS / "make_museum.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    there = (DOCS / "museum.md").read_text(encoding="utf-8")
    assert without_what_varies(module.page()) == without_what_varies(there), "run python docs/make_museum.py"
