"""A student reads a report in Korean: the whole text of two, aligned, and English again afterwards."""

import re
import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.text import Text

import aescratch as ae
from aescratch.foundations.language import Phrase, gettext, in_language, told
from aescratch.inspection.gradcheck.causes.describe import describe
from aescratch.inspection.gradcheck.printing import Finding
from aescratch.inspection.gradcheck.report import Report
from aescratch.plots.lettering import hangul_font

HANGUL = re.compile("[가-힣]")


def columns(text):
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def dense(x, W, b):
    return x @ W + b


def dense_backward(grad_y, x, W):
    grad_x = grad_y @ W.T
    grad_W = x.T @ grad_y / len(x)
    grad_b = -grad_y.sum(axis=0)
    return grad_x, grad_W, grad_b


def report_on_dense():
    rng = np.random.default_rng(0)
    inputs = {"x": rng.normal(size=(7, 5)), "W": rng.normal(size=(5, 3)), "b": rng.normal(size=3)}
    return ae.check_function(dense, dense_backward, inputs)


class Doubling(ae.Autoencoder):
    def backward(self):
        super().backward()
        self.parameters[0].grad *= 2


def report_on_autoencoder():
    model = Doubling([5, 3], activation=ae.GELU, rng=0)
    return ae.check_gradients(model, np.random.default_rng(0).random((7, 5)))


def shown(report):
    """The lines of a report, without what depends on rounding: errors, the worst entry, and its values."""
    text = re.sub(r"[^\s(]*test_korean_reports.py:\d+", "FILE", str(report))
    text = re.sub(r"-?\d+\.\d{4,}", "#", re.sub(r"\d\.\de[-+]\d\d", "#.#e-##", text))
    text = re.sub(r"\d(?=(, \d)?,?\)(에서| +(통과|실패)))", "#", text)
    text = re.sub(r"\d(?=\)(에서| +(통과|실패)))", "#", text)
    return text.splitlines()


@pytest.mark.in_turn
def test_a_wrong_dense_backward_in_korean():
    with in_language("ko"):
        report = report_on_dense()
        lines = shown(report)
        told_sure = report.proofs()
    assert lines[:5] == [
        "기울기 검사: dense의 dense_backward, rng=0",
        "텐서    형상    원소  꺾이는 점  상대 오차  위치    판정",
        "grad_x  (7, 5)  35    0          #.#e-##    (#, #)  통과",
        "grad_W  (5, 3)  15    0          #.#e-##    (#, #)  실패",
        "grad_b  (3,)    3     0          #.#e-##    (#,)    실패",
    ]
    assert len({columns(line[: line.rindex(" ")]) for line in lines[1:5]}) == 1
    assert lines[5:] == [
        "오류: grad_W의 값은 올바른 기울기의 1/N배(N = 7, x의 행 수)이다",
        "    FILE  grad_W = x.T @ grad_y / len(x)",
        "  스스로 답해 볼 질문: forward는 무엇에 대해 더하고, 무엇에 대해 평균을 내나요? 그 둘은 기울기의 어디에 들어가나요?",
        "오류: grad_b의 부호가 반대다. 모든 곳에서 올바른 기울기에 −1을 곱한 값이다",
        "    FILE  grad_b = -grad_y.sum(axis=0)",
        "  스스로 답해 볼 질문: 이 입력이 조금 커지면 손실은 커지나요, 작아지나요? 여러분이 구한 기울기의 부호는 어느 쪽인가요?",
        "오류: grad_b: 원소 3개 가운데 3개가 다르다; (#,)에서 backward는 #, 차분 몫 #",
        "오류: grad_W: 원소 15개 가운데 15개가 다르다; (#, #)에서 backward는 #, 차분 몫 #",
        "실패: 원소 53개 가운데 35개가 허용 오차 1e-06에 차분 몫의 반올림 오차를 더한 범위 안에서 일치한다",
    ]
    assert "바꾸어" in told_sure
    english = report_on_dense()
    assert not HANGUL.search(str(english) + english.proofs())
    plain, other = english.to_dict(), report.to_dict()
    assert plain["tensors"] == other["tensors"]
    assert plain["verdict"] == other["verdict"] == "fail"
    for ours, theirs in zip(english.findings, report.findings, strict=True):
        assert (ours.code, ours.tensor, ours.severity) == (theirs.code, theirs.tensor, theirs.severity)
        assert ours.evidence == theirs.evidence


