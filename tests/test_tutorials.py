"""The tutorials: each runs as a plain script, proves its claims, and uses only the public interface."""

import ast
import importlib.util
import pathlib
import re
import runpy
import sys
import time

import fakecupy
import pytest
from matplotlib import pyplot

import aescratch as ae

FOLDER = pathlib.Path(__file__).parents[1] / "tutorials"
TUTORIALS = sorted(FOLDER.glob("*.py"))
EACH = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
MOST_SECONDS = 30
LEAST_ASSERTIONS = 6
IMPORTS = {"numpy", "matplotlib", "aescratch", "math", "functools", "tempfile", "time"}
# A path of somebody's machine, an address, or a file that is left behind.
FORBIDDEN = r"https?:|ftp:|www\.|file:|(?<![\w.])(?:/|~/)(?:home|tmp|work|usr|root|Users|mnt)\b|[A-Z]:\\|savefig|urlopen"


def cells_of(path):
    """The kinds and texts of the cells, by the marker that starts each."""
    parts = re.split(r"^# %%(.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    header, kinds, texts = parts[0], parts[1::2], parts[2::2]
    return header, list(zip(kinds, texts, strict=True))


def run(path, monkeypatch):
    """Run a tutorial as `python tutorials/NN_name.py` does, and return what it left in its namespace."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(FOLDER)
    pyplot.switch_backend("Agg")
    shown = []
    monkeypatch.setattr(ae.plots, "show", lambda: shown.append(pyplot.get_fignums()))  # it would save them
    try:
        names = runpy.run_path(str(path), run_name="__main__")
        assert pyplot.get_fignums(), "a tutorial without a picture"
        assert shown == [pyplot.get_fignums()], "as a script it doesn't show all its pictures at the end"
    finally:
        pyplot.close("all")
    return names


@pytest.mark.in_turn
@EACH
def test_runs_as_a_plain_script(path, monkeypatch):
    files, started = set(FOLDER.iterdir()), time.process_time()
    run(path, monkeypatch)
    assert time.process_time() - started < MOST_SECONDS
    assert {file for file in FOLDER.iterdir() if file.name != "__pycache__"} <= files, "left a file behind"


@EACH
def test_asserts_what_it_says(path):
    assertions = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Assert)]
    assert len(assertions) >= LEAST_ASSERTIONS
    constant = [ast.unparse(a) for a in assertions if not any(isinstance(n, ast.Name) for n in ast.walk(a.test))]
    assert not constant, "these can't fail"


@EACH
def test_names_no_path_no_address_and_nothing_private(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(FORBIDDEN, text)
    tree = ast.parse(text)
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not [name for name in names if name.startswith("_") and not name.startswith("__")]
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {module.partition(".")[0] for module in modules} <= IMPORTS


@EACH
def test_is_a_percent_file_that_begins_and_ends_with_prose(path):
    header, cells = cells_of(path)
    assert header.startswith("# ---\n# jupyter:\n")
    assert header.endswith("# ---\n\n")
    (first_kind, first), (last_kind, last) = cells[0], cells[-1]
    assert first_kind == last_kind == " [markdown]"
    assert first.startswith(f"# # {int(path.stem[:2])}. "), "the first cell is titled with the file's number"
    assert "**You will know**" in first
    assert "**In one line:**" in first
    assert "**You need**" in first
    assert "## Try" in last
    for kind, text in cells:
        assert kind in ("", " [markdown]")
        is_prose = all(line.startswith("#") for line in text.strip().splitlines())
        assert is_prose == (kind == " [markdown]"), f"a cell that is neither prose nor code: {text[:60]!r}"
        assert kind or not text.startswith("#\n")
    most = 280 if path.stem == "13_choosing_and_mending" else 260  # which is a manual, too, with an entry for each code
    assert 100 <= path.read_text(encoding="utf-8").count("\n") <= most


def test_the_gallery_shows_each_with_its_title_its_finding_and_a_figure():
    spec = importlib.util.spec_from_file_location("make_gallery", FOLDER.parent / "docs" / "make_gallery.py")
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    page = gallery.INDEX.read_text(encoding="utf-8")
    seconds = gallery.times_in(page)
    assert list(seconds) == [path.stem for path in TUTORIALS]
    assert gallery.with_table(page, seconds) == page, "run docs/make_gallery.py"
    for path in TUTORIALS:
        picture = pyplot.imread(gallery.PICTURES / f"{path.stem}.png")
        assert picture.shape[1] in (gallery.WIDTH - 1, gallery.WIDTH)
        assert picture.std() > 0.05, "nothing is seen"


def test_they_are_numbered_from_1_without_a_gap():
    assert [int(path.stem[:2]) for path in TUTORIALS] == list(range(1, 17))


@pytest.mark.in_turn(3)
def test_the_gpu_switch_on_the_stand_in_for_a_gpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fakecupy.cupy)
    (path,) = FOLDER.glob("*gpu*.py")
    assert run(path, monkeypatch)["has_gpu"]
