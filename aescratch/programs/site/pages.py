"""The pages: what they say, from strings.en.json, and what their scripts are told, as JSON beside them.

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
from aescratch.classroom.tab.predicting import predictions_of
from aescratch.models.base import Model
from aescratch.programs.site.tutorials import Tutorial

HERE = Path(__file__).parent
EXERCISES, STUBS = "exercises.json", "stubs.txt"
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


def strings() -> dict[str, Any]:
    """Return every word that the pages say, by name."""
    found: dict[str, Any] = json.loads((HERE / "strings.en.json").read_text(encoding="utf-8"))
    return found


def first_page(exercises: Sequence[Exercise], links: Links, title: str | None, settings: Mapping[str, Any]) -> str:
    """Return the page of the exercises, which is the site's first one."""
    said = strings()
    said["title"] = title or said["title"]
    content = {"strings": said, **settings}
    first = said["begin"].format(title=f"{exercises[0].number}. {exercises[0].title}")
    parts = {
        "begin": escape(first), "first": exercises[0].name,
        "navigation": _navigation(said, links), "elsewhere": _elsewhere(said, links),
        "how": "".join(f"<li>{_with_code(text)}</li>" for text in said["how"]),
        "shapes": "".join(f"<p>{_with_code(text)}</p>" for text in said["shapes"]),
    }  # fmt: skip
    return _filled("page.html", said, parts, content)


def tutorial_page(tutorial: Tutorial, settings: Mapping[str, Any]) -> str:
    """Return the page of a tutorial."""
    said = strings()
    cells = [{"kind": cell.kind, "text": cell.text} for cell in tutorial.cells]
    heading = escape(re.sub(r"[*`$]", "", tutorial.title))
    return _filled("tutorial.html", said, {"heading": heading}, {"strings": said, "cells": cells, **settings})


def exercise_files(exercises: Sequence[Exercise]) -> dict[str, str]:
    """Return the files that the first page reads the exercises from, and what each of them begins with."""
    return {
        EXERCISES: json.dumps([shown(exercise) for exercise in exercises], ensure_ascii=False, indent=1),
        STUBS: "".join(STUB.format(exercise.file_name) + exercise.stub for exercise in exercises),
    }


def shown(exercise: Exercise) -> dict[str, Any]:
    """Return what the page shows of an exercise before Python is there."""
    return {
        "name": exercise.name, "number": exercise.number, "title": exercise.title, "chapter": exercise.chapter,
        "minutes": exercise.minutes, "file": exercise.file_name, "task": exercise.task,
        "prediction": next(iter(predictions_of(exercise.stub, exercise.stub)), None),
    }  # fmt: skip


def write_steps(folder: Path) -> list[str]:
    """Write a page that walks through one training step, for some variants, and return the variants' names."""
    for name, make in STEP_MODELS.items():
        step = ae.trace(make(), np.random.default_rng(0).random((3, 8)).round(2), optimizer=ae.SGD(0.1), rng=0)
        step.to_html(folder / f"{name}.html")
    return [*STEP_MODELS]


def _filled(template: str, said: Mapping[str, Any], parts: Mapping[str, str], content: Mapping[str, Any]) -> str:
    words = {name: _with_code(text) for name, text in said.items() if isinstance(text, str)}
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    page = (HERE / template).read_text(encoding="utf-8")
    return Template(page).substitute({**words, **parts, "policy": POLICY, "content": data})


def _with_code(text: str) -> str:
    return re.sub("`(.+?)`", r"<code>\1</code>", escape(text))


def _navigation(said: Mapping[str, Any], links: Links) -> str:
    there = {"#exercises-title": "nav_exercises"}
    there |= {"#tutorials-title": "nav_tutorials"} if links.tutorials else {}
    there |= {"playground.html": "nav_playground"} if links.playground else {}
    there |= {"#work": "nav_work"}
    return " ".join(f'<a href="{address}">{escape(said[name])}</a>' for address, name in there.items())


def _elsewhere(said: Mapping[str, Any], links: Links) -> str:
    parts = []
    if links.tutorials:
        rows = "".join(
            f'<li><a href="tutorials/{each.name}.html">{_plain(each.title)}</a>'
            f'<span class="line">{_plain(each.line[:1].upper() + each.line[1:])}</span></li>'
            for each in links.tutorials
        )
        parts.append(_section("tutorials-title", said["tutorials_title"],
                              f'<p>{escape(said["tutorials_note"])}</p><ul class="plain">{rows}</ul>'))  # fmt: skip
    look = [f'<a href="playground.html">{escape(said["playground_link"])}</a>'] if links.playground else []
    look += [
        f'<a href="steps/{name}.html">{escape(said["step_link"].format(variant=name))}</a>' for name in links.steps
    ]
    if links.documentation:
        look.append(f'<a href="{escape(links.documentation)}">{escape(said["documentation_link"])}</a>')
    if look:
        items = "".join(f"<li>{link}</li>" for link in look)
        parts.append(_section("look-title", said["look_title"], f'<ul class="plain">{items}</ul>'))
    return "\n".join(parts)


def _section(name: str, title: str, inside: str) -> str:
    return f'  <section aria-labelledby="{name}"><h2 id="{name}">{escape(title)}</h2>{inside}</section>'


def _plain(text: str) -> str:
    """Return a line of prose without the marks of Markdown and TeX, for a list."""
    return escape(re.sub(r"\^\{(.+?)\}", r"^\1", text).translate(str.maketrans("", "", "*`$")))
