"""Exports of platforms: each form is recognised, each submission is found and assigned to its row, and nothing harms."""

import argparse
import csv
import io
import json
import os
import pathlib
import re
import unicodedata
import zipfile
from datetime import datetime, timezone

import numpy as np
import pytest
from exports import (
    POINTS,
    RIGHT,
    WRONG,
    blackboard,
    canvas,
    canvas_gradebook,
    canvas_text,
    course,
    gradescope,
    moodle,
    notebook,
    packed,
    packed_bytes,
    spread,
)

from aescratch.classroom.exercise import CourseError, read_course
from aescratch.classroom.grading import runs, submissions
from aescratch.classroom.grading.exports import archives, attempts
from aescratch.classroom.grading.exports import texts as notebooks
from aescratch.classroom.grading.exports.gradescope import read_metadata
from aescratch.classroom.grading.exports.texts import code_cells, from_notebook, typed
from aescratch.classroom.grading.judging import Judgement, missing_protections
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.grading.parts import checked
from aescratch.classroom.grading.reasons import answer_of
from aescratch.classroom.grading.roster import read_roster
from aescratch.classroom.grading.submissions import read_submissions
from aescratch.classroom.outcome import outcome_of
from aescratch.programs.cli import grading as command
from aescratch.programs.cli.status import UsageError

confined = pytest.mark.skipif(bool(missing_protections()), reason="; ".join(missing_protections()))
DOUBLE, TRIPLE = "01_double.py", "02_triple.py"


@pytest.fixture
def exercises(tmp_path):
    return read_course(course(tmp_path / "course"))


def read(place, exercises, roster=None):
    """Return the submissions by student, and the general remarks."""
    reading = read_submissions(place if isinstance(place, list) else [place], exercises, roster)
    return {each.student: each for each in reading.submissions}, reading.remarks


def texts(submission):
    return {name: content.decode() for name, content in submission.files.items()}


def late(submission):
    """Whether the platform flags any file as late, if known."""
    told = [arrival.late for arrival in submission.arrivals.values() if arrival.late is not None]
    return any(told) if told else None


def roster_of(tmp_path, text, encoding="utf-8"):
    (tmp_path / "roster.csv").write_bytes(text.encode(encoding))
    return read_roster(tmp_path / "roster.csv")


# Canvas


CANVAS = {
    canvas("kimminsu", 101, 9001, DOUBLE): RIGHT["double"],
    canvas("kimminsu", 101, 9002, TRIPLE): RIGHT["triple"],
    canvas("김민수", 102, 9003, DOUBLE, late=True): WRONG["double"],
    canvas("leeyou", 103, 9004, DOUBLE): WRONG["double"],
    canvas("leeyou", 103, 9010, "01_double-1.py"): RIGHT["double"],
    "anon_x7Kq2_9005_01_double.py": RIGHT["double"],
    "LATE_anon_b81Zz_9006_02_triple.py": RIGHT["triple"],
    "max_104_link.html": "<a href='http://example.org'>x</a>",
}


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_canvas_names_say_whose_a_file_is_and_if_it_was_late(form, exercises, tmp_path):
    place = packed(tmp_path / "submissions.zip", CANVAS) if form == "zip" else spread(tmp_path / "in", CANVAS)
    found, remarks = read(place, exercises)
    assert list(found) == ["anon_b81Zz", "anon_x7Kq2", "kimminsu_101", "leeyou_103", "max_104", "김민수_102"]
    assert texts(found["kimminsu_101"]) == RIGHT
    assert texts(found["김민수_102"]) == {"double": WRONG["double"]}
    assert {name: late(each) for name, each in found.items()} == {
        "anon_b81Zz": True, "anon_x7Kq2": False, "kimminsu_101": False, "leeyou_103": False, "max_104": None, "김민수_102": True,
    }  # fmt: skip
    assert found["김민수_102"].arrivals["double"].late is True
    assert texts(found["anon_x7Kq2"]) == {"double": RIGHT["double"]}
    assert texts(found["leeyou_103"]) == {"double": RIGHT["double"]}
    assert "there are several files: 01_double-1.py, the newest, was graded, not 01_double.py" in found["leeyou_103"].remarks
    assert "a web address was handed in, and was not followed" in found["max_104"].remarks
    assert remarks == []


def test_a_login_of_digits_and_a_name_with_late_in_it_are_no_other_student(exercises, tmp_path):
    files = {
        canvas("20261234", 105, 9001, DOUBLE): RIGHT["double"],
        canvas("latelee", 106, 9002, DOUBLE): RIGHT["double"],
        canvas("kim", 107, 9003, "12_34_01_double.py"): "",
    }
    found, _ = read(spread(tmp_path / "in", files), exercises)
    assert {name: late(each) for name, each in found.items()} == {"20261234_105": False, "latelee_106": False, "kim_107": None}


def test_what_was_typed_into_canvas_is_python_again(exercises, tmp_path):
    body = "<p>def double(x):<br>&nbsp; &nbsp; # a &lt; b<br>\n&nbsp; &nbsp; return x + x</p>"
    page = canvas_text("kimminsu", 101, body)
    preformatted = canvas_text("lee", 102, "<pre>def triple(x):\n    y = 3\n\n    return y * x</pre>")
    nothing = canvas_text("max", 103, "<p>I had no time.</p>")
    found, _ = read(spread(tmp_path / "in", page | preformatted | nothing), exercises)
    assert texts(found["kimminsu_101"]) == {"double": "def double(x):\n    # a < b\n    return x + x\n"}
    assert texts(found["lee_102"]) == {"triple": "def triple(x):\n    y = 3\n\n    return y * x\n"}
    assert "01_double.py was taken from the text typed into the platform" in found["kimminsu_101"].remarks
    assert found["max_103"].files == {}
    assert "not graded, because no exercise has such a file name: text.html" in found["max_103"].remarks


