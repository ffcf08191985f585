"""With --language ko, figures, pages and printed tables are in Korean, and say so in English where no font has Hangul."""

import contextlib
import html
import io
import re
import warnings

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.text import Text

import aescratch as ae
from aescratch import plots
from aescratch.backend import compiled
from aescratch.foundations.language import in_language
from aescratch.models import MODELS
from aescratch.plots import lettering
from aescratch.plots.over_epochs import as_drawn, draw_parts
from aescratch.programs.bench import QUESTIONS, machine, questions
from aescratch.programs.bench.cases import Case
from aescratch.programs.bench.table import Row, as_text
from aescratch.programs.cli import main
from aescratch.programs.cli.explained import explained_by_column
from aescratch.training.contract import parts_of

HANGUL = re.compile("[가-힣]")
# Two English words in a row, which names of options, parts and classes aren't; the names that are left out are below.
ENGLISH = re.compile(r"\b[A-Za-z]?[a-z']{2,} [a-z']{2,}\b")
NAMES = (
    "aescratch tour", "pip install", "Optical Recognition of Handwritten Digits", "blas scipy-openblas", "aescratch train",
    " et al.",
)  # fmt: skip
X = np.random.default_rng(0).random((7, 15), np.float32)
SHAPE = (5, 3)
needs_font = pytest.mark.skipif(lettering.hangul_font() is None, reason="needs a font with Hangul, such as NanumGothic")


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    pyplot.close("all")


@pytest.fixture
def without_font(monkeypatch):
    monkeypatch.setattr(lettering, "hangul_font", lambda: None)


def history():
    return ae.History([8.0, 4.0, 2.0], [7.0, 3.0, 5.0], [0.1] * 3, 0.5, best_epoch=1)


def monitor():
    seen = ae.Monitor(X, epochs=2)
    ae.Autoencoder([15, 4], rng=0).fit(X, epochs=2, rng=0, observer=seen)
    return seen


def model():
    return ae.Autoencoder([15, 4], rng=0)


FIGURES = {
    "reconstructions": lambda ax: plots.reconstructions(model(), X, SHAPE, ax=ax),
    "denoising_triples": lambda ax: plots.denoising_triples(ae.DenoisingAutoencoder([15, 4], rng=0), X, SHAPE, ax=ax),
    "filters": lambda ax: plots.filters(model(), SHAPE, ax=ax),
    "latent_map": lambda ax: plots.latent_map(X[:, :2], ax=ax),
    "latent_map of more units": lambda ax: plots.latent_map(X, ax=ax),
    "latent_traversal": lambda ax: plots.latent_traversal(model(), np.zeros(4), SHAPE, ax=ax),
    "loss_curves": lambda ax: plots.loss_curves(history(), ax=ax),
    "code_activity": lambda ax: plots.code_activity(X, rho=0.05, ax=ax),
    "monitor": lambda ax: monitor().plot().axes[0],
    "trace": lambda ax: ae.trace(model(), X[:1]).plot(ax=ax),
    "columns": lambda ax: explained_by_column(np.linspace(0.1, 0.9, 25), np.full(25, 0.95)),
}
EACH = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


def words_of(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def english_in(text):
    """The first English words in a row of a text, without the names."""
    for name in NAMES:
        text = text.replace(name, "")
    found = ENGLISH.search(text)
    return text[max(0, found.start() - 40) : found.end() + 40] if found else ""


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.word)
def test_the_terms_of_an_objective_are_drawn_under_korean_names_and_keep_theirs_in_the_model(kind):
    made = {"classifier": lambda: kind(model(), 3), "k-sparse": lambda: kind([15, 4], k=2, auxiliary=0.1)}
    terms = [name for name, part in parts_of(made.get(kind.word, lambda: kind([15, 4]))()).items() if part.is_term]
    with in_language("ko"):
        assert all(HANGUL.search(as_drawn(name)) for name in terms), terms
        assert as_drawn("my_own_term") == "my_own_term"
        draw_parts(ax := pyplot.subplots()[1], [1, 2], {name: [2.0, 1.0] for name in terms})
        assert [text.get_text() for text in ax.get_legend().get_texts()] == list(map(as_drawn, terms))
    assert [as_drawn(name) for name in terms] == terms


