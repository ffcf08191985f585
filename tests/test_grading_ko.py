"""Grading in Korean: what people read is Korean, what programs read stays the same, and no language judges again."""

import copy
import json
import pickle
import re
import subprocess

import pytest
from test_grading import DIED, confined, grade, outputs

from aescratch.classroom import all_exercises
from aescratch.classroom.grading import runs
from aescratch.classroom.grading.ledger import Task
from aescratch.classroom.grading.marks import entries
from aescratch.classroom.grading.parts import declared
from aescratch.classroom.looking import judgement_of
from aescratch.classroom.outcome import Judgement, Outcome
from aescratch.classroom.packaging import NotRight, require_here, score_here
from aescratch.classroom.packaging.carried import script, settings_of
from aescratch.foundations.language import VARIABLE, Phrase, gettext, in_language, told, with_sentences
from aescratch.programs.cli.status import UsageError

DENSE, RELU = (next(each for each in all_exercises() if each.name == name) for name in ("dense_backward", "relu_backward"))
HANGUL = re.compile("[가-힣]")
ENGLISH = re.compile(r"\b(?:the|is|are|of|was|not|right|wrong|points|look|your|student|exercise|total|and)\b")
SCALED = DENSE.solution.replace("grad_b = grad_y.sum(axis=0)", "grad_b = grad_y.sum(axis=0) / len(x)")
NAMELESS = "def relu_backward(*args):\n    return args[0]\n"
BRACES = 'def relu_backward(grad_y, a):\n    print("{a} %s {}")\n    raise ValueError("{a} %s {0!r} 100%")\n'
LACKING = "import scipy\nprint('여기')\n\ndef relu_backward(grad_y, a):\n    return scipy.special.expit(a)\n"


@pytest.fixture
def handed_in(tmp_path):
    """Students: all right; a wrong factor, and a package that grading lacks; nothing begun, and no file; and others."""
    files = {
        "kim": {DENSE: DENSE.solution, RELU: RELU.solution}, "lee": {DENSE: SCALED, RELU: LACKING}, "park": {DENSE: DENSE.stub},
        "choi": {RELU: NAMELESS}, "{b} %s": {RELU: BRACES},
    }  # fmt: skip
    for student, texts in files.items():
        (tmp_path / "in" / student).mkdir(parents=True)
        for exercise, text in texts.items():
            (tmp_path / "in" / student / exercise.file_name).write_text(text, encoding="utf-8")
    (tmp_path / "overrides.csv").write_text("student,exercise,points,comment\nlee,relu_backward,3,읽어 보세요\n", encoding="utf-8")
    return tmp_path / "in"


def without_words(value):
    """Return grades for programs without what people read."""
    if isinstance(value, dict):
        return {key: without_words(each) for key, each in value.items() if key not in ("reason", "remarks", "title", "quotients")}
    return [without_words(each) for each in value] if isinstance(value, list) else value


@pytest.mark.in_turn
@confined
def test_a_grading_in_korean_is_the_english_one_in_other_words(handed_in, tmp_path, monkeypatch, capsys):
    asked = []
    ask = runs.Worker.ask
    monkeypatch.setattr(runs.Worker, "ask", lambda self, task: (asked.append(task), ask(self, task))[1])
    words = (handed_in, "--only", DENSE.name, RELU.name, "--seed", "a long secret", "--jobs", 1, "--overrides", tmp_path / "overrides.csv")

    def files(folder, language):
        monkeypatch.setenv(VARIABLE, language)
        assert grade(*words, "--out", tmp_path / folder) == 0
        return outputs(tmp_path / folder)

    english = files("one", "en")
    ledger = (tmp_path / "one" / "results.jsonl").read_bytes()
    count = len(asked)
    capsys.readouterr()
    korean = files("one", "ko")
    assert len(asked) == count  # nothing is judged for another language
    assert (tmp_path / "one" / "results.jsonl").read_bytes() == ledger
    printed = capsys.readouterr().out.replace(str(tmp_path), "")
    assert files("one", "en") == english
    assert files("two", "ko") == korean  # nor does it matter in which language it was judged

    assert korean["summary.csv"] == english["summary.csv"]
    there, here = (json.loads(each["grades.json"]) for each in (english, korean))
    assert without_words(there) == without_words(here)
    for text in (printed, korean["summary.html"].decode(), korean["lee.txt"].decode(), korean["park.txt"].decode()):
        text = re.sub(r"<(?:style|title)>.*?</(?:style|title)>|<[^>]*>", "", text, flags=re.DOTALL)
        assert HANGUL.search(text)
        assert not ENGLISH.search(text), text
    assert not HANGUL.search(english["park.txt"].decode() + english["kim.txt"].decode())
    lee = korean["lee.txt"].decode()
    for part in (
        "dense_backward: 아직 맞지 않다", "짐작되는 원인: grad_b의 값은 올바른 기울기의 1/N배(N = 7, x의 행 수)이다",
        "relu_backward: 채점할 때 쓸 수 없는 패키지를 쓴다", "scipy 패키지를 쓴다", "코드가 출력한 것:", "| 여기",
        "선생님이 준 점수는 3점", "의견: 읽어 보세요", "총점: 20점 만점에",
    ):  # fmt: skip
        assert part in lee, lee
    assert "relu_backward의 인자는 *args이다. *args 대신 인자의 이름을 써서 함수를 정의한다" in korean["choi.txt"].decode()
    braces = next(text.decode() for text in korean.values() if text.startswith(b"{b} %s\n"))
    assert "ValueError: {a} %s {0!r} 100%" in braces
    assert "| {a} %s {}" in braces
    assert '<html lang="ko"' in korean["summary.html"].decode()


