"""The exercises in Korean: every task, hint and sentence of a check is there, and says the same numbers and formulas."""

import ast
import re
import shutil
from collections import Counter

import pytest

from aescratch.classroom import CourseError, all_exercises
from aescratch.classroom.answering import wrapped
from aescratch.classroom.exercise import PATH, read_exercise
from aescratch.classroom.hints import FALLBACK, about, read_hints
from aescratch.classroom.looking import look
from aescratch.classroom.releasing import build, leak_problems
from aescratch.classroom.scaffolding import TEMPLATE
from aescratch.classroom.stubs import said_in_comments
from aescratch.foundations.columns import columns_of
from aescratch.foundations.language import VARIABLE, gettext, in_language, with_sentences
from aescratch.programs.cli import main

EXERCISES = all_exercises()
FOLDERS = [*(exercise.folder for exercise in EXERCISES), PATH, TEMPLATE]
FORMULA = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?|[A-Za-z]+(?:_[A-Za-z0-9]+)+|Σ_\w|[½¼√ΦΣσ⊙²³‖∂]|[<>]=?")
PROSE = re.compile(r"\b(?:the|is|are|of|what|which|not|then|both)\b", re.IGNORECASE)
SENTENCE = re.compile(r"[A-Za-z]+ .*[A-Za-z]{2}")
HANGUL = re.compile("[가-힣]")


def by_name(name):
    return next(exercise for exercise in EXERCISES if exercise.name == name)


def pairs_of(folder):
    """Yield what stands in both languages, and whether it is an answer: the task, and each level of each hint."""
    for name in ("about", "hints") if folder != PATH else ("hints",):
        english, korean = ((folder / f"{name}{ending}").read_text(encoding="utf-8") for ending in (".md", ".ko.md"))
        if name == "about":
            yield english, korean, False
            continue
        english, korean = read_hints(english), read_hints(korean)
        assert list(english) == list(korean)
        for code, levels in english.items():
            yield from zip(levels, korean[code], (False, False, True), strict=True)


def texts_in(node, skipped=()):
    """Yield the texts below a node that aren't parts of others, nor below a node that is skipped."""
    if node not in skipped and not isinstance(node, ast.JoinedStr):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        for inner in ast.iter_child_nodes(node):
            yield from texts_in(inner, skipped)


def sentences_of(exercise):
    """Yield every sentence that checks.py, mutants.py and the stub's question say."""
    heard = []
    said_in_comments(exercise.stub, lambda sentence: heard.append(sentence) or sentence)
    yield from heard if "PREDICTION" in exercise.stub else []
    checks, mutants = (ast.parse((exercise.folder / file).read_text(encoding="utf-8")) for file in ("checks.py", "mutants.py"))
    defined = [node for node in ast.walk(checks) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))]
    yield from texts_in(checks, [node.body[0] for node in defined if ast.get_docstring(node)])
    for node in ast.walk(mutants):
        if isinstance(node, ast.Call):  # Mutant(old, new, expected, cause, question)
            yield from (text for argument in node.args[3:] for text in texts_in(argument))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_task_and_hints_say_the_same_in_korean(folder):
    for english, korean, is_answer in pairs_of(folder):
        assert HANGUL.search(korean) or not PROSE.search(english), korean
        there, here = Counter(FORMULA.findall(english)), Counter(FORMULA.findall(korean))
        assert set(there) <= set(here) <= {*there, "0"}, korean  # 0 is "zero" in English prose
        assert there == here or not is_answer, korean


def test_chapters_have_one_korean_name_each():
    names = set()
    for exercise in EXERCISES:
        with in_language("ko"):
            korean = exercise.chapter
        names.add((exercise.chapter, korean))
    assert len(names) == len({english for english, _ in names}) == len({korean for _, korean in names})
    assert all(english.partition(". ")[0] == korean.partition(". ")[0] for english, korean in names)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_sentence_of_a_check_is_there(exercise):
    with in_language("ko"), with_sentences(exercise.sentences):
        missing = [text for text in sentences_of(exercise) if SENTENCE.search(text) and gettext(text) == text]
        topics = [about(code.partition("@")[0]) for code in exercise.hints.own | exercise.hints.general if code != FALLBACK]
    assert not missing
    assert all(HANGUL.search(topic.removesuffix("에 대한")) for topic in topics), topics


def test_a_check_a_hint_and_the_list_in_korean(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)

    def said(*words):
        status = main([*words, "--language", "ko"])
        return status, capsys.readouterr().out

    assert said("exercises", "init", ".")[0] == 0
    assert "연습 문제: 밑바닥부터" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert said("exercises", "start", "dense_forward")[1].startswith("1. 완전 연결층의 순전파 (5분)\n\nx의 각 행은 예제 하나다.")
    file = tmp_path / by_name("dense_forward").file_name
    file.write_text(file.read_text().replace('raise NotImplementedError("your turn")', "return x @ W"))
    status, checked = said("exercises", "check")
    assert status == 1
    assert checked.startswith("dense_forward: 아직 맞지 않다\n  dense의 반환값 검사\n")
    assert "편향이 빠져 있다" in checked
    assert "세 인자 가운데 지금의 y에 아무 영향도 주지 않는 것은 무엇인가요?" in checked
    assert "\n힌트 보기: aescratch exercises hint dense_forward" in checked
    assert "] 38개 가운데 0개 통과" in checked
    hint = said("exercises", "hint")[1]
    assert hint.startswith("dense_forward, y의 빠진 편향에 대한 힌트 1/3:\n  머릿속에서 x를 모두 0으로 놓아 보세요.")
    listed = said("exercises", "list")[1].splitlines()
    assert listed[:2] == ["1. 완전 연결층", ">  1  dense_forward              시작함    완전 연결층의 순전파, 5분"]
    rows = [line for line in listed if re.match(r"[> ] +\d+  ", line)]
    # A letter of Korean is two columns wide: the titles begin in the same column.
    assert {columns_of(re.match(r".{4}  \S+ *(시작함 *)?", row)[0]) for row in rows} == {43}
    assert main(["exercises", "list"]) == 0
    assert capsys.readouterr().out.startswith("1. The dense layer\n>  1  dense_forward              started   The dense layer, forward, 5 min\n")
    assert main(["--language", "de", "exercises", "list"]) == 2
    assert "expected --language en or ko, got 'de'" in capsys.readouterr().err


