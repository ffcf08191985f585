"""The page: recorded steps, data and scripts, in one file that fetches nothing.

    programs, rules, data, words -> JSON;   their loops, and the .js files beside this one, in order -> one script
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from string import Template

from aescratch.foundations import page_words
from aescratch.foundations.page_words import content_of, filled, words_of
from aescratch.inspection.tracing.loops import Loops
from aescratch.programs.playground.data import sets
from aescratch.programs.playground.recording import programs, rules
from aescratch.programs.playground.variants import VARIANTS

ENGINE = ("network.js", "training.js")  # the computing part, which needs no page
VIEWS = (
    "drawing.js", "scene.js", "output.js", "codes.js", "chart.js", "units.js", "controls.js", "held.js",
    "main.js",
)  # fmt: skip


def page() -> str:
    """Return the playground as one page of HTML."""
    loops, words = Loops(), words_of(Path(__file__).parent)
    content = content_of(
        words, programs=programs(loops), rules=rules(loops), sets=list(sets()),
        variants=[
            {
                "name": variant.name, "deep": variant.deep,
                "sliders": [dataclasses.asdict(slider) for slider in variant.sliders],
            }
            for variant in VARIANTS
        ],
    )  # fmt: skip
    scripts = "\n".join([script_of(loops), page_words.script(), *map(text_of, VIEWS)])
    template = filled(text_of("page.html"), words)
    return Template(template).substitute(style=text_of("style.css"), content=content, scripts=scripts)


def script_of(loops: Loops) -> str:
    """Return the computing part of the script: the loops, and the code that calls them."""
    names = ", ".join(loops.names.values())
    written = f"const LOOPS = (() => {{\n{loops.text()}\n\nreturn {{ {names} }};\n}})();"
    return "\n".join([written, *map(text_of, ENGINE)])


def text_of(name: str) -> str:
    """Return the text of a file beside this one."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