@pytest.mark.parametrize("words", [["nothing"], ["in", "--only", "relu_backwards"], ["in", "--drop-lowest", 99]])
def test_an_error_that_stops_the_command_is_korean(words, handed_in, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with in_language("ko"), pytest.raises(UsageError) as caught:
        grade(*words, "--unconfined", "--out", tmp_path / "out")
    assert HANGUL.search(str(caught.value))


def test_a_submission_that_brings_its_judge_down_is_told_of_in_both_languages():
    with in_language("ko"):
        record = runs._brought_down(Task("key", DENSE, b""))
    assert "look at this one yourself" in record["entries"][0][3]
    assert record["words"]["ko"]["parts"][1] == "grad_x의 값"
    assert "직접 확인해야 한다" in record["words"]["ko"]["reasons"][1] in record["words"]["ko"]["answer"]


@pytest.mark.parametrize("name", ["dense_backward", "weight_decay", "own_checker", "kl_sparsity_backward"])
def test_what_was_judged_in_english_is_told_as_if_it_had_been_judged_in_korean(name):
    exercise = next(each for each in all_exercises() if each.name == name)

    def judged(text):
        return judgement_of(exercise, lambda: exercise.module_of(text), exercise.folder / exercise.file_name, text.encode(), 1)

    def sentences(judgement):
        with with_sentences(exercise.sentences):
            return [told(judgement.outcome.message)] + [
                told(words) for report in judgement.reports
                for words in (report.title, *(each for f in report.findings for each in (f.message, f.cause, f.question, f.proof)))
            ]  # fmt: skip

    for mutant in list(exercise.mutants.values())[:3]:
        text = exercise.mutated(mutant)
        with in_language("en"):
            english = judged(text)
        with in_language("ko"):
            korean = sentences(judged(text))
            assert sentences(english) == korean
            assert any(map(HANGUL.search, korean))


def test_names_of_parts_are_keys_in_english_and_read_in_korean():
    judgement = Judgement(Outcome(DIED, "so it was", 3), [])
    with in_language("ko"), with_sentences(DENSE.sentences):
        found = entries(DENSE, judgement)
    assert [entry.part for entry in found] == [part.name for part in declared(DENSE)]
    assert [entry.part for entry in found][:2] == ["shapes", "values of grad_x"]
    assert [entry.called for entry in found][:2] == ["형상", "grad_x의 값"]
    assert found[0].reason.endswith("(3번째 줄)")
    assert [type(cell) for cell in found[0].row] == [str, int, int, str, list, bool]


def test_sentences_and_phrases_are_copied_with_what_they_are_made_of():
    for words in (gettext("not begun yet"), Phrase("{n} of {size}", n=Phrase("entry"), size=7), gettext("entry") + ", rng=1"):
        for other in (copy.deepcopy(words), pickle.loads(pickle.dumps(words))):
            assert other == words
            with in_language("ko"):
                assert told(other) == told(words)
    replaced = (gettext("entry") + ", rng=1").replace(", rng=1", "")
    with in_language("ko"):
        assert told(copy.deepcopy(replaced)) == told(replaced) == "원소"


@confined
def test_a_notebook_is_marked_in_the_language_in_force(tmp_path, monkeypatch, capsys):
    (tmp_path / "seed.json").write_text('{"seed": "a long secret"}')
    monkeypatch.chdir(tmp_path)
    with in_language("ko"):
        assert score_here("dense_backward", {}, points=10) == 0.0
        with pytest.raises(NotRight, match="이 노트북에 def로 정의한 dense_backward 함수가 없다"):
            require_here("dense_backward", {}, "values of grad_x")
        assert "grad_x의 값: 2.34점 만점에 0점; 함수가 없다" in capsys.readouterr().out
    assert score_here("dense_backward", {}, points=10) == 0.0
    assert not HANGUL.search(capsys.readouterr().out)


def test_an_autograder_speaks_the_language_in_which_it_was_packaged():
    with in_language("ko"):
        settings = settings_of([DENSE], False)
    assert "AESCRATCH_LANGUAGE=ko" in settings
    assert "채점하지 못했다" in settings
    assert "AESCRATCH_LANGUAGE=en" in settings_of([DENSE], False)
    for name in ("gradescope.sh", "prairielearn.sh"):  # the results of a grading that failed
        lines = [line for line in script(name).splitlines() if line.startswith("nothing=")]
        for words in ("$FAILED", "$UNSAFE"):
            text = "\n".join([settings, *lines, f'printf "$nothing" "{words}"'])
            said = subprocess.run(["bash", "-c", text], capture_output=True, text=True, encoding="utf-8", check=True).stdout
            result = json.loads(said)
            assert HANGUL.search(result.get("output") or result["message"])
