"""The page about debuggers: its session is run by pdb as it stands, and its table lists what the parts remember."""

import doctest
import os
import pathlib
import re
import subprocess
import sys

import pytest

import aescratch as ae
from aescratch import activations, corruptions, divergences, layers, losses, penalties
from aescratch.codes import adversary, bounds, codebook, gates, selection
from aescratch.foundations.parts import Part

ROOT = pathlib.Path(ae.__file__).parent.parent
PAGE = ROOT / "docs" / "debugger.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="needs docs/, which an installed package hasn't")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PROMPT = "(Pdb) "


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def exchanges(text):
    """What was typed at each prompt, and what came before the next."""
    opening, *rest = text.split(PROMPT)
    return [("", opening), *((part.partition("\n")[0], part.partition("\n")[2]) for part in rest)]


def test_the_session_is_what_pdb_says(tmp_path):
    (tmp_path / "step.py").write_text(blocks("python")[0], encoding="utf-8")
    session = "".join(blocks("text")).removeprefix("$ python -m pdb step.py\n")
    expected = exchanges(session)
    typed = [command for command, _ in expected[1:]]
    assert typed[-1] == "quit"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "pdb", "step.py"], input="\n".join(typed) + "\n", capture_output=True, text=True,
        cwd=tmp_path, env=environment, timeout=300, check=False,
    )  # fmt: skip
    printed = done.stdout.split(PROMPT)
    assert len(printed) == len(expected), done.stdout + done.stderr
    checker = doctest.OutputChecker()
    for (command, wanted), got in zip(expected, printed, strict=True):
        assert checker.check_output(wanted, got, FLAGS), f"after {command!r}: expected\n{wanted}\ngot\n{got}"


def test_the_page_and_the_trace_agree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec("\n".join(blocks("python")), {})
    assert (tmp_path / "step.html").exists()


def test_the_table_lists_what_every_part_remembers():
    rows = re.findall(r"^\| (.*?) \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {name: tuple(re.findall(r"`(\w+)`", what)) for names, what in rows for name in re.findall(r"`(\w+)`", names)}
    listed.update(dict.fromkeys(("GaussianNoise", "MaskingNoise", "SaltAndPepperNoise"), ("keep",)))
    modules = (activations, corruptions, layers, losses, penalties, divergences, selection, gates, codebook, adversary, bounds)
    parts = {
        kind for module in modules for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Part) and kind.__module__ == module.__name__
    }  # fmt: skip
    for kind in parts:
        is_base = any(issubclass(other, kind) and other is not kind for other in parts)
        if kind.remembers and kind is not ae.Identity and (not is_base or kind.__name__ in listed):
            assert listed.pop(kind.__name__) == kind.remembers, kind
    assert not listed
