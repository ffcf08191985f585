"""The site of a course: what is written, that no answer is in it, whose interpreter it takes, and what is refused."""

import hashlib
import json
import re
import shutil
import zipfile

import pytest

from aescratch.classroom.exercise import PATH, read_course
from aescratch.classroom.releasing import ReleaseError
from aescratch.classroom.scaffolding import scaffold
from aescratch.programs.cli import main
from aescratch.programs.playground.page import page as playground_page
from aescratch.programs.site import building, command, distribution, handout, pages, tutorials
from aescratch.programs.site.distribution import ADDRESS, Distribution, DistributionError, distribution_of

ELSEWHERE = Distribution(ADDRESS)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A teacher's own: the exercise that `new` makes, and one whose answer stands in tutorials too."""
    folder = tmp_path_factory.mktemp("course")
    scaffold("softplus", folder)
    shutil.copytree(PATH / "02_dense_backward", folder / "02_dense_backward")
    return folder


@pytest.fixture(scope="module")
def written(course, tmp_path_factory):
    out = tmp_path_factory.mktemp("written") / "site"
    return building.build(course, out, ELSEWHERE, title="Week 1"), out


@pytest.fixture(scope="module")
def site(written):
    return written[1]


def content_of(page):
    found = re.search(r'<script type="application/json" id="content">(.+?)</script>', page.read_text("utf-8"))
    return json.loads(found[1])


def texts_in(site):
    """All text that is particular to a course, by its place, with what is in its archive."""
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if path.name == handout.COURSE_FILE:
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{name}/{inside}", archive.read(inside).decode()) for inside in archive.namelist())
        elif path.is_file() and path.suffix != ".whl" and not name.startswith(handout.THE_SAME):
            yield name, path.read_text("utf-8")


@pytest.mark.in_turn
def test_no_answer_is_in_it_and_pages_that_hold_one_are_left_out(course, written):
    told, site = written
    assert told.exercises == 2
    texts = dict(texts_in(site))
    answers = ("grad_W = x.T @ grad_y", "grad_y.sum(axis=0)", "grad_y / (1 + np.exp(-a))", "### BEGIN SOLUTION")
    solutions = "".join(exercise.solution for exercise in read_course(course))
    assert sum(answer in solutions for answer in answers) >= 3
    assert [(name, answer) for name, text in texts.items() for answer in answers if answer in text] == []
    assert "tutorials/03_dense_backward.html" in told.left_out
    assert "tutorials/03_dense_backward.html" not in texts["index.html"]
    assert "tutorials/01_manifolds.html" in texts["index.html"]
    assert {name for name in told.left_out if (site / name).exists()} == set()


def test_the_package_in_it_has_no_exercises_and_no_programs_but_all_that_checks(site):
    (wheel,) = site.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert not [name for name in names if re.search(r"path/\d\d_|solution\.py|mutants\.py|/programs/", name)]
    assert {"aescratch/classroom/path/hints.md", "aescratch/classroom/tab/runner.py", "aescratch/__init__.py"} <= set(names)


@pytest.mark.in_turn
@pytest.mark.parametrize("where", ["title", "task"])
def test_an_answer_anywhere_is_refused_and_nothing_is_left(where, course, tmp_path):
    answer, own = "grad_W = x.T @ grad_y", course
    if where == "task":
        own = tmp_path / "own"
        shutil.copytree(course, own)
        about = own / "02_dense_backward" / "about.md"
        about.write_text(about.read_text("utf-8") + f"\nThink of {answer}.\n", "utf-8")
    with pytest.raises(ReleaseError, match=r"has a line of the solution of dense_backward"):
        building.build(own, tmp_path / "out" / "site", ELSEWHERE, title=answer if where == "title" else None)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_wheel_with_a_solution_in_it_is_refused(course, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site, copy)
    (wheel,) = copy.glob("*.whl")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("aescratch/classroom/path/01_dense_forward/solution.py", "y = x @ W + b")
    (leak,) = handout.leaks(read_course(course), copy, formulas=False)
    assert leak.path.endswith("01_dense_forward/solution.py")