def test_several_exports_are_one_submission_each_and_lateness_is_the_exercises_own(exercises, tmp_path):
    first = packed(tmp_path / "a.zip", {canvas("kim", 101, 1, DOUBLE, late=True): RIGHT["double"], canvas("lee", 102, 2, DOUBLE): "x"})
    second = packed(tmp_path / "b.zip", {canvas("kim", 101, 3, TRIPLE): RIGHT["triple"], "list.csv": "", canvas("lee", 102, 4, TRIPLE): "y",
                                         canvas("lee", 102, 5, DOUBLE): "z"})  # fmt: skip
    found, remarks = read([first, second], exercises)
    assert list(found) == ["kim_101", "lee_102"]
    assert texts(found["kim_101"]) == RIGHT
    assert {name: arrival.late for name, arrival in found["kim_101"].arrivals.items()} == {"double": True, "triple": False}
    assert texts(found["lee_102"]) == {"double": "z", "triple": "y"}, "the later of two counts"
    assert remarks == ["b.zip: list.csv has no student in its name, and was not graded"]
    assert texts(read([second, first], exercises)[0]["lee_102"]) == {"double": "z", "triple": "y"}, "whichever is given first"


def test_the_anonymous_of_two_assignments_are_two(exercises, tmp_path):
    first = packed(tmp_path / "a.zip", {"anon_ab1cd_1_01_double.py": "a"})
    second = packed(tmp_path / "b.zip", {"anon_ab1cd_2_02_triple.py": "b"})
    found, _ = read([first, second], exercises)
    assert {name: texts(each) for name, each in found.items()} == {"anon_ab1cd": {"double": "a"}, "anon_ab1cd (2)": {"triple": "b"}}


def test_a_file_beside_folders_makes_no_export_of_canvas(exercises, tmp_path):
    files = {"kim/01_double.py": "a", "lee/01_double.py": "b", canvas("kim", 1, 2, DOUBLE): "c"}
    found, remarks = read(packed(tmp_path / "a.zip", files), exercises)
    assert list(found) == ["kim", "lee"]
    assert len(remarks) == 1


def test_a_folder_packed_with_itself_is_a_folder_a_student(exercises, tmp_path):
    files = {"week 1/kim/01_double.py": "a", "week 1/lee/01_double.py": "b", "__MACOSX/week 1/._kim": ""}
    assert list(read(packed(tmp_path / "week 1.zip", files), exercises)[0]) == ["kim", "lee"]
    assert list(read(packed(tmp_path / "other.zip", files), exercises)[0]) == ["week 1"]


# Moodle


@pytest.mark.parametrize("folders", [True, False])
def test_moodle_names_say_whose_a_file_is(folders, exercises, tmp_path):
    files = {
        moodle("김 민수", 5001, DOUBLE, folders=folders): RIGHT["double"],
        moodle("김 민수", 5001, "onlinetext.html", "onlinetext", folders): "<html><body><p>def triple(x):<br>    return 3 * x</p></body></html>",
        moodle("Lee You", 5002, DOUBLE, folders=folders): WRONG["double"],
        moodle("Lee You", 5003, DOUBLE, folders=folders): RIGHT["double"],
        moodle("Group 1", 42, TRIPLE, folders=folders): RIGHT["triple"],
    }
    found, remarks = read(packed(tmp_path / "CS-Week 1-77.zip", files), exercises)
    assert list(found) == ["Group 1", "Lee You_5002", "Lee You_5003", "김 민수"]
    assert texts(found["김 민수"])["double"] == RIGHT["double"]
    assert "def triple(x):" in texts(found["김 민수"])["triple"]
    assert texts(found["Lee You_5002"]) == {"double": WRONG["double"]}
    assert texts(found["Lee You_5003"]) == {"double": RIGHT["double"]}
    assert late(found["김 민수"]) is None
    assert remarks == []


def test_moodle_before_and_since_4_5_with_and_without_the_last_underscore(exercises, tmp_path):
    files = {"Kim_1_assignsubmission_file/01_double.py": RIGHT["double"], "Lee_2_assignsubmission_file_/01_double.py": RIGHT["double"]}
    found, _ = read(spread(tmp_path / "in", files), exercises)
    assert {name: set(each.files) for name, each in found.items()} == {"Kim": {"double"}, "Lee": {"double"}}


def test_moodle_students_are_the_same_by_name_where_their_numbers_differ(exercises, tmp_path):
    first = packed(tmp_path / "a.zip", {moodle("Kim Minsu", 11, DOUBLE): RIGHT["double"], moodle("Participant", 91, DOUBLE): "a"})
    second = packed(tmp_path / "b.zip", {moodle("Kim Minsu", 22, TRIPLE): RIGHT["triple"], moodle("Participant", 92, TRIPLE): "b"})
    found, _ = read([first, second], exercises)
    assert list(found) == ["Kim Minsu", "Participant_91", "Participant_92"]
    assert texts(found["Kim Minsu"]) == RIGHT
    third = packed(tmp_path / "c.zip", {moodle("Kim Minsu", 33, DOUBLE): "later"})
    assert texts(read([first, third], exercises)[0]["Kim Minsu"]) == {"double": "later"}
    assert texts(read([third, first], exercises)[0]["Kim Minsu"]) == {"double": RIGHT["double"]}


# Gradescope


