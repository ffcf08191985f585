"""What the repository says of itself, to an index, to a lawyer and to whoever makes a release, is so."""

import configparser
import fnmatch
import os
import pathlib
import re
import runpy
import subprocess
import tarfile

import pytest

import aescratch as ae

ROOT = pathlib.Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="needs the repository")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def settings():
    found = configparser.ConfigParser()
    found.read(ROOT / "setup.cfg", encoding="utf-8")
    return found


def toml(name):
    return pytest.importorskip("tomllib", reason="needs Python 3.11").loads(read(name))


def test_the_version_is_the_same_everywhere():
    assert re.findall(r"^version: (.+)$", read("CITATION.cff"), re.MULTILINE) == [ae.__version__]
    assert re.findall(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", read("CHANGELOG.md"), re.MULTILINE)[0] == ae.__version__


def test_the_description_is_the_readmes_without_what_an_index_cannot_show():
    script = runpy.run_path(str(ROOT / "docs" / "make_description.py"))
    text = read("docs/description.txt")
    assert text == script["described"](read("README.md")), "run python docs/make_description.py"
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not [link for link in re.findall(r"\]\(([^)]*)\)", prose) if not link.startswith("http")]
    assert "pip install aescratch && " in text
    given = "[a](b.md) · [c](d.md)\n\n![e](f.png)\n\nSee [g](h.md#i), [j](https://k) and `[l](m)`.\n"
    assert script["described"](given).startswith("See g, [j](https://k) and `[l](m)`.\n")


def test_the_dependency_groups_are_the_extras():
    groups, extras = toml("pyproject.toml")["dependency-groups"], settings()["options.extras_require"]
    included = [each["include-group"] for each in groups.pop("dev")]
    assert sorted(included) == sorted(groups)
    assert groups == {name: extras[name].strip().split("\n") for name in groups}


def test_the_classifiers_are_of_the_pythons_that_are_tried():
    tried = set(re.findall(r"of_the_version (3\.\d+)|python_of (3\.\d+)", read(".ci/run")))
    tried = {first or second for first, second in tried}
    named = set(re.findall(r"Python :: (3\.\d+)$", settings()["metadata"]["classifiers"], re.MULTILINE))
    first, last = re.findall(r"Python (3\.\d+) to (3\.\d+)", read("README.md"))[0]
    assert named == {f"3.{minor}" for minor in range(int(first[2:]), int(last[2:]) + 1)}
    assert {first, last} <= tried
    assert settings()["options"]["python_requires"] == f">={first}"


def test_every_licence_is_named_where_it_is_needed_and_its_text_is_there():
    annotations = toml("REUSE.toml")["annotations"]
    named = {name for each in annotations for name in each["SPDX-License-Identifier"].split(" AND ")}
    assert {path.stem for path in (ROOT / "LICENSES").iterdir()} == named
    whole = set(settings()["metadata"]["license_expression"].split(" AND "))
    assert whole == {name for name in named if not name.startswith("LicenseRef-")}
    files = [path.relative_to(ROOT).as_posix() for folder in ("aescratch", "docs") for path in (ROOT / folder).rglob("*")]
    for each in annotations:
        for pattern in [each["path"]] if isinstance(each["path"], str) else each["path"]:
            assert fnmatch.filter(files, pattern), f"{pattern} of REUSE.toml is no file"
    theirs = [each["path"] for each in annotations]
    data = [path.name for path in (ROOT / "aescratch" / "data").iterdir() if path.is_file()]
    assert not [name for name in data if f"aescratch/data/{name}" not in theirs]
    assert read("LICENSES/MIT.txt") == read("LICENSE")


def test_archives_are_settled_whatever_clock_and_user_packed_them(tmp_path):
    settle = runpy.run_path(str(ROOT / ".ci" / "build"))["settle"]
    written = []
    for when, mode, order in ((1, 0o600, "ab"), (10**9, 0o664, "ba")):
        folder = tmp_path / str(when)
        folder.mkdir()
        with tarfile.open(folder / "x.tar.gz", "w:gz") as archive:
            for name in order:
                (folder / name).write_text(name)
                (folder / name).chmod(mode)
                os.utime(folder / name, (when, when))
                archive.add(folder / name, name)
        settle(folder / "x.tar.gz", 7)
        written.append((folder / "x.tar.gz").read_bytes())
    assert written[0] == written[1]
    with tarfile.open(tmp_path / "1" / "x.tar.gz") as archive:
        assert [(entry.name, entry.mtime, entry.mode) for entry in archive] == [("a", 7, 0o644), ("b", 7, 0o644)]
        assert archive.extractfile("b").read() == b"b"


def test_the_public_recipe_calls_ci_and_no_action_of_others():
    recipe = read(".github/workflows/ci.yml")
    assert "run: .ci/run\n" in recipe
    assert "uses:" not in recipe
    for script in (".ci/run", ".ci/release"):
        subprocess.run(["bash", "-n", str(ROOT / script)], check=True)


def test_the_guide_fits_on_a_page_and_names_what_is_there():
    citation = read("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(re.findall(r"^([\w-]+):", citation, re.MULTILINE))
    guide = read("CONTRIBUTING.md")
    assert guide.count("\n") <= 60, "it fits on a page"
    links = re.findall(r"\]\(([^)]+)\)", guide)
    named = re.findall(r"`(?:python )?((?:docs|tests|aescratch)/[\w/.]+)", guide)
    assert len(links) >= 3
    assert len(named) >= 6
    steps = re.findall(r"`(?:python )?((?:docs|\.ci|\.github|aescratch)/[\w/.]+?)(?: \w+)?`", read("docs/releasing.md"))
    assert len(steps) >= 10
    assert [path for path in (*links, *named, *steps) if not (ROOT / path).exists()] == []