@pytest.mark.in_turn
def test_what_was_released_gives_the_same_course(site, tmp_path):
    released = tmp_path / "released"
    with zipfile.ZipFile(site / handout.COURSE_FILE) as archive:
        archive.extractall(released)
        before = {name: archive.read(name) for name in archive.namelist() if name.startswith(("course/", "progress"))}
    (released / "progress.json").write_text('{"format": 1, "current": "relu_backward", "exercises": {}}')  # a teacher's own
    building.build(released, tmp_path / "again", ELSEWHERE)
    with zipfile.ZipFile(tmp_path / "again" / handout.COURSE_FILE) as archive:
        assert {name: archive.read(name) for name in archive.namelist() if name in before} == before
        assert "progress.json" in before
    for name in ("exercises.en.json", "exercises.ko.json", "stubs.en.txt", "stubs.ko.txt"):
        assert (tmp_path / "again" / name).read_bytes() == (site / name).read_bytes()


def test_every_address_is_relative_and_the_interpreters_alone_leads_elsewhere(site):
    texts = [(path, path.read_text("utf-8")) for path in [site / "index.html", site / "sw.js", *site.glob("tutorials/*.html"), *site.glob("app/*"), *site.glob("tab/*.js")]]
    assert len(texts) > 15
    for path, text in texts:
        assert not re.search(r"""(?:href|src)="/|(?:from|import\() ?["']/""", text), path
        assert set(re.findall(r"https?://[^\s\"'<>]+", text)) <= {ADDRESS}, path
    for page in (site / "index.html", site / "tutorials" / "01_manifolds.html"):
        for address in re.findall(r'(?:href|src)="([^"#]+?)"', page.read_text("utf-8")):
            assert address.startswith("data:") or (page.parent / address).resolve().is_file(), address


def test_scripts_are_told_the_hash_of_what_lies_beside_them_and_of_the_interpreter(site):
    told = content_of(site / "index.html")["python"]
    assert told == content_of(site / "tutorials" / "01_manifolds.html")["python"]
    for name in (told["wheel"], told["course"]):
        data = (site / name).read_bytes()
        assert told["sizes"][name] == len(data)
        assert told["integrity"][name] == distribution.sha256_of(data)
    assert set(distribution.CORE) <= set(told["integrity"])
    assert told["integrity"]["pyodide.asm.wasm"].startswith("sha256-pQ3RhD+A")


def test_what_is_kept_for_the_next_visit_is_there(site):
    settings = json.loads(re.search(r"^const site = (\{.+?\});", (site / "sw.js").read_text("utf-8"), re.MULTILINE)[1])
    listed = [*settings["files"], *settings["later"]]
    assert {"index.html", "exercises.en.json", "stubs.ko.txt", "app/words.js", "app/main.js", "tab/worker.js", "vendored/editor.js"} <= set(settings["files"])
    assert "tutorials/01_manifolds.html" in settings["later"]
    assert [name for name in listed if not (site / name).is_file()] == []


def test_the_page_gets_tasks_stubs_and_predictions(site):
    shown = json.loads((site / "exercises.en.json").read_text("utf-8"))
    assert [each["name"] for each in shown] == ["softplus", "dense_backward"]
    stubs = (site / "stubs.en.txt").read_text("utf-8")
    assert re.findall(r"^=== (.+)$", stubs, re.MULTILINE) == ["01_softplus.py", "02_dense_backward.py"]
    assert stubs.count('raise NotImplementedError("your turn")') == 2
    (asking,) = (exercise for exercise in read_course(None) if exercise.name == "top_k_backward")
    prediction = pages.shown(asking)["prediction"]
    assert list(prediction["choices"]) == ["a", "b", "c", "d"]
    assert '<title data-say="title">Week 1</title>' in (site / "index.html").read_text("utf-8")


def fake(folder, monkeypatch):
    """A distribution of a few bytes, whose hashes are taken for those of the version."""
    folder.mkdir()
    names = {"numpy": [], "matplotlib": ["numpy", "cycler"], "cycler": [], "scipy": ["numpy"]}
    packages = {}
    for name, depends in names.items():
        data = f"the wheel of {name}".encode()
        (folder / f"{name}.whl").write_bytes(data)
        packages[name] = {"file_name": f"{name}.whl", "sha256": hashlib.sha256(data).hexdigest(), "depends": depends}
    for name in distribution.CORE:
        (folder / name).write_text(f"this is {name}", "utf-8")
    (folder / distribution.LOCK).write_text(json.dumps({"info": {"version": distribution.VERSION}, "packages": packages}), "utf-8")
    core = {name: (hashlib.sha256((folder / name).read_bytes()).hexdigest(), 1) for name in distribution.CORE}
    monkeypatch.setattr(distribution, "CORE", core)
    return folder