def test_gradescope_is_told_by_its_metadata(exercises, tmp_path):
    export = gradescope({
        1: ([("김민수", "20261", "kim@example.edu")], "2026-09-08 09:30:00.861687000 Z", {DOUBLE: RIGHT["double"], "src/02_triple.py": RIGHT["triple"]}),
        2: ([("Lee", "20262", "lee@example.edu"), ("'O''Neil, Pat'", "20263", "pat@example.edu")], "2026-09-08 18:27:28.5 -07:00", {DOUBLE: WRONG["double"]}),
        3: ([("Lee", "20262", "lee@example.edu")], "2026-09-10 18:27:28.000000000 Z", {DOUBLE: RIGHT["double"]}),
    })  # fmt: skip
    found, remarks = read(packed(tmp_path / "export.zip", export), exercises)
    assert list(found) == ["Lee", "O'Neil, Pat", "김민수"]
    assert texts(found["김민수"]) == RIGHT
    assert found["김민수"].handed_in == datetime(2026, 9, 8, 9, 30, tzinfo=timezone.utc)
    assert found["O'Neil, Pat"].handed_in == datetime(2026, 9, 9, 1, 27, 28, tzinfo=timezone.utc)
    assert texts(found["Lee"]) == {"double": RIGHT["double"]}, "the newest counts"
    assert any("01_double.py of 2026-09-10 18:27, the newest, was graded, not 01_double.py of 2026-09-08 18:27" in each for each in found["Lee"].remarks)
    assert "handed in by a group of 2, as submission_2" in found["O'Neil, Pat"].remarks
    assert remarks == []


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("  :submitters:\n  - :name: \"Kim\\x41\"\n", "expected a line such as"),
        ("  :submitters:\n  - :name: Kim who has a name\n      over two lines\n    :sid: '1'\n", "expected a line such as"),
        ("  :submitters:\n  - :name: *other\n", "expected a line such as"),
        ("  :submitters:\n  - :name: !ruby/object:Evil {}\n", "expected a line such as"),
        ("  :submitters:\n    :sid: '7'\n  :score: 1\n", "expected a line such as"),
        ("  :submitters:\n  - :name: Kim: Minsu\n", "expected a line such as"),
        ("  :submitters:\n  - :name: Kim #1\n", "expected a line such as"),
        ("  :submitters: []\n", "no student is named"),
        ("  :score: 2.0\n", "no student is named"),
        ("  :submitters:\n  - :sid: '1'\nsubmission_1:\n  :submitters:\n  - :sid: '2'\n", "there twice"),
    ],
)
def test_a_form_of_metadata_that_is_not_known_is_listed_and_not_guessed(lines, problem, exercises, tmp_path):
    export = {"submission_metadata.yml": "submission_1:\n" + lines, "submission_1/01_double.py": RIGHT["double"]}
    found, remarks = read(spread(tmp_path / "in", export), exercises)
    assert list(found) == ["submission_1"], "graded, under the name that there is"
    assert len(remarks) == 1
    assert "doesn't tell the students of submission_1" in remarks[0]
    assert problem in remarks[0]


def test_what_an_autograder_printed_is_no_submitter():
    hostile = (
        "submission_1:\n  :submitters:\n  - :name: Kim\n    :sid: 7\n    :email:\n  :results:\n    output: |-\n      x\n"
        "    :submitters:\n    - :name: Eve\n  - :name: Eve\n      submission_2:\n  :created_at: never\n"
    )
    records = read_metadata(hostile.splitlines())
    assert list(records) == ["submission_1"]
    assert records["submission_1"].submitters == [{"name": "Kim", "sid": "7", "email": ""}]
    assert records["submission_1"].handed_in is None


def test_gradescope_without_metadata_is_graded_and_said(exercises, tmp_path):
    found, remarks = read(spread(tmp_path / "in", {"submission_5/01_double.py": RIGHT["double"]}), exercises)
    assert list(found) == ["submission_5"]
    assert remarks == ["submission_metadata.yml is missing, which names the students of each submission"]


# Blackboard


def test_blackboard_names_say_whose_a_file_is_and_when_it_came(exercises, tmp_path):
    files = {
        **blackboard("Week_1", "Minsu Kim", "min_su", "2026-09-08-18-27-28", {DOUBLE: WRONG["double"], TRIPLE: RIGHT["triple"]}),
        **blackboard("Week_1", "Minsu Kim", "min_su", "2026-09-09-08-00-00", {DOUBLE: RIGHT["double"]}),
        **blackboard("Week_1", "이 유", "lee", "2026-09-08-10-00-00", {}, "<p>def double(x):<br>&nbsp; return x + x</p>"),
        **blackboard("Week_1", "Eve (x)", "eve", "2026-09-08-10-00-00", {"x.pdf": ""}),
        "Week_1_fox_attempt_2026-09-08-10-00-00.txt": "Name: Fox (lee)\n",
        "Week_1_max_attempt_2026-09-08-10-00-00_01_double.py": WRONG["double"],
        "Week_1_max_attempt_2026-99-08-10-00-00_01_double.py": RIGHT["double"],
        "notes.doc": "",
    }
    found, remarks = read(packed(tmp_path / "gradebook.zip", files), exercises)
    assert list(found) == ["eve", "fox", "lee", "max", "min_su"]
    assert found["eve"].remarks == ["not graded, because no exercise has such a file name: x.pdf"]
    assert texts(found["min_su"]) == RIGHT
    assert any("of 2026-09-09 08:00, the newest, was graded" in remark for remark in found["min_su"].remarks)
    assert found["min_su"].arrivals["triple"].handed_in.strftime("%d %H:%M") == "08 18:27"
    assert found["min_su"].handed_in.strftime("%d %H:%M") == "09 08:00"
    assert found["min_su"].handed_in.tzinfo is not None
    assert texts(found["lee"]) == {"double": "def double(x):\n  return x + x\n"}
    assert texts(found["max"]) == {"double": WRONG["double"]}
    assert len(remarks) == 2


# What students do


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("01_double (1).py", "01_double.py"),
        ("01_double (10).py", "01_double (9).py"),
        ("01_double-2.py", "01_double-1.py"),
        ("01_double.py", "01_double - Copy.py"),
        ("01_double.py", "01_double - 복사본.py"),
        ("1_double (1).PY", "01_double.py"),
    ],
)
def test_of_two_files_the_newer_counts(newer, older, exercises, tmp_path):
    spread(tmp_path / "in" / "kim", {newer: RIGHT["double"], older: WRONG["double"]})
    found, _ = read(tmp_path / "in", exercises)
    assert texts(found["kim"]) == {"double": RIGHT["double"]}
    assert f"there are several files: {newer}, the newest, was graded, not {older}" in found["kim"].remarks


@pytest.mark.skipif(os.name != "posix" or (os.geteuid() == 0 and False), reason="needs POSIX")
def test_one_folder_that_cannot_be_read_loses_nothing_else(exercises, tmp_path, monkeypatch):
    spread(tmp_path / "in" / "kim", {DOUBLE: RIGHT["double"], "locked/02_triple.py": "", "other/02_triple.py": RIGHT["triple"]})
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(archives.os, "scandir", refusing)
    found, _ = read(tmp_path / "in", exercises)
    assert texts(found["kim"]) == RIGHT
    assert "locked can't be read: Permission denied" in found["kim"].remarks


def test_a_students_own_zip_is_looked_into_and_one_within_it_is_not(exercises, tmp_path):
    inner = packed_bytes(tmp_path, {TRIPLE: RIGHT["triple"]})
    outer = packed_bytes(tmp_path, {"week 1/01_double.py": RIGHT["double"], "__MACOSX/._01_double.py": "x", "more.zip": inner})
    found, _ = read(packed(tmp_path / "s.zip", {canvas("kim", 101, 1, "week1.zip"): outer}), exercises)
    submission = found["kim_101"]
    assert texts(submission) == {"double": RIGHT["double"]}
    assert any("file name: week1.zip/more.zip" in remark for remark in submission.remarks)


