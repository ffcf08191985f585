"""The report: the results of the tour, as one page that a lecturer can show on a projector or send to a phone.

    results, findings, digits, plan -> sections, with the pictures of figures.py -> page.py -> HTML
"""

from __future__ import annotations

import platform
from collections.abc import Iterator

import numpy as np

import aescratch as ae
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.programs.tour.experiment import Digits, Plan, Result
from aescratch.programs.tour.figures import errors, pictures
from aescratch.programs.tour.findings import Findings, Results
from aescratch.programs.tour.page import around, document, element, figure, table, terms
from aescratch.programs.tour.table import cells, head

TITLE = gettext_noop("A tour of the autoencoders")
QUICK = gettext_noop("Made with --quick: a few epochs each, so the numbers are far from their best.")
LEAD = gettext_noop(
    "An autoencoder learns, without labels, to restore its input from a code in between. Every variant below is "
    "written in NumPy, with a hand-written backward pass. First each gradient is compared with finite differences, "
    "entry by entry; then the variant is trained on handwritten digits and measured on digits that it has not seen."
)
COLUMNS = (
    ("parameters", gettext_noop("How many numbers are trained.")),
    ("gradient check", gettext_noop(
        "The largest relative difference between the hand-written gradient and difference quotients of the loss, over "
        "every entry of every parameter, in float64, on a small model of the same kind and depth. A verdict other than "
        "pass stands beside it. The remaining difference is the rounding of the quotient: it is largest in a stack of "
        "sigmoids, whose first layer has very small gradients."
    )),
    ("code", gettext_noop("The width of the code.")),
    ("SSE", gettext_noop(
        "Squared error per unseen digit, summed over its 64 pixels in [0, 1], without the ½ of the loss."
    )),
    ("PCA", gettext_noop(
        "The same for principal component analysis with as many components as the code has units, fitted to the "
        "same training digits. No linear code of that width is better on these."
    )),
    ("active", gettext_noop("The share of code units with |h| > 0.01, over the unseen digits.")),
    ("accuracy", gettext_noop(
        "How often a linear probe names an unseen digit from its code: ridge regression from the codes of the "
        "training digits. For the classifier: the accuracy of its own softmax head, trained with labels."
    )),
    ("seconds", gettext_noop("Check, training and measuring together.")),
)  # fmt: skip


def report(results: Results, findings: Findings, digits: Digits, plan: Plan) -> str:
    """Return the whole page."""
    return document(gettext(TITLE), [
        opening(results, plan),
        around("main", [
            overview(results, digits),
            *([notices(findings)] if findings.lines else []),
            *(chapter(result, results, findings, digits, plan.seed) for result in results.values()),
        ]),
        closing(digits, plan),
    ])  # fmt: skip


def opening(results: Results, plan: Plan) -> str:
    """Return the head of the page."""
    parts = [element("h1", gettext(TITLE)), element("p", gettext(LEAD), class_="lead")]
    if plan.quick:
        parts.append(element("p", gettext(QUICK), class_="quick"))
    picture = errors([result.row for result in results.values()])
    parts += [figure(picture)] if picture else []
    titles = {name: gettext(result.variant.title) for name, result in results.items()}
    links = [around("li", [element("a", title, href=f"#{name}")]) for name, title in titles.items()]
    parts.append(around("nav", [around("ul", links)], aria_label=gettext("Variants")))
    return around("header", parts)


def overview(results: Results, digits: Digits) -> str:
    """Return the table, with an explanation."""
    caption = gettext("Trained on {train:,} digits, tested on {test}")
    caption = caption.format(train=len(digits.train), test=len(digits.test))
    rows = [cells(result.row) for result in results.values()]
    marks = [result.row.check_verdict for result in results.values()]
    meanings = [(gettext(name), gettext(meaning)) for name, meaning in COLUMNS]
    how = around("details", [element("summary", gettext("How to read the table")), terms(meanings)])
    parts = [element("h2", gettext("The table")), table(caption, head(), rows, marks), how]
    return around("section", parts, id="table")


def notices(findings: Findings) -> str:
    """Return the section on what to notice."""
    lines = [element("li", sentence) for sentence in findings.lines]
    parts = [element("h2", gettext("What to notice")), around("ol", lines)]
    return around("section", parts, id="notice", class_="notice")


def chapter(result: Result, results: Results, findings: Findings, digits: Digits, seed: int) -> str:
    """Return the section of one variant: its first picture, and the rest folded."""
    name = result.variant.name
    vanilla = results["vanilla"].autoencoder if "vanilla" in results else None
    parts = [element("h2", gettext(result.variant.title)), element("p", gettext(result.variant.idea))]
    parts += [element("p", sentence, class_="remark") for sentence in remarks(result, findings)]
    first, *more = map(figure, pictures(result, digits, seed, vanilla))
    parts.append(around("div", [first], class_="figures"))
    if more:
        inside = around("div", more, class_="figures")
        parts.append(around("details", [element("summary", gettext("More pictures")), inside]))
    parts.append(fold(gettext("The model"), str(result.model), opened=False))
    parts.append(fold(gettext("What it didn't learn"), str(result.diagnosis), opened=bool(result.diagnosis)))
    parts.append(fold(gettext("Its gradient check"), str(result.check), opened=result.check.verdict != "pass"))
    return around("section", parts, id=name, class_="variant")


def remarks(result: Result, findings: Findings) -> Iterator[str]:
    """Yield the remarks of this run on a variant."""
    if result.row.check_verdict != "pass":
        sentence = gettext("The gradient check of this variant: {verdict}. See its findings below.")
        yield sentence.format(verdict=gettext(result.row.check_verdict))
    if result.trouble:
        yield gettext("The training ended early: {reason}.").format(reason=result.trouble)
    if result.variant.name in findings.remarks:
        yield findings.remarks[result.variant.name]


def fold(summary: str, text: str, opened: bool) -> str:
    """Return preformatted text under a heading that opens and closes it."""
    attributes = {"open": "open"} if opened else {}
    return around("details", [element("summary", summary), element("pre", text)], **attributes)


def closing(digits: Digits, plan: Plan) -> str:
    """Return the command that repeats the run, and the versions and data."""
    data = digits.train
    versions = f"aescratch {ae.__version__}, Python {platform.python_version()}, NumPy {np.__version__}"
    facts = (
        (gettext("Repeat it"), plan.command),
        (gettext("Made with"), versions),
        (gettext("Data"), f"{gettext(data.source)}. {gettext(data.licence)}."),
    )
    same = gettext("The same seed gives the same table on the same machine, except for the seconds.")
    return around("footer", [terms(facts), element("p", same)])
