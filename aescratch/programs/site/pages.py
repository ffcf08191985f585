"""The pages: what they say, from strings.en.json and strings.ko.json, and what their scripts are told, as JSON.

    exercises -> index.html;   a tutorial -> tutorials/NN_name.html;   models -> steps/NAME.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import numpy as np

import aescratch as ae
from aescratch.classroom.exercise import Exercise
from aescratch.foundations.files import write_text
from aescratch.foundations.language import LANGUAGES, in_language, language
from aescratch.foundations.page_words import Words, content_of, filled, values_of, words_of
from aescratch.models.base import Model
from aescratch.programs.site.predicting import prediction_of
from aescratch.programs.site.tutorials import PRACTISED, Tutorial

HERE = Path(__file__).parent
EXERCISES, STUBS = "exercises.{}.json", "stubs.{}.txt"  # by language
MARKS = r"[*`$]"  # of Markdown and TeX
STUB = "=== {}\n"  # the line above each stub; text, not JSON, so that the search for answers can read it
# Pages ask this site for everything; if the interpreter lies elsewhere, its worker alone asks there.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'"
)
STEP_MODELS: dict[str, Callable[[], Model]] = {
    "vanilla": lambda: ae.Autoencoder([8, 4], dtype="float64", rng=0),
    "denoising": lambda: ae.DenoisingAutoencoder([8, 4], dtype="float64", rng=0),
    "sparse": lambda: ae.SparseAutoencoder([8, 4], dtype="float64", rng=0),
    "variational": lambda: ae.VariationalAutoencoder([8, 6, 2], dtype="float64", rng=0),
}


class Links(NamedTuple):
    """What there is besides the exercises: tutorials, playground, variants with a step, documentation."""

    tutorials: Sequence[Tutorial] = ()
    playground: bool = False
    steps: Sequence[str] = ()
    documentation: str | None = None


def first_page(exercises: Sequence[Exercise], links: Links, title: str | None, settings: Mapping[str, Any]) -> str:
    """Return the page of the exercises, which is the site's first one."""
    words = words_of(HERE)
    if title:
        words = {each: {**said, "title": title} for each, said in words.items()}
    parts = {
        "begin": values_of(title=f"{exercises[0].number}. {exercises[0].title}"), "first": exercises[0].name,
        "navigation": _navigation(links), "elsewhere": _elsewhere(links),
    }  # fmt: skip
    return _filled("page.html", words, parts, settings)


def tutorial_page(tutorial: Tutorial, settings: Mapping[str, Any], exercises: Sequence[Exercise] = ()) -> str:
    """Return the page of a tutorial, with links to those of the exercises that practise it."""
    practised = [each for each in exercises if each.name in PRACTISED.get(tutorial.name, ())]
    links = {}
    for chosen in LANGUAGES:
        with in_language(chosen):
            links[chosen] = [[each.name, f"{each.number}. {each.title}"] for each in practised]
    cells = [{"kind": cell.kind, "text": cell.text} for cell in tutorial.cells]
    heading = escape(re.sub(MARKS, "", tutorial.title))
    content = {"cells": cells, "practised": links, **settings}
    return _filled("tutorial.html", words_of(HERE), {"heading": heading}, content)


def exercise_files(exercises: Sequence[Exercise], tutorials: Sequence[Tutorial] = ()) -> dict[str, str]:
    """Return the files that the first page reads the exercises from, and their stubs, in the language in force.

    An exercise links to the one of the tutorials that teaches it.
    """
    taught = {name: tutorial for tutorial in tutorials for name in PRACTISED.get(tutorial.name, ())}
    told = [shown(exercise, taught.get(exercise.name)) for exercise in exercises]
    return {
        EXERCISES.format(language()): json.dumps(told, ensure_ascii=False, indent=1),
        STUBS.format(language()): "".join(STUB.format(each.file_name) + each.handed_stub for each in exercises),
    }


def shown(exercise: Exercise, tutorial: Tutorial | None = None) -> dict[str, Any]:
    """Return what the page shows of an exercise before Python is there."""
    return {
        "name": exercise.name, "number": exercise.number, "title": exercise.title, "chapter": exercise.chapter,
        "minutes": exercise.minutes, "file": exercise.file_name, "task": exercise.task,
        "prediction": prediction_of(exercise.handed_stub),
        "tutorial": tutorial and [f"tutorials/{tutorial.name}.html", re.sub(MARKS, "", tutorial.title)],
    }  # fmt: skip


def with_way_back(page: str, address: str) -> str:
    """Return a page of the package as it lies in the site: with its link to the site's first page."""
    return page.replace('<a id="home" hidden', f'<a id="home" href="{address}"')


def write_steps(folder: Path) -> list[str]:
    """Write a page that walks through one training step, for some variants, and return the variants' names."""
    for name, make in STEP_MODELS.items():
        step = ae.trace(make(), np.random.default_rng(0).random((3, 8)).round(2), optimizer=ae.SGD(0.1), rng=0)
        path = step.to_html(folder / f"{name}.html")
        write_text(path, with_way_back(path.read_text(encoding="utf-8"), "../index.html"))
    return [*STEP_MODELS]


def _filled(template: str, words: Words, parts: Mapping[str, str], content: Mapping[str, Any]) -> str:
    page = (HERE / template).read_text(encoding="utf-8")
    return filled(Template(page).substitute(parts, policy=POLICY, content=content_of(words, **content)), words)


def _navigation(links: Links) -> str:
    there = {"#exercises-title": "nav_exercises"}
    there |= {"#tutorials-title": "nav_tutorials"} if links.tutorials else {}
    there |= {"playground.html": "nav_playground"} if links.playground else {}
    there |= {"#work": "nav_work"}
    return " ".join(f'<a href="{address}" data-say="{name}"></a>' for address, name in there.items())


def _elsewhere(links: Links) -> str:
    parts = []
    if links.tutorials:
        rows = "".join(
            f'<li lang="en"><a href="tutorials/{each.name}.html">{_plain(each.title)}</a>'
            f'<span class="line">{_plain(each.line[:1].upper() + each.line[1:])}</span></li>'
            for each in links.tutorials
        )
        inside = f'<p data-say="tutorials_note"></p><ul class="plain">{rows}</ul>'
        parts.append(_section("tutorials-title", "tutorials_title", inside))
    look = ['<a href="playground.html" data-say="playground_link"></a>'] if links.playground else []
    look += [
        f'<a href="steps/{name}.html" data-say="step_link" {values_of(variant=name)}></a>' for name in links.steps
    ]
    if links.documentation:
        look.append(f'<a href="{escape(links.documentation)}" data-say="documentation_link"></a>')
    if look:
        items = "".join(f"<li>{link}</li>" for link in look)
        parts.append(_section("look-title", "look_title", f'<ul class="plain">{items}</ul>'))
    return "\n".join(parts)


def _section(name: str, title: str, inside: str) -> str:
    return f'  <section aria-labelledby="{name}"><h2 id="{name}" data-say="{title}"></h2>{inside}</section>'


def _plain(text: str) -> str:
    """Return a line of prose without the marks of Markdown and TeX, for a list."""
    return escape(re.sub(r"\^\{(.+?)\}", r"^\1", text).translate(str.maketrans("", "", "*`$")))