def test_a_korean_name_is_the_same_however_it_is_encoded(exercises, tmp_path):
    name = "김 민수"
    parted = unicodedata.normalize("NFD", name)
    assert parted != name
    spread(tmp_path / "a", {moodle(parted, 1, DOUBLE): RIGHT["double"]})
    raw = moodle(name, 2, TRIPLE).encode("cp949")
    path = packed(tmp_path / "b.zip", {"x" * len(raw): RIGHT["triple"]})
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
    found, _ = read([tmp_path / "a", path], exercises)
    assert {student: texts(each) for student, each in found.items()} == {name: RIGHT}


def test_a_notebook_gives_the_cells_that_define_what_is_asked_and_what_they_need():
    cells = [
        "import numpy as np, os\nfrom aescratch.classroom.packaging import check_here\nfrom math import (\n    pi,\n)",
        "SCALE = [\n    2,\n]\nx = np.load('nowhere.npy')\n",
        "@np.vectorize\ndef helper(v):\n    return v + v\n\n%timeit helper(3)",
        "def double(x):\n    raise NotImplementedError\n",
        "%matplotlib inline\ndef double(x):\n    x = x * 1\n    return helper(x) / 2 * SCALE[0]\n",
        "double(x)\ncheck_here('double', globals())",
        "%%bash\ndef double(x): no",
    ]
    text = from_notebook(code_cells(notebook(*cells).encode()), ("double",))
    space = {}
    exec(text, space)
    assert space["double"](np.ones(2)).tolist() == [2, 2]
    for absent in ("aescratch", "NotImplementedError", "nowhere", "timeit", "pi", "bash"):
        assert absent not in text


def test_a_notebook_is_taken_where_there_is_no_file(exercises, tmp_path):
    book = notebook("import numpy as np", RIGHT["double"], RIGHT["triple"])
    spread(tmp_path / "in", {"kim/all.ipynb": book, "lee/all.ipynb": book, "lee/02_triple.py": WRONG["triple"],
                             "max/all.ipynb": "{", "ida/01_double.ipynb": notebook("x = 1")})  # fmt: skip
    found, _ = read(tmp_path / "in", exercises)
    assert texts(found["kim"]) == RIGHT
    assert "01_double.py was taken from cells of all.ipynb" in found["kim"].remarks
    assert texts(found["lee"])["triple"] == WRONG["triple"]
    assert any("02_triple.py was graded, not all.ipynb" in remark for remark in found["lee"].remarks)
    for name, file in (("max", "all.ipynb"), ("ida", "01_double.ipynb")):
        assert found[name].files == {}
        assert found[name].remarks == [f"not graded, because no exercise has such a file name: {file}"]


def test_a_zip_from_windows_has_backslashes_between_its_folders(exercises, tmp_path):
    path = tmp_path / "in" / "kim" / "answers.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in RIGHT.items():
            number = list(RIGHT).index(name) + 1
            archive.writestr(f"my course\\answers\\{number:02}_{name}.py", text.replace("\n", "\r\n"))
    found, _ = read(tmp_path / "in", exercises)
    assert {name: text.replace("\r\n", "\n") for name, text in texts(found["kim"]).items()} == RIGHT


# Nothing harms