@needs_font
@EACH
@pytest.mark.parametrize("given", [False, True], ids=["new", "given"])
def test_a_figures_words_are_korean_and_drawn_without_a_missing_letter(draw, given):
    ax = pyplot.subplots()[1] if given else None
    before = dict(mpl.rcParams)
    with in_language("ko"), warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns about a letter that no font has
        figure = draw(ax).figure
        figure.savefig(io.BytesIO())
    words = words_of(figure)
    assert any(HANGUL.search(each) for each in words)
    assert not any(english_in(each) for each in words)
    assert dict(mpl.rcParams) == before


@EACH
def test_in_english_a_figure_has_neither_korean_words_nor_another_font(draw):
    figure = draw(None).figure
    assert not any(HANGUL.search(each) for each in words_of(figure))
    assert {tuple(text.get_fontfamily()) for text in figure.findobj(Text)} == {tuple(mpl.rcParams["font.family"])}


@pytest.mark.usefixtures("without_font")
@EACH
def test_without_a_font_the_words_are_english_and_a_sentence_says_what_to_install(draw):
    with in_language("ko"), pytest.warns(UserWarning, match="글꼴") as told:
        words = words_of(draw(None).figure)
    assert not any(HANGUL.search(each) for each in words)
    assert {str(each.message).partition(" ")[0] for each in told} == {"한글"}
    assert mpl.get_cachedir() in str(told[0].message)
    assert "fonts-nanum" in str(told[0].message)


@pytest.mark.usefixtures("without_font")
def test_the_sentence_is_said_once():
    with in_language("ko"), warnings.catch_warnings():
        warnings.simplefilter("default")
        with warnings.catch_warnings(record=True) as told:
            for _ in range(3):
                plots.loss_curves(history())
    assert len(told) == 1


@pytest.mark.usefixtures("without_font")
def test_a_browsers_python_which_has_its_own_fonts_alone_is_not_told_to_install_one(monkeypatch):
    monkeypatch.setattr(lettering, "has_processes", lambda: False)
    with in_language("ko"):
        assert plots.loss_curves(history()).get_xlabel() == "epoch"


def test_an_error_is_in_korean_with_or_without_a_font(without_font):
    with in_language("ko"), pytest.raises(ValueError, match="화소 수는 x의 한 행과 같은 15이어야 하는데 2 x 2 = 4이다"):
        plots.images(X, (2, 2))
    with in_language("ko"), pytest.raises(TypeError, match="history = model"):
        plots.loss_curves([1.0])


def test_a_font_is_asked_for_its_letters_and_not_only_by_its_name(monkeypatch):
    monkeypatch.setattr(lettering, "FAMILIES", ("no such font", "DejaVu Sans"))  # the latter has no Hangul
    assert lettering.hangul_font() is None
    monkeypatch.setattr(lettering, "SYLLABLE", "a")
    assert lettering.hangul_font() == "sans-serif"  # the user's own comes first
    with mpl.rc_context({"font.family": ["no such font"]}):
        assert lettering.hangul_font() == "DejaVu Sans"


def run(*words):
    """Run the command in Korean, and return its status and what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        status = main(["--language", "ko", *words])
    return status, out.getvalue(), err.getvalue()


def text_of(page):
    """What a reader of a page sees or hears, without the style sheet and the figures' own font lists."""
    spoken = re.findall(r'(?:alt|aria-label)="([^"]*)"', page)
    page = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    return html.unescape("\n".join([re.sub(r"<[^>]*>", "\n", page), *spoken]))


@pytest.mark.in_turn
def test_the_tours_table_and_report_have_no_english_sentence(tmp_path):
    path = tmp_path / "report.html"
    status, out, err = run("tour", "--quick", "--out", str(path))
    page = path.read_text(encoding="utf-8")
    assert status == 0
    assert '<html lang="ko">' in page
    assert not english_in(out.replace(str(path), ""))
    assert not english_in(text_of(page))
    assert "눈여겨볼 것" in page
    assert (not err) == (lettering.hangul_font() is not None)