def test_a_folder_with_the_interpreter_is_copied_as_far_as_it_is_needed(tmp_path, monkeypatch):
    source, site = fake(tmp_path / "source", monkeypatch), tmp_path / "site"
    site.mkdir()
    distribution.copy_into(source, site)
    there = {path.name: path.read_bytes() for path in (site / "pyodide").iterdir()}
    assert set(there) == {*distribution.CORE, "numpy.whl", "matplotlib.whl", "cycler.whl"}
    assert all(data == (source / name).read_bytes() for name, data in there.items())


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda source: (source / "pyodide.asm.wasm").write_text("other", "utf-8"), r"expected .*pyodide.asm.wasm to be that of Pyodide .*, got"),
        (lambda source: (source / "cycler.whl").write_bytes(b"other"), r"expected .*cycler.whl to be that of Pyodide"),
        (lambda source: (source / "numpy.whl").unlink(), r"expected numpy.whl in .*, got none"),
        (lambda source: (source / distribution.LOCK).unlink(), r"expected pyodide-lock.json in .*, got none"),
        (lambda source: (source / distribution.LOCK).write_text("[]", "utf-8"), r"can't be read; download it again"),
        (lambda source: (source / distribution.LOCK).write_text('{"info": {"version": "0.1"}, "packages": {}}', "utf-8"), r"expected Pyodide 0.27.7 in .*, got 0.1"),
    ],
)  # fmt: skip
def test_another_interpreter_is_refused(damage, sentence, tmp_path, monkeypatch):
    source, site = fake(tmp_path / "source", monkeypatch), tmp_path / "site"
    site.mkdir()
    damage(source)
    with pytest.raises(DistributionError, match=sentence):
        distribution.copy_into(source, site)


def test_whose_interpreter_is_taken():
    assert distribution_of(None) == (ADDRESS, None)
    assert distribution_of("https://a.school/pyodide") == ("https://a.school/pyodide/", None)
    with pytest.raises(DistributionError, match=r"expected a folder or an address"):
        distribution_of("not/there")


def test_tutorials_are_read_whole():
    read = tutorials.tutorials()
    assert [each.name for each in read] == [path.stem for path in sorted(tutorials.FOLDER.glob("*.py"))]
    assert read
    for each in read:
        script = (tutorials.FOLDER / f"{each.name}.py").read_text("utf-8")
        code = [line for cell in each.cells if cell.kind == "code" for line in cell.text.splitlines() if line.strip()]
        after = script[script.index("# %%") :].splitlines()
        expected = [line for line in after if line.strip() and not re.match(r"#( |$)", line)]
        assert [line for line in code if not line.startswith("# ")] == expected, each.name
        assert re.fullmatch(r"\d+\. .+", each.title)
        assert each.line


def test_the_documentation_is_linked_where_its_address_is_given(monkeypatch, capsys):
    given = {}

    def build(course, out, distribution, **options):
        given.update(options)
        return building.Site(1, 1000, [])

    monkeypatch.setattr(command, "build", build)
    assert main(["site", "public", "--documentation", "https://a.school/docs/?a=1&b=2"]) == 0
    exercises = read_course(None)
    page = pages.first_page(exercises, pages.Links(documentation=given["documentation"]), None, {})
    assert '<a href="https://a.school/docs/?a=1&amp;b=2" data-say="documentation_link">The documentation of the package</a>' in page
    assert 'data-say="documentation_link"' not in pages.first_page(exercises, pages.Links(), None, {})


def test_the_command_says_what_it_wrote_and_refuses_what_it_cannot(course, tmp_path, capsys):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "mine.txt").touch()
    assert main(["site", str(folder)]) == 1
    assert "expected a folder that doesn't exist yet or is empty" in capsys.readouterr().out
    assert main(["site", str(tmp_path / "b"), "--pyodide", "not/there"]) == 2
    assert "expected a folder or an address" in capsys.readouterr().err
    assert main(["site", str(tmp_path / "b"), "--course", str(tmp_path / "none")]) == 2
    assert "expected a folder of exercises" in capsys.readouterr().err
    stubs_only = tmp_path / "stubs"
    shutil.copytree(course, stubs_only)
    for exercise in read_course(course):
        (stubs_only / exercise.folder.name / "stub.py").write_text(exercise.stub, "utf-8")
        (stubs_only / exercise.folder.name / "solution.py").unlink()
    assert main(["site", str(tmp_path / "b"), "--course", str(stubs_only)]) == 2
    assert "to hold exercises with their solutions, or to be what a release wrote" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_a_page_that_stands_alone_shows_no_way_to_a_site():
    alone = playground_page()
    assert '<a id="home" hidden' in alone
    assert '<a id="home" href="index.html" data-say="home">' in pages.with_way_back(alone, "index.html")