@pytest.mark.in_turn
def test_a_hostile_archive_leads_nowhere_and_unpacks_to_little(exercises, tmp_path):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("../../01_double.py", "/01_double.py", "C:\\01_double.py", "a/../../01_double.py", "x/" * 30 + "01_double.py"):
            archive.writestr(name, "escaped = 1\n")
        link = zipfile.ZipInfo("02_triple.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    bomb = packed_bytes(tmp_path, {"01_double.py": b"\0" * 200_000_000, "big.ipynb": b" " * 50_000_000})
    with zipfile.ZipFile(tmp_path / "lzma.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("01_double.py", b"\0" * 50_000_000)
    many = packed_bytes(tmp_path, {f"{number}.py": "" for number in range(3000)})
    locked = bytearray(packed_bytes(tmp_path, {"01_double.py": RIGHT["double"]}))
    locked[6] |= 1
    locked[locked.index(b"PK\1\2") + 8] |= 1
    damaged = bytearray(packed_bytes(tmp_path, {"01_double.py": RIGHT["double"] * 50}))
    damaged[45:60] = b"\xff" * 15
    archives_of = {"evil": path.read_bytes(), "bomb": bomb, "lzma": (tmp_path / "lzma.zip").read_bytes(), "many": many,
                   "locked": bytes(locked), "damaged": bytes(damaged), "no": b"PK\3\4", "empty": b""}  # fmt: skip
    files = {f"{name}/hand in.zip": content for name, content in archives_of.items()}
    before = sorted(tmp_path.rglob("*"))
    place = spread(tmp_path / "in", files)
    found, _ = read(place, exercises)
    assert all(each.files == {} for each in found.values())
    evil = " ".join(found["evil"].remarks)
    assert "5 names in hand in.zip lead out of it" in evil
    assert "02_triple.py is a link" in evil
    assert "has more than 1000000 bytes" in found["bomb"].reasons["double"]
    assert any("big.ipynb has more than" in remark for remark in found["bomb"].remarks)
    assert "has an unsupported compression" in found["lzma"].reasons["double"]
    assert any("only the first 2000 files and folders were read" in remark for remark in found["many"].remarks)
    assert "locked with a password" in found["locked"].reasons["double"]
    assert "is damaged" in found["damaged"].reasons["double"]
    for name in ("no", "empty"):
        assert found[name].remarks == ["hand in.zip is not a valid zip file"]
    assert sorted(each for each in tmp_path.rglob("*") if place not in [each, *each.parents]) == before


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_a_name_twice_or_too_long_says_so(exercises, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in ((DOUBLE, "first"), (DOUBLE, "last"), ("n" * 300, "")):
            archive.writestr(name, text)
    found, _ = read(spread(tmp_path / "in", {"kim/a.zip": path.read_bytes()}), exercises)
    assert texts(found["kim"]) == {"double": "last"}
    assert "1 names in a.zip occur more than once; the last of each is read" in found["kim"].remarks
    assert "1 names in a.zip lead out of it or are too long, and were skipped" in found["kim"].remarks


def test_what_lies_in_a_file_of_an_archive_is_not_lost_in_silence(exercises, tmp_path):
    content = packed_bytes(tmp_path, {"work": "a file", f"work/{DOUBLE}": "x", f"work/deeper/{TRIPLE}": "y"})
    found, _ = read(spread(tmp_path / "in", {"kim/a.zip": content}), exercises)
    assert found["kim"].files == {}
    assert found["kim"].remarks == ["2 names in a.zip have a file as their folder, and were skipped"]


def test_so_many_archives_of_one_student_are_opened(exercises, tmp_path):
    content = packed_bytes(tmp_path, {DOUBLE: "x"})
    found, _ = read(spread(tmp_path / "in", {f"kim/{number}.zip": content for number in range(7)}), exercises)
    assert "not graded, because no exercise has such a file name: 5.zip, 6.zip" in found["kim"].remarks


def test_files_that_nobody_asked_for_are_named_and_the_rest_is_counted(exercises, tmp_path):
    found, _ = read(spread(tmp_path / "in", {f"{name}/{i}.pdf": "" for name, n in (("kim", 5), ("lee", 7)) for i in range(n)}), exercises)
    said = "not graded, because no exercise has such a file name: 0.pdf, 1.pdf, 2.pdf, 3.pdf, 4.pdf"
    assert (found["kim"].remarks, found["lee"].remarks) == ([said], [f"{said} and 2 more"])


def test_an_archive_of_very_many_files_is_not_looked_into(exercises, tmp_path, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_MEMBERS", 10)
    many = packed_bytes(tmp_path, {f"{number}/01_double.py": "" for number in range(11)})
    found, _ = read(spread(tmp_path / "in", {"kim/a.zip": many}), exercises)
    assert found["kim"].remarks == ["a.zip holds more than 10 files"]


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"cells": [{"cell_type": "code", "source": [1]}]}', b'{"cells": 5}', b"[1]", b"1" * 5000, b"\xff\xfe"],
)  # fmt: skip
def test_no_notebook_is_no_traceback(content):
    assert code_cells(content) == []


def test_a_notebook_of_very_much_code_is_not_taken(monkeypatch):
    book = notebook(*RIGHT.values()).encode()
    assert len(code_cells(book)) == 2
    monkeypatch.setattr(notebooks, "LARGEST_CODE", 20)
    assert code_cells(book) == []


def test_half_a_letter_in_a_notebook_is_written_as_a_question(exercises, tmp_path):
    text = json.dumps({"cells": [{"cell_type": "code", "source": "def double(x):\n    return '\ud800'"}]})
    spread(tmp_path / "in", {"kim/a.ipynb": text})
    assert read(tmp_path / "in", exercises)[0]["kim"].files["double"] == b"def double(x):\n    return '?'"


def test_markup_without_an_end_is_read_soon():
    for text in ("<", "<p", "<p a='", "<p><![CDATA[", "<p>&", "<p><!--", " ", "\n ", "</p>"):
        assert isinstance(typed(b"<p>" + text.encode() * (100_000 // len(text))), str)


def test_an_export_that_cannot_be_read_is_a_sentence(exercises, tmp_path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(CourseError, match=r"x.zip is not a valid zip file; download it again"):
        read(tmp_path / "x.zip", exercises)
    with pytest.raises(CourseError, match="expected one folder per student"):
        read(packed(tmp_path / "y.zip", {"a.txt": ""}), exercises)


def test_each_name_on_the_page_is_recognised_as_its_platforms(exercises, tmp_path):
    page = (pathlib.Path(__file__).parents[1] / "docs" / "grading.md").read_text(encoding="utf-8")
    seen = 0
    for platform in ("Canvas", "Moodle", "Gradescope", "Blackboard"):
        row = next(line for line in page.splitlines() if line.startswith(f"| {platform} | `") and "_" in line.split("|")[2])
        for number, name in enumerate(re.findall(r"`([^`]+)`", row.split("|")[2])):
            files = {name: "submission_409194023:\n  :submitters:\n  - :name: Kim\n" if name.endswith(".yml") else ""}
            files |= {name.replace("metadata.yml", "409194023/x.py"): ""} if name.endswith(".yml") else {}
            reading = read_submissions([packed(tmp_path / f"{platform}{number}.zip", files)], exercises)
            assert [export.platform for export in reading.exports] == [platform], name
            seen += 1
    assert seen == 11
    plain = " ".join(page.split())
    assert f"{attempts.MOST_FILES:,} files and {attempts.MOST_ARCHIVES} zip files per student" in plain
    assert f"{attempts.LARGEST_ARCHIVE // 10**6} MB and {attempts.MOST_MEMBERS:,} files per zip file" in plain
    assert f"{submissions.LARGEST // 10**6} MB per submitted file and {submissions.LARGEST_NOTEBOOK // 10**6} MB per notebook" in plain


# The roster


def test_a_roster_gives_everybodys_work_to_one_row_and_lists_the_rest(exercises, tmp_path):
    files = {
        canvas("kimminsu", 101, 1, DOUBLE): "1", canvas("leeyou", 102, 2, DOUBLE): "2", canvas("parkjiho", 103, 3, DOUBLE): "3",
        canvas("choi", 104, 4, DOUBLE): "4", canvas("choi", 105, 5, DOUBLE): "5", canvas("stranger", 106, 6, DOUBLE): "6",
        canvas("teamseven", 107, 7, DOUBLE): "7", canvas("twin", 108, 8, DOUBLE): "8",
    }  # fmt: skip
    roster = roster_of(tmp_path, (
        "student,name,email,section,group,due\n"
        "101,Someone Else,k@x.edu,A,,2026-09-30 23:59\n"
        "lee@x.edu,You Lee,lee@x.edu,A,,2026-09-30\n"
        "지호,\"Park, Ji-ho\",,B,,2026-09-30T12:00Z\n"
        "c1,Choi,,B,,soon\n"
        "m1,Mia,,,Team Seven,\nm2,Max,,,Team Seven,\n"
        "t1,Twin,,,,\nt2,Twin,,,,\n"
        "gone,Never Seen,,,,\n"
        ",Nameless,,,,\n"
    ))  # fmt: skip
    found, remarks = read(spread(tmp_path / "in", files), exercises, roster)
    files_of = {name: texts(each).get("double") for name, each in found.items()}
    assert files_of == {
        "101": "1", "lee@x.edu": "2", "지호": "3", "c1": None, "m1": None, "m2": None, "t1": None, "t2": None, "gone": None,
        "choi_104": "4", "choi_105": "5", "stranger_106": "6", "teamseven_107": "7", "twin_108": "8",
    }  # fmt: skip
    assert found["101"].row.due.strftime("%Y-%m-%d %H:%M") == "2026-09-30 23:59"
    assert found["lee@x.edu"].row.due.strftime("%Y-%m-%d %H:%M:%S") == "2026-10-01 00:00:00", "the whole day"
    assert found["101"].row.due.tzinfo is not None
    assert found["지호"].row.due == datetime(2026, 9, 30, 12, tzinfo=timezone.utc)
    assert found["c1"].row.due is None
    assert "handed in as kimminsu" in found["101"].remarks
    for remark in (
        "line 11 of the roster has no student, and was skipped",
        "the date of c1 on the roster is invalid and was ignored: expected a date such as 2026-11-30, 2026-11-30T18:00 or 2026-11-30T18:00+09:00, got 'soon'",
        "gone is on the roster, but has no submission",
        "choi_104 is one of choi_104 and choi_105, who all could be c1 on the roster: graded, but not in a gradebook",
        "choi_105 is one of choi_104 and choi_105, who all could be c1 on the roster: graded, but not in a gradebook",
        "stranger_106 isn't on the roster: graded, but not in a gradebook",
        "twin_108 could be 2 students on the roster, t1 and t2: graded, but not in a gradebook",
        "t1 is on the roster, but has no submission",
    ):
        assert remark in remarks
    assert len(remarks) == 13
    assert found["gone"].remarks == ["nothing was handed in"]
    assert found["gone"].reasons == {"double": "there is no file 01_double.py", "triple": "there is no file 02_triple.py"}


def test_a_groups_work_is_everybodys_in_it(exercises, tmp_path):
    files = {moodle("Team Seven", 42, DOUBLE): "7", moodle("Mia", 43, TRIPLE): "m"}
    roster = roster_of(tmp_path, "student,name,group\nm1,Mia,team seven\nm2,Max,Team Seven\nm3,Ida,\n")
    found, remarks = read(spread(tmp_path / "in", files), exercises, roster)
    assert {name: texts(each) for name, each in found.items()} == {
        "m1": {"double": "7", "triple": "m"}, "m2": {"double": "7"}, "m3": {},
    }  # fmt: skip
    assert remarks == ["m3 is on the roster, but has no submission"]
    canvas_files = {canvas("teamseven", 501, 1, DOUBLE): "7"}
    roster = roster_of(tmp_path, "student,name,group\n501,Mia,teamseven\n502,Max,teamseven\n")
    found, _ = read(spread(tmp_path / "b", canvas_files), exercises, roster)
    assert {name: texts(each) for name, each in found.items()} == {"501": {"double": "7"}, "502": {"double": "7"}}


def test_who_takes_anothers_name_takes_nothing_else(exercises, tmp_path):
    files = {canvas("kim", 101, 1, DOUBLE): "hers", canvas("kim", 666, 2, DOUBLE): "his"}
    roster = roster_of(tmp_path, canvas_gradebook([("Kim", 101, "kim", "A"), ("Eve", 667, "eve", "A")]))
    found, remarks = read(spread(tmp_path / "in", files), exercises, roster)
    assert texts(found["kim"]) == {"double": "hers"}
    assert texts(found["kim_666"]) == {"double": "his"}
    assert any("kim_666 has the name of kim, who is already kim_101" in remark for remark in remarks)
    roster = roster_of(tmp_path, "student,group\n101,\n666,other\n1,kim\n")
    found, _ = read(tmp_path / "in", exercises, roster)
    assert {name: texts(each).get("double") for name, each in found.items()} == {"101": "hers", "666": "his", "1": None}


def test_no_name_of_a_roster_moves_the_terminals_cursor(tmp_path):
    row = roster_of(tmp_path, "student,name,email,section,group\na\x1b[2J,b\x1b,c\x1b,d\x1b,e\x1b\n").rows[0]
    assert "\x1b" not in "".join((row.student, row.name, row.email, row.section, row.group))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_roster_is_read_as_spreadsheets_write_it(encoding, delimiter, tmp_path):
    text = f"Student{delimiter}Name{delimiter}Section\r\nkim{delimiter}김민수{delimiter}가\r\n"
    rows = roster_of(tmp_path, text, encoding).rows
    assert [(row.student, row.name, row.section) for row in rows] == [("kim", "김민수", "가")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"name,email\nkim,k@x\n", "to have a column student, or the headings of a platform's gradebook, got name, email"),
        (b"", "got nothing"),
        (b"student\n\xff\xff\xff\n", "to be text in UTF-8"),
        (b'student\n"' + b"x" * 200_000 + b'"\n', "line 2: invalid CSV"),
        (b'student\nkim\n"lee\nmax\nida\n', "invalid CSV .*; look for an open quote"),  # else lee, max and ida are one
    ],
)
def test_what_is_no_roster_is_a_sentence(content, says, tmp_path):
    (tmp_path / "roster.csv").write_bytes(content)
    with pytest.raises(CourseError, match=says):
        read_roster(tmp_path / "roster.csv")
    with pytest.raises(CourseError, match="can't be read: No such file"):
        read_roster(tmp_path / "nowhere.csv")


# The whole command


@pytest.fixture
def here(monkeypatch):
    """Judge harmless texts in this process, as quickly as it goes."""

    def ask(worker, task):
        space = {}
        exec(task.text.decode(), space)
        reports = [report for report, _ in checked(task.exercise, task.text.decode(), 0)]
        judgement = Judgement(outcome_of(reports), reports)
        return {
            "key": task.key, "exercise": task.exercise.name, "kind": judgement.outcome.kind, "says": "", "line": 0,
            "entries": [entry.row for entry in entries(task.exercise, judgement)], "code": "", "cause": "",
            "answer": answer_of(task.exercise, judgement.outcome, reports),
        }  # fmt: skip

    monkeypatch.setattr(runs.Worker, "ask", ask)
    monkeypatch.setattr(command, "missing_protections", list)


def grade(*words):
    """Grade as the command line does, and return what grades.json holds, by student."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    arguments = parser.parse_args(list(map(str, words)))
    assert command.run(arguments) == 0
    out = command.places(arguments)[0]
    return {student["student"]: student for student in json.loads((out / "grades.json").read_text())["students"]}


def rows_of(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


STUDENTS = [("Kim, Minsu", 101, "minsu", "A"), ("김민수", 102, "kim2", "B"), ("Lee, You", 103, "lee", "A"), ("Gone, Ida", 109, "ida", "A")]


def run_on_canvas(tmp_path, *more):
    course(tmp_path / "course")
    (tmp_path / "gradebook.csv").write_text(canvas_gradebook(STUDENTS), encoding="utf-8")
    first = packed(tmp_path / "one.zip", {name: text for name, text in CANVAS.items() if "double" in name})
    second = packed(tmp_path / "two.zip", {name: text for name, text in CANVAS.items() if "double" not in name})
    return grade(first, second, "--roster", tmp_path / "gradebook.csv", "--exercises", tmp_path / "course", "--seed", 1,
                 "--jobs", 2, "--out", tmp_path / "out", *more)  # fmt: skip


def test_from_canvas_to_its_gradebook(here, tmp_path, capsys):
    found = run_on_canvas(tmp_path)
    points = {name: [each["points"] for each in student["exercises"]] for name, student in found.items()}
    assert points == {"minsu": [10, 5], "kim2": [1, 0], "lee": [10, 0], "ida": [0, 0], "anon_x7Kq2": [10, 0], "anon_b81Zz": [0, 5],
                      "max_104": [0, 0]}  # fmt: skip
    about = {key: found["kim2"][key] for key in ("name", "email", "section", "due", "handed_in", "late")}
    assert about == {"name": "김민수", "email": None, "section": "B", "due": None, "handed_in": None, "late": {"days": None, "percent": 0}}
    assert [each["late"] for each in found["kim2"]["exercises"]] == [{"days": None, "percent": 0}, None]
    before, after = rows_of(tmp_path / "gradebook.csv"), rows_of(tmp_path / "out" / "canvas_gradebook.csv")
    expected = [list(row) for row in before]
    for line, cells in {3: ["10", "5"], 4: ["1", ""], 5: ["10", ""]}.items():
        expected[line][5:7] = cells
    assert after == expected, "only what was graded is put in; nobody gets a 0 for nothing"
    printed = capsys.readouterr().out
    assert "one.zip: Canvas, handed in by 4" in printed
    assert f"to import: {tmp_path / 'out' / 'canvas_gradebook.csv'}" in printed
    listed = (tmp_path / "out" / "remarks.txt").read_text().splitlines()
    page = (tmp_path / "out" / "summary.html").read_text()
    for remark in ("ida is on the roster, but has no submission", "max_104 isn't on the roster: graded, but not in a gradebook",
                   "anon_x7Kq2 isn't on the roster: graded, but not in a gradebook"):  # fmt: skip
        assert remark in listed
        assert remark in printed
        assert remark.replace("'", "&#x27;") in page
    assert "kim2 (김민수)" in page
    assert (tmp_path / "out" / "feedback" / "kim2.txt").read_text().startswith("kim2 (김민수)\n")


@confined
def test_from_canvas_with_the_judge_itself(tmp_path):
    found = run_on_canvas(tmp_path, "--only", "double", "--format", "csv", "--out", tmp_path / "real", "--format", "json")
    assert {name: student["points"] for name, student in found.items() if student["points"]} == {
        "minsu": 10, "lee": 10, "anon_x7Kq2": 10, "kim2": 1,
    }  # fmt: skip


def test_one_column_for_all_and_one_of_another_worth(here, tmp_path):
    course(tmp_path / "course")
    place = packed(tmp_path / "s.zip", CANVAS)
    for columns, points, cells, says in (
        (("Week 1 (7)", "Quiz (8)"), ("15", "3"), ["15", ""], ""),
        (("Week 1: Double it (7)", "02_triple (8)"), ("10", "50"), ["10", "5"], "has a maximum of 50, but its exercises have 5"),
        (("Double it then triple (7)", "Triple (8)"), ("10", "5"), ["10", "5"], ""),
        (("Double (7)", "Quiz (8)"), ("10", "3"), ["10", ""], "Canvas's gradebook has no column for triple"),
        (("Double (7)", "Double (8)"), ("10", "10"), ["", ""], "Canvas's gradebook has no column for double"),
    ):
        (tmp_path / "book.csv").write_text(canvas_gradebook(STUDENTS, columns, points), encoding="utf-8")
        grade(place, "--roster", tmp_path / "book.csv", "--exercises", tmp_path / "course", "--out", tmp_path / "out", "--seed", 1)
        assert rows_of(tmp_path / "out" / "canvas_gradebook.csv")[3][5:7] == cells
        assert says in (tmp_path / "out" / "remarks.txt").read_text()


def test_from_moodle_to_its_worksheets(here, tmp_path):
    course(tmp_path / "course")
    first = packed(tmp_path / "CS-Double-1.zip", {moodle("김 민수", 11, DOUBLE): RIGHT["double"], moodle("Lee You", 12, DOUBLE): WRONG["double"],
                                                 moodle("Team A", 90, DOUBLE): RIGHT["double"],
                                                 "Default group_assignsubmission_file_/01_double.py": RIGHT["double"],
                                                 moodle("Stranger", 13, DOUBLE): RIGHT["double"]})  # fmt: skip
    second = packed(tmp_path / "CS-Triple-2.zip", {moodle("김 민수", 21, TRIPLE): RIGHT["triple"]})
    (tmp_path / "roster.csv").write_text("student,name,email,group\nk1,김 민수,k@x.edu,\nl1,You Lee,,\nm1,Mia,,Team A\n", encoding="utf-8")
    found = grade(first, second, "--roster", tmp_path / "roster.csv", "--exercises", tmp_path / "course", "--out", tmp_path / "out", "--seed", 1)
    assert {name: student["points"] for name, student in found.items()} == {"k1": 15, "l1": 1, "m1": 10, "Default group": 10, "Stranger": 10}
    head, *rows = rows_of(tmp_path / "out" / "moodle_worksheet_1.csv")
    assert {"Identifier", "Full name", "Email address", "Grade", "Last modified (grade)"} <= set(head)
    assert [row[:6] for row in rows] == [["Participant 11", "김 민수", "k@x.edu", "", "10", "10"], ["Participant 12", "Lee You", "", "", "1", "10"]]
    assert [row[:6] for row in rows_of(tmp_path / "out" / "moodle_worksheet_2.csv")[1:]] == [["Participant 21", "김 민수", "k@x.edu", "", "5", "5"]]
    listed = (tmp_path / "out" / "remarks.txt").read_text()
    assert "the worksheet for CS-Double-1.zip holds the points for double, 10 in all" in listed
    assert "m1 (Mia) has no own number in CS-Double-1.zip" in listed
    assert "Stranger isn't on the roster: graded, but not in a gradebook" in listed
    empty = packed(tmp_path / "CS-None-3.zip", {moodle("Lee You", 32, "notes.txt"): ""})
    grade(first, second, empty, "--exercises", tmp_path / "course", "--out", tmp_path / "more", "--seed", 1)
    listed = (tmp_path / "more" / "remarks.txt").read_text()
    assert "Default group has no own number in CS-Double-1.zip" in listed
    assert "there is no worksheet for CS-None-3.zip: no exercise was mostly handed in there" in listed
    assert not (tmp_path / "more" / "moodle_worksheet_3.csv").exists()
    assert "Participant 13" in (tmp_path / "more" / "moodle_worksheet_1.csv").read_text()


def test_from_gradescope(here, tmp_path):
    course(tmp_path / "course")
    export = gradescope({
        1: ([("김민수", "20261", "kim@x.edu")], "2026-09-08 09:30:00.861687000 Z", {DOUBLE: RIGHT["double"]}),
        2: ([("Lee", "20262", "lee@x.edu"), ("Pat", "20263", "pat@x.edu")], "2026-09-08 18:27:28.0 Z", {DOUBLE: WRONG["double"]}),
    })  # fmt: skip
    (tmp_path / "roster.csv").write_text("student,due,email\nk,2026-09-08T00:00Z,kim@x.edu\n20262,,\n20263,,\n")
    found = grade(packed(tmp_path / "e.zip", export), "--roster", tmp_path / "roster.csv", "--exercises", tmp_path / "course",
                  "--out", tmp_path / "out", "--seed", 1)  # fmt: skip
    assert {name: student["points"] for name, student in found.items()} == {"k": 10, "20262": 1, "20263": 1}
    assert found["k"]["handed_in"] == found["k"]["exercises"][0]["handed_in"] == "2026-09-08T09:30:00+00:00"
    assert found["k"]["due"] == "2026-09-08T00:00:00+00:00"
    (tmp_path / "roster.csv").write_text("student,due,email,section\nk,2026-09-08T00:00Z,kim@x.edu,Monday\n20262,,,Friday\n20263,,,\n")
    found = grade(tmp_path / "e.zip", "--roster", tmp_path / "roster.csv", "--exercises", tmp_path / "course", "--out", tmp_path / "out",
                  "--due", "2026-09-09T00:00Z", "--late", "10%/day")  # fmt: skip
    assert {name: student["points"] for name, student in found.items()} == {"k": 9, "20262": 1, "20263": 1}, "k's own date is earlier"
    assert "By section: Friday: 1</p>" in (tmp_path / "out" / "summary.html").read_text()


def test_from_blackboard_to_its_gradebook(here, tmp_path):
    course(tmp_path / "course")
    files = blackboard("Week 1", "Minsu Kim", "minsu", "2026-09-08-18-27-28", {DOUBLE: WRONG["double"], TRIPLE: RIGHT["triple"]})
    files |= blackboard("Week 1", "Minsu Kim", "minsu", "2026-09-09-18-27-28", {DOUBLE: RIGHT["double"]})
    book = (
        '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Double [Total Pts: 10 Score] |77"\t"Triple it [Total Pts: 5 Score] |78"\n'
        '"Kim"\t"Minsu"\t"minsu"\t"1"\t""\t""\n"이"\t"유"\t"lee"\t"2"\t""\t"4"\n'
    )
    (tmp_path / "gc.xls").write_bytes(book.encode("utf-16"))
    found = grade(packed(tmp_path / "g.zip", files), "--roster", tmp_path / "gc.xls", "--exercises", tmp_path / "course",
                  "--out", tmp_path / "out", "--seed", 1)  # fmt: skip
    assert {name: student["points"] for name, student in found.items()} == {"minsu": 15, "lee": 0}
    text = (tmp_path / "out" / "blackboard_gradebook.csv").read_bytes().decode("utf-16")
    rows = list(csv.reader(io.StringIO(text), delimiter="\t"))
    assert [row[4:] for row in rows[1:]] == [["10", "5"], ["", "4"]]


def test_files_for_two_students_are_two_files(monkeypatch):
    names = command.file_names(["é", "_-4a99557e", "kim", "Kim", "a" * 61, "a" * 60, "kim-12345678"])
    assert len({name.lower() for name in names}) == 7
    assert names[0] == "_-4a99557e.txt"
    assert names[2] == "kim.txt"
    assert command.file_names(["_-4a99557e"])[0] == names[1], "whoever else is there"
    monkeypatch.setattr(command, "file_name", lambda student: f"{student[-1]}.txt")
    assert command.file_names(["a", "ba", "ca"]) == ["a.txt", "0.txt", "1.txt"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["s.zip", "--format", "gradescope"], "expected a folder of submissions"),
        (["in", "in", "--format", "gradescope"], "folder of a single submission"),
        (["in", "--roster", "nowhere"], "expected a roster, but nowhere can't be read"),
        (["s.zip"], "is not a valid zip file"),
    ],
)
def test_wrong_usage_is_a_sentence(words, says, here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    course(tmp_path / "course")
    spread(tmp_path / "in", {"kim/01_double.py": ""})
    (tmp_path / "s.zip").write_bytes(b"")
    with pytest.raises(UsageError, match=says):
        grade(*words, "--exercises", "course")


def test_a_limit_of_files_is_one_students(exercises, tmp_path, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_FILES", 4)
    spread(tmp_path / "in", {f"kim/{number}.py": "" for number in range(9)} | {"lee/01_double.py": RIGHT["double"]})
    found, _ = read(tmp_path / "in", exercises)
    assert texts(found["lee"]) == {"double": RIGHT["double"]}
    assert POINTS["double"] == 10