def test_a_prediction_is_asked_for_in_korean_and_not_counted_as_an_edit(tmp_path):
    exercise = by_name("autoencoder_backward")
    assert exercise.handed_stub == exercise.stub
    path = tmp_path / exercise.file_name
    with in_language("ko"):
        stub = exercise.handed_stub
        path.write_text(stub.replace("PREDICTION = None", 'PREDICTION = "a"'), encoding="utf-8")
        outcome = look(exercise, path)
    assert "# 어떻게 될지 예상해 보자." in stub
    assert '#   "c"  그대로다\n' in stub
    assert max(map(columns_of, stub.splitlines())) <= 120
    assert stub[stub.index("def ") :] == exercise.stub[exercise.stub.index("def ") :]
    assert "b2를 쓰는 예제는 두 배가 됐어요." in outcome.reports[0]


def test_korean_is_wrapped_and_aligned_by_columns():
    text = "  오류: 편향의 기울기를 배치에 대해 더하지 않고 평균을 냈다"
    assert wrapped(text, 30).splitlines() == ["  오류: 편향의 기울기를 배치에", "    대해 더하지 않고 평균을", "    냈다"]
    assert max(map(columns_of, wrapped(text, 30).splitlines())) <= 30


def test_what_is_released_speaks_korean_too(tmp_path):
    some = [by_name("dense_forward"), by_name("denoising")]
    build(some, tmp_path / "out")
    assert leak_problems(some, tmp_path / "out") == []
    handed_out = tmp_path / "out" / "course" / some[1].folder.name
    hints = (handed_out / "hints.ko.md").read_text(encoding="utf-8")
    assert "grad_W1 = x_tilde^T grad_a" not in hints
    assert hints.count("3. 이 단계는 선생님이 갖고 있어요.") == len(re.findall("^# ", hints, re.MULTILINE))
    released = read_exercise(handed_out)
    path = tmp_path / released.file_name
    mistake = some[1].mutated(some[1].mutants["clean input into the encoder"])
    path.write_text(mistake, encoding="utf-8")
    with in_language("ko"):
        assert released.title == "잡음 제거 오토인코더의 역전파"
        outcome = look(released, path)
    assert "인코더의 입력이 올 자리에 깨끗한 x를 썼다" in "\n".join(outcome.reports)


def test_a_translation_has_the_minutes_of_the_original(tmp_path):
    folder = tmp_path / "01_softplus"
    shutil.copytree(TEMPLATE, folder)
    text = (folder / "about.ko.md").read_text(encoding="utf-8")
    (folder / "about.ko.md").write_text(text.replace("minutes: 15", "minutes: 20"), encoding="utf-8")
    with pytest.raises(CourseError, match=r"01_softplus/about.ko.md to give the minutes and points of about.md, 15 and 10, got 20"):
        read_exercise(folder)
    (folder / "about.ko.md").unlink()
    with in_language("ko"):
        assert read_exercise(folder).title == "Softplus, backward"


def test_a_korean_report_names_no_seed_and_the_shape_of_the_docstring(tmp_path):
    exercise = by_name("dense_forward")
    path = tmp_path / exercise.file_name
    path.write_text(exercise.solution.replace("x @ W + b", "(x @ W + b).T"), encoding="utf-8")
    with in_language("ko"):
        shape = "".join(look(exercise, path).reports)
        path.write_text(exercise.solution.replace("x @ W + b", "1 / 0"), encoding="utf-8")
        outcome = look(exercise, path)
        failed = outcome.message + "".join(outcome.reports)
    assert "독스트링에 적힌 형상은" in shape
    assert "dense에서 예외가 발생했다: ZeroDivisionError" in failed
    other = by_name("relu_backward")
    path = tmp_path / other.file_name
    path.write_text(other.mutated(other.mutants["no mask"]), encoding="utf-8")
    with in_language("ko"):
        (report,) = look(other, path).reports
    assert HANGUL.search(report.splitlines()[0])
    assert "rng" not in report


def test_a_translated_comment_and_a_full_width_letter_keep_their_width():
    lines = said_in_comments("# a long sentence\nx = 1\n", lambda sentence: sentence and "편향 " * 60).splitlines()
    assert lines[-1] == "x = 1"
    assert all(line.startswith("# ") and columns_of(line) <= 120 for line in lines[:-1])
    assert len(lines) > 2
    assert columns_of("Ａ") == 2