@pytest.mark.in_turn
@pytest.mark.usefixtures("without_font")
def test_the_commands_say_once_that_a_font_is_missing(tmp_path):
    status, _, err = run("tour", "--quick", "--variant", "linear", "--out", str(tmp_path / "report.html"))
    assert (status, err.count("aescratch: 한글 글꼴을 찾지 못해"), len(err.splitlines())) == (0, 1, 1)
    status, _, err = run("train", "vanilla", "--epochs", "2", "--out", str(tmp_path / "run"))
    assert (status, err.count("aescratch: 한글 글꼴을 찾지 못해"), len(err.splitlines())) == (0, 1, 1)
    page = (tmp_path / "run" / "index.html").read_text(encoding="utf-8")
    assert "<figcaption>기울기의 노름</figcaption>" in page  # the page's own letters are the browser's
    assert ">epoch</text>" in page


@needs_font
@pytest.mark.in_turn
def test_the_run_page_has_korean_captions_charts_and_measures(tmp_path):
    status, out, err = run("train", "denoising", "--epochs", "2", "--out", str(tmp_path))
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (status, err) == (0, "")
    assert not english_in(text_of(page))
    assert ">에포크</text>" in page
    for caption in ("코드의 활성도", "잠재 공간", "필터", "복원", "잡음 제거", "학습하는 동안의 복원"):
        assert f"<figcaption>{caption}</figcaption>" in page
    assert "32개 가운데" in out


def test_info_has_no_english_sentence(monkeypatch):
    monkeypatch.setattr(compiled, "why_not", lambda: 'not installed: pip install "aescratch[fast]"')
    monkeypatch.setattr(machine, "_cupy", lambda: "CuPy is installed but finds no GPU")
    monkeypatch.setattr(machine, "processor", lambda: "a processor")
    with ae.backend.as_written():
        status, out, _ = run("info")
    assert status == 0
    assert not english_in(out.replace("a processor", ""))
    assert 'numba        설치되어 있지 않음: pip install "aescratch[fast]"' in out
    assert "프로세서     a processor" in out


def test_every_reason_of_the_backend_has_its_words():
    with in_language("ko"):
        assert all(HANGUL.search(machine.in_words(f"{reason} (E: f)")) for reason in machine.REASONS)
        assert HANGUL.search(machine.in_words(machine._cupy())) or machine._cupy()[0].isdigit()


def test_the_table_of_the_benchmark_is_korean_and_aligned_and_its_json_english(monkeypatch):
    monkeypatch.setattr(questions, "milliseconds", lambda sides, rounds: dict.fromkeys(sides, 2.0))
    rows = [*questions.fit(True, [(Case((7, 5), 11), 2)]), Row("step", "a-b", 1.0, 2.0, "PyTorch", "ms", 0.4)]
    with in_language("ko"):
        first, *lines = as_text(rows).splitlines()
    assert first.split() == ["항목", "경우", "이", "패키지", "상대", "비교", "대상", "비율", "목표"]
    assert lines[0].split()[:4] == ["fit", "7-5", "ReLU,", "배치"]
    assert "스텝만 40번" in lines[0]
    assert lines[1].endswith("미달")
    assert rows[0].to_dict()["case"] == "7-5 ReLU, batch 11"
    monkeypatch.setitem(QUESTIONS, "step", lambda quick: rows)
    status, out, _ = run("bench", "--only", "step")
    assert status == 0
    assert not english_in(out.replace(machine.processor(), ""))


def test_a_worked_condition_and_an_unknown_operation_are_told_in_korean():
    with in_language("ko"):
        step = ae.trace(ae.Autoencoder([3, 2], activation=ae.LeakyReLU, rng=0), np.ones((1, 3)))
        assert "성립" in str(step)
        assert repr(step).startswith("<학습 한 스텝: Autoencoder")
        with pytest.raises(KeyError, match="연산의 이름이어야 하는데 'no'이다"):
            step["no"]


def test_the_cards_of_notebooks_are_korean():
    with in_language("ko"):
        card = history()._repr_html_() + model()._repr_html_()
    assert ">에포크</th>" in card
    assert "2 (가장 좋음)" in card
    assert "검증 손실: 7에서 5까지" in card
    assert not english_in(text_of(card))