def test_a_wrong_backward_of_an_autoencoder_in_korean():
    with in_language("ko"):
        report = report_on_autoencoder()
        lines = shown(report)
    assert lines == [
        "Doubling의 기울기 검사, 예제 7개, float64, rng=0",
        "텐서        형상    원소  꺾이는 점  상대 오차  위치    판정",
        "encoder.W1  (5, 3)  15    0          #.#e-##    (#, #)  실패",
        "encoder.b1  (3,)    3     0          #.#e-##    (#,)    통과",
        "decoder.W1  (3, 5)  15    0          #.#e-##    (#, #)  통과",
        "decoder.b1  (5,)    5     0          #.#e-##    (#,)    통과",
        "오류: encoder.W1의 값이 FILE에서 틀어진다: encoder.dense1에서 오는 기울기 항이 두 번 들어 있다",
        "    self.parameters[0].grad *= 2",
        "  짐작되는 원인: 이 줄은 없어야 한다",
        "  스스로 답해 볼 질문: 이 줄은 무엇을 바꾸고, 그 뒤에 누가 그것을 읽나요?",
        "오류: encoder.W1: 원소 15개 가운데 15개가 다르다; (#, #)에서 backward는 #, 차분 몫 #",
        "실패: 원소 38개 가운데 23개가 허용 오차 1e-06에 차분 몫의 반올림 오차를 더한 범위 안에서 일치한다",
    ]
    assert not HANGUL.search(str(report_on_autoencoder()))


def test_words_are_english_as_evidence_and_korean_as_shown():
    words = Phrase("the upstream gradient times {factor}", factor=Phrase("(1 where {} > 0, else {})", "x", "alpha"))
    assert words == "the upstream gradient times (1 where x > 0, else alpha)"
    assert told(words) == words
    with in_language("ko"):
        assert told(words) == "상류 기울기와 (x > 0이면 1, 아니면 alpha)의 곱"


def test_a_report_for_a_page_is_korean_and_keeps_the_classes():
    finding = Finding("cause", "grad_x", "error", "x", {}, "원인", "왜?", "증명")
    with in_language("ko"):
        html = Report("제목", [], [finding], 1e-6)._repr_html_()
    for part in ('<b class="badge error">오류</b>', "짐작되는 원인:", "스스로 답해 볼 질문:", '<b class="badge fail">실패</b>'):
        assert part in html


def test_a_picture_is_drawn_in_a_font_that_has_the_letters():
    if hangul_font() is None:
        pytest.skip("needs a font with Hangul, such as NanumGothic")
    with in_language("ko"):
        figure = report_on_dense().plot()
    assert "차분 몫" in figure.axes[1].get_title()
    assert "기울기 검사" in figure.get_suptitle()


def test_a_picture_without_such_a_font_is_english_and_has_no_letters_that_it_lacks(monkeypatch):
    monkeypatch.setattr("aescratch.plots.lettering.hangul_font", lambda: None)
    with in_language("ko"):
        report = report_on_dense()
        with pytest.warns(UserWarning, match="글꼴"):
            figure = report.plot()
    assert "difference quotient" in figure.axes[1].get_title()
    assert not any(HANGUL.search(text.get_text()) for text in figure.findobj(Text))


@pytest.mark.parametrize("shape", [(7, 3), (3, 7)])
def test_where_to_look_is_told_in_korean_by_whoever_judged_in_english(shape):
    """Grading judges in English, and tells in both languages."""
    rng = np.random.default_rng(0)
    look = SimpleNamespace(
        returned={"W": rng.normal(size=shape)}, truth=lambda name: rng.normal(size=(7, 3)), usable=lambda name: np.full(shape, True)
    )
    advice = gettext("Look first at {place}: what it computes is used as the gradient of `{value}`, but isn't that.")
    message = describe(look, "W", [], advice=advice.format(place="mine.py, line 3", value="x @ W")).message
    assert "Look first at mine.py, line 3" in message
    with in_language("ko"):
        assert "mine.py, line 3" in told(message)
        assert "Look first" not in told(message)


def test_the_numbers_of_a_wrong_meaning_are_told_in_korean(monkeypatch):
    monkeypatch.setattr(ae.SquaredError, "forward", lambda self, x_hat, x: float(((x_hat - x) ** 2).sum() / len(x)))
    model = ae.Autoencoder([5, 3], rng=0)
    with in_language("ko"):
        report = ae.check_meaning(model)
    assert report.title == "Autoencoder의 의미 검사, 예제 7개, float64, rng=0"
    (found,) = [finding for finding in report.findings if finding.tensor == "reconstruction"][:1]
    assert re.fullmatch(r"reconstruction: 기대한 것은 .*, 곧 [\d.]+인데 순전파의 값은 [\d.]+이다\. 기대한 값의 2배이다", found.message)
    assert not HANGUL.search(str(ae.check_meaning(model)))
