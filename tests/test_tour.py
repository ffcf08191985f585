"""`aescratch tour`: from end to end, its measures beside independent computations, and sentences that stay true."""

import argparse
import base64
import contextlib
import html.parser
import io
import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import aescratch as ae
from aescratch import functions
from aescratch.foundations import files
from aescratch.foundations.files import write_text
from aescratch.inspection import measures
from aescratch.models import MODELS
from aescratch.programs import tour
from aescratch.programs.tour import command, experiment, findings, notice, output, table
from aescratch.programs.tour.variants import VARIANTS

ROW = re.compile(r"^([a-z0-9-]+) +([\d,]+)  (\d\.\de[+-]\d\d.*?) +(\d+) +(\S+) +(\S+) +(\d+ %) +([\d.]+ %) +([\d.]+)$")


def take(*words):
    """Run the tour in this process, and return its exit status."""
    parser = argparse.ArgumentParser()
    tour.add_arguments(parser)
    return tour.run(parser.parse_args(list(words)))


def tour_process(*words):
    return subprocess.run(
        [sys.executable, "-m", "aescratch", "tour", *words], capture_output=True, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


def rows_of(text):
    """The rows of the printed table, by variant, without the seconds."""
    found = [match.groups() for match in map(ROW.match, text.splitlines()) if match]
    return {name: cells[:-1] for name, *cells in found}


class Page(html.parser.HTMLParser):
    """Everything about a page that the tests ask for; unbalanced tags are an error."""

    VOID = {"meta", "img", "link", "br"}  # noqa: RUF012

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.images, self.text = [], [], [], [], ""
        self.addresses = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.addresses += [attributes[name] for name in ("src", "href", "action", "srcset") if name in attributes]
        if tag == "img":
            self.images.append(attributes)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data if not {"style", "script"} & set(self.open) else ""


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A quick tour of everything."""
    folder = tmp_path_factory.mktemp("quick")
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        status = take("--quick", "--seed", "3", "--out", str(folder))
    return SimpleNamespace(
        status=status, out=out.getvalue(), err=err.getvalue(), folder=folder, report=folder / "report.html"
    )


@pytest.fixture(scope="module")
def page(quick):
    return Page(quick.report.read_text(encoding="utf-8"))


# From end to end


@pytest.mark.in_turn
def test_a_quick_tour_prints_every_row_and_passes(quick):
    assert quick.status == 0, quick.err
    rows = rows_of(quick.out)
    assert list(rows) == list(VARIANTS)
    for name, (parameters, check, code, sse, pca, *_) in rows.items():
        variant = VARIANTS[name]
        assert int(parameters.replace(",", "")) == variant.build(0).n_parameters
        assert float(check) < 1e-3  # a bare number: the verdict is pass
        assert int(code) == variant.widths[-1]
        assert (sse, pca) == ("–", "–") if name == "classifier" else float(sse) > 0 and float(pca) > 0
    assert len({pca for *_, pca, _, _ in rows.values()}) == 3  # code 16, code 32, and none


def test_the_text_fits_100_columns_and_ends_with_four_lines(quick):
    lines = quick.out.splitlines()
    assert max(map(len, lines[:-1])) <= 100  # the last holds a path
    assert [line[:2] for line in lines if re.match(r"\d\. ", line)] == ["1.", "2.", "3.", "4."]
    assert lines[-1].startswith(f"report with all figures: {quick.report}")
    assert "three nearest neighbours (unseen digits:" in (said := " ".join(quick.out.split()))
    assert "of a vanilla autoencoder's random decodes" in said


def test_a_quick_tour_says_that_it_was_quick(quick, page):
    assert quick.out.count("--quick") == 2
    assert "Made with --quick" in page.text
    assert "aescratch tour --seed 3 --quick" in page.text


def test_nothing_but_the_report_is_written(quick):
    assert [path.name for path in quick.folder.iterdir()] == ["report.html"]


def test_no_progress_bar_is_drawn_into_a_pipe(quick):
    assert quick.err == ""


def test_the_report_fetches_nothing(quick, page):
    text = quick.report.read_text(encoding="utf-8")
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in page.addresses)
    assert not {"script", "link", "iframe", "object", "embed"} & set(page.tags)
    assert "http" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert len(text) < 3_000_000


def test_the_report_is_whole(quick, page):
    assert page.tags[:2] == ["html", "head"]
    assert page.tags.index("img") < page.tags.index("nav"), "it opens with a picture"
    assert page.tags.count("details") >= 3 * len(VARIANTS)
    assert {"main", "header", "footer", "nav", "table", "caption", "figcaption"} <= set(page.tags)
    assert len(page.ids) == len(set(page.ids))
    assert set(VARIANTS) <= set(page.ids)
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)
    printed = rows_of(quick.out)
    for name, cells in printed.items():
        assert all(cell.strip() in page.text for cell in (name, *cells))
        assert VARIANTS[name].title in page.text
        assert VARIANTS[name].idea in page.text
        assert str(VARIANTS[name].build(3)) in page.text
    assert page.text.count("pass: ") == len(VARIANTS)  # the last line of each gradient check


def test_the_report_says_what_each_variant_didnt_learn(page):
    assert page.text.count("What it didn't learn") == len(VARIANTS)
    assert "still-falling: in the last " in page.text  # a few epochs are too few


@pytest.mark.in_turn
@pytest.mark.parametrize("name", ["linear", "variational", "classifier"])
def test_a_whole_tours_trainings_are_healthy(name):
    result = experiment.perform(VARIANTS[name], experiment.Digits.load(0), experiment.Plan((name,), 0, quick=False))
    assert result.diagnosis.codes == []


def test_the_four_lines_are_in_the_report(quick, page):
    printed = " ".join(quick.out.split())
    notices = re.search(r"What to notice(.*?)Vanilla autoencoder", page.text, re.DOTALL).group(1)
    sentences = [sentence for sentence in notices.splitlines() if sentence.strip()]
    assert len(sentences) == 4
    assert all(" ".join(sentence.split()) in printed for sentence in sentences)


def test_the_pictures_are_pictures_with_words_for_those_who_dont_see_them(page):
    from matplotlib.image import imread

    assert len(page.images) >= 4 * len(VARIANTS)
    for attributes in page.images:
        prefix, _, code = attributes["src"].partition(",")
        assert prefix == "data:image/png;base64"
        pixels = imread(io.BytesIO(base64.b64decode(code, validate=True)), format="png")
        height, width, _ = pixels.shape
        assert (str(width), str(height)) == (attributes["width"], attributes["height"])
        assert pixels[..., :3].std() > 0.02, "nothing is drawn"
        assert len(attributes["alt"]) > 20


@pytest.mark.in_turn
def test_another_seed_gives_another_table(tmp_path, capsys):
    tables = []
    for seed in ("5", "5", "6"):
        assert take("--quick", "--json", "--variant", "linear", "--seed", seed, "--out", str(tmp_path)) == 0
        (row,) = json.loads(capsys.readouterr().out)["table"]
        assert row.pop("seconds") > 0
        tables.append(row)
    assert tables[0] == tables[1]
    assert tables[0] != tables[2]


@pytest.mark.in_turn(2)
def test_the_same_seed_gives_the_same_table_and_lines(quick):
    again = tour_process("--quick", "--seed", "3", "--out", str(quick.folder))  # in a process of its own
    assert again.returncode == 0, again.stderr
    assert rows_of(again.stdout) == rows_of(quick.out)
    tail = "gradient check: largest"
    assert again.stdout.partition(tail)[2] == quick.out.partition(tail)[2]


def test_only_the_chosen_variants_are_run(tmp_path, capsys):
    path = tmp_path / "some.html"
    assert take("--quick", "--variant", "k-sparse", "--variant", "linear", "--out", str(path)) == 0
    out = capsys.readouterr().out
    assert list(rows_of(out)) == ["linear", "k-sparse"]  # in the table's order
    assert "2. Sparse codes: k-sparse keeps 8 of 32" in " ".join(out.split())
    page = Page(path.read_text(encoding="utf-8"))
    assert {"linear", "k-sparse"} == set(VARIANTS) & set(page.ids)
    assert "aescratch tour --seed 0 --quick --variant linear --variant k-sparse" in page.text


def test_json_holds_the_table_and_the_lines(tmp_path, capsys):
    assert take("--quick", "--variant", "classifier", "--variant", "sparse-kl", "--json", "--out", str(tmp_path)) == 0
    summary = json.loads(capsys.readouterr().out)
    kl, classifier = summary["table"]
    assert (kl["variant"], kl["check_verdict"], kl["code_width"]) == ("sparse-kl", "pass", 32)
    assert classifier["sse"] is None
    assert 0 <= classifier["accuracy"] <= 1
    assert len(summary["notice"]) == 1
    assert summary["report"] == str(tmp_path / "report.html")


# What the command refuses, and how it ends


def test_options_are_read_as_they_are_meant():
    assert (command.seed("7"), command.variant_name("k-sparse")) == (7, "k-sparse")
    for wrong in ("-1", "one", "1.5", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="a whole number of at least 0, got"):
            command.seed(wrong)
    with pytest.raises(argparse.ArgumentTypeError, match=r"^expected one of vanilla, .*variational-bce, got 'zebra'$"):
        command.variant_name("zebra")

def test_an_unknown_variant_is_named_with_what_there_is():
    process = tour_process("--variant", "spars-kl")
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert "expected one of vanilla, vanilla-gelu" in process.stderr
    assert "did you mean sparse-kl?" in process.stderr


def test_a_seed_that_is_none_is_refused_in_one_sentence():
    process = tour_process("--seed=one")
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert "expected a whole number of at least 0, got 'one'" in process.stderr


@pytest.mark.parametrize("out", ["missing/report.html", "missing/", "file/report.html"])
def test_a_path_that_cant_be_written_is_refused_before_the_work(out, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("aescratch.programs.tour.command.perform", lambda *_: pytest.fail("the work has begun"))
    assert take("--out", f"{tmp_path}/{out}") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"aescratch: cannot write a report to '.*' \(.*\); give another --out\n", captured.err)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_path_that_the_system_forbids_is_another_status(capsys, monkeypatch):
    def forbid(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("aescratch.programs.tour.command.report_path", forbid)
    assert take("--out", "report.html") == 4
    assert "(Permission denied)" in capsys.readouterr().err


def test_control_c_ends_with_a_sentence_and_no_report(tmp_path, capsys, monkeypatch):
    def interrupt(self, *_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ae.LinearAutoencoder, "backward", interrupt)
    monkeypatch.setattr("aescratch.programs.tour.experiment.check_small", lambda *_: None)
    assert take("--variant", "linear", "--out", str(tmp_path / "report.html")) == 130
    assert capsys.readouterr().err == "aescratch: interrupted; no report was written\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.in_turn
def test_a_wrong_derivative_fails_the_check_and_the_tour(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(functions, "sigmoid_backward", lambda grad_y, y: grad_y * y)  # without the factor 1 - y
    path = tmp_path / "report.html"
    assert take("--quick", "--variant", "sparse-kl", "--variant", "linear", "--out", str(path)) == 1
    out = capsys.readouterr().out
    rows = rows_of(out)
    assert rows["sparse-kl"][1].endswith(" fail")
    assert float(rows["sparse-kl"][1].split()[0]) > 0.01
    assert "fail" not in rows["linear"][1]
    assert "encoder.W1: " in out
    assert "entries differ" in out
    page = Page(path.read_text(encoding="utf-8"))
    assert "The gradient check of this variant: fail." in page.text


def test_a_training_that_diverges_is_reported_and_ends_nothing(tmp_path, capsys, monkeypatch):
    def diverge(*_, **__):
        raise ae.TrainingDivergedError("expected a finite loss")

    monkeypatch.setattr(ae.LinearAutoencoder, "fit", diverge)
    path = tmp_path / "report.html"
    assert take("--quick", "--variant", "linear", "--variant", "k-sparse", "--out", str(path)) == 0
    out = capsys.readouterr().out
    assert list(rows_of(out)) == ["linear", "k-sparse"]
    assert "    expected a finite loss" in out
    assert "The training ended early: expected a finite loss." in Page(path.read_text(encoding="utf-8")).text


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [(["pass", "pass"], 0), (["pass", "inconclusive"], 3), (["inconclusive", "fail", "pass"], 1), ([], 0)],
)
def test_the_worst_verdict_is_the_exit_status(verdicts, status):
    assert command.exit_status(verdicts) == status


def test_what_the_terminal_cant_encode_becomes_a_question_mark(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "aescratch", "tour", "--quick", "--variant", "classifier", "--out", str(tmp_path)],
        capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert b"classifier" in process.stdout


def test_no_figure_is_left_open(tmp_path):
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    take("--quick", "--variant", "variational", "--out", str(tmp_path))
    assert pyplot.get_fignums() == before


# The report's file


def test_a_report_that_fails_midway_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        take("--quick", "--variant", "linear", "--out", str(path))
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    monkeypatch.undo()
    write_text(path, "né")
    assert path.read_bytes() == "né".encode()


def test_the_old_report_stays_until_the_new_one_takes_its_name(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def interrupted(source, target):
        assert target.read_text() == "old"
        assert source.read_text(encoding="utf-8").startswith("<!DOCTYPE")
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupted)
    assert take("--quick", "--variant", "linear", "--out", str(path)) == 130
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("report.html", "old")]


def test_a_folder_gets_a_report_in_it(tmp_path):
    assert output.report_path(str(tmp_path)) == tmp_path / "report.html"
    assert output.report_path(str(tmp_path / "other.html")) == tmp_path / "other.html"


@pytest.mark.skipif(not hasattr(os, "pathconf"), reason="needs a system that says how long a name may be")
def test_a_reports_name_may_be_as_long_as_the_system_allows(tmp_path, monkeypatch):
    longest = tmp_path / ("a" * os.pathconf(tmp_path, "PC_NAME_MAX"))
    assert output.report_path(str(longest)) == longest
    for _ in range(2):
        with pytest.raises(OSError, match="too long"):  # and that is found before the work
            output.report_path(f"{longest}a")
        monkeypatch.setattr(output.Path, "is_dir", lambda path: False)  # as Python 3.14 answers where older ones raise
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


# Measures, each beside a computation of another kind


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_pca_is_that_of_the_covariance_matrix(rng):
    x = rng.normal(size=(41, 7)) @ rng.normal(size=(7, 7)) + 3
    unseen = rng.normal(size=(5, 7))
    directions = np.linalg.eigh(np.cov(x.T))[1][:, ::-1]
    pca = measures.PCA.fit(x)
    for n in (1, 3, 7):
        P = directions[:, :n] @ directions[:, :n].T
        expected = x.mean(axis=0) + (unseen - x.mean(axis=0)) @ P
        np.testing.assert_allclose(pca.reconstruct(unseen, n), expected, atol=1e-10)


def test_pca_has_all_directions_with_fewer_examples_than_features(rng):
    x = rng.normal(size=(3, 5))
    np.testing.assert_allclose(measures.PCA.fit(x).reconstruct(x + 1, 5), x + 1, atol=1e-12)


def test_sse_per_image_has_no_half_and_is_a_mean_over_images(rng):
    x_hat, x = rng.normal(size=(2, 7, 5)).astype("float32")
    expected = sum((float(a) - float(b)) ** 2 for a, b in zip(x_hat.flat, x.flat, strict=True)) / 7
    assert measures.sse_per_image(x_hat, x) == pytest.approx(expected)
    assert measures.sse_per_image(x_hat, x) == pytest.approx(2 * functions.squared_error(x_hat, x), rel=1e-5)


def test_active_share_counts_both_signs_and_not_the_threshold(rng):
    code = np.array([[0.01, -0.011, 0.0], [0.5, -0.009, -3.0]])
    assert measures.active_share(code) == pytest.approx(3 / 6)


def test_the_probe_finds_classes_that_are_apart(rng):
    centres = np.eye(5)[:3] * 100 + 7
    labels, unseen_labels = rng.integers(3, size=60), rng.integers(3, size=40)
    code = centres[labels] + rng.normal(size=(60, 5))
    unseen = centres[unseen_labels] + rng.normal(size=(40, 5))
    assert measures.probe_accuracy(code, labels, unseen, unseen_labels) == 1.0
    assert measures.probe_accuracy(code, labels, unseen, (unseen_labels + 1) % 3) == 0.0


@pytest.mark.parametrize("ridge", [0.0, 0.01, 0.3, 3.0])
def test_the_probe_is_ridge_regression(ridge, rng, monkeypatch):
    monkeypatch.setattr(measures, "RIDGE", ridge + 1e-9)
    mixing = rng.normal(size=(4, 4)) * [1, 10, 0.1, 0]  # correlated, so that the ridge turns the answer
    code, unseen = rng.normal(size=(50, 4)) @ mixing, rng.normal(size=(500, 4)) @ mixing
    labels, unseen_labels = rng.integers(3, size=50), rng.integers(3, size=500)
    scale = np.where(code.std(axis=0) > 0, code.std(axis=0), 1)
    A, B = (code - code.mean(axis=0)) / scale, (unseen - code.mean(axis=0)) / scale
    root = np.sqrt(measures.RIDGE * 50) * np.eye(4)  # the ridge as examples of its own
    augmented = np.block([[A, np.ones((50, 1))], [root, np.zeros((4, 1))]])
    W = np.linalg.lstsq(augmented, np.vstack([np.eye(3)[labels], np.zeros((4, 3))]), rcond=None)[0]
    expected = np.mean(np.argmax(np.c_[B, np.ones(500)] @ W, axis=1) == unseen_labels)
    assert measures.probe_accuracy(code, labels, unseen, unseen_labels) == pytest.approx(expected)


def test_the_probe_learns_nothing_from_a_code_without_information(rng):
    labels = np.repeat([0, 1, 1, 1], 25)
    assert measures.probe_accuracy(np.zeros((100, 2)), labels, np.zeros((100, 2)), labels) == 0.75


def test_the_principal_angle_is_that_of_scipy(rng):
    subspace_angles = pytest.importorskip("scipy.linalg").subspace_angles
    A = rng.normal(size=(3, 8))
    for size in (1.0, 1e-3, 1e-7):
        B = rng.normal(size=(3, 3)) @ (A + size * rng.normal(size=(3, 8)))
        expected = np.degrees(subspace_angles(A.T, B.T).max())
        assert measures.largest_principal_angle(A, B) == pytest.approx(expected, rel=1e-6)


def test_neighbourhoods_are_those_of_a_plain_count(rng):
    x, samples = rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) * 1.5
    inside = 0
    for sample in samples:
        balls = [sorted(np.linalg.norm(x - digit, axis=1))[3] for digit in x]
        inside += any(np.linalg.norm(sample - digit) <= ball for digit, ball in zip(x, balls, strict=True))
    assert 0 < inside < 30
    assert measures.Neighbourhoods(x).share_inside(samples) == pytest.approx(inside / 30)
    assert measures.Neighbourhoods(x).share_inside(x) == 1.0
    balls = [sorted(np.linalg.norm(x - digit, axis=1))[3] for digit in x]
    near = [min(np.linalg.norm(samples - digit, axis=1)) <= ball for digit, ball in zip(x, balls, strict=True)]
    assert 0 < sum(near) < 40
    assert measures.Neighbourhoods(x).share_reached(samples) == pytest.approx(sum(near) / 40)
    assert measures.Neighbourhoods(x).share_reached(x[:1]) < 0.5 < measures.Neighbourhoods(x).share_inside(x[:1])


def test_noise_left_is_all_of_it_for_a_model_that_copies(rng):
    x, noise = rng.normal(size=(2, 7, 5))
    assert measures.noise_left(SimpleNamespace(reconstruct=lambda y: y), x, noise) == pytest.approx(1)
    assert measures.noise_left(SimpleNamespace(reconstruct=lambda y: y - noise), x, noise) == pytest.approx(0)
    assert measures.noise_left(SimpleNamespace(reconstruct=lambda y: y + noise), x, noise) == pytest.approx(4)


# Sentences: true of whatever numbers they are given


def test_the_linear_sentence_claims_pca_only_when_it_is():
    assert "has become PCA" in notice.linear_and_pca(16, 1.0002, 0.12)
    assert "not yet from the same subspace" in notice.linear_and_pca(16, 1.0002, 40.0)
    far = notice.linear_and_pca(16, 1.25, 0.12)
    assert "has not reached PCA" in far
    assert "1.2500 times" in far
    assert "has not reached PCA" in notice.linear_and_pca(16, 0.9, 0.1)


def test_the_sparse_sentence_says_but_when_rho_is_missed():
    assert "of 0.05 and gets 0.055" in notice.kl(0.05, 0.055)
    assert "of 0.05 but gets 0.300" in notice.kl(0.05, 0.3)
    assert "of 0.05 but gets 0.001" in notice.kl(0.05, 0.001)
    assert "L1 leaves 0\xa0% of the code" in notice.l1(0.0)
    assert "restores better than PCA" in notice.k_sparse(8, 32, 1.0, 1.5)
    assert "restores no better than PCA" in notice.k_sparse(8, 32, 1.5, 1.5)


def test_the_sparse_sentence_leaves_out_what_was_not_run():
    assert findings.sparsity({}, experiment.Digits.load(0)) == {}
    assert notice.sparse_codes([notice.l1(0.5)]) == "Sparse codes: L1 leaves 50\xa0% of the code exactly zero."


def test_the_denoising_sentence_admits_no_gain():
    gain = notice.denoising(0.3, 0.2, 0.4)
    assert "20\xa0%" in gain
    assert "40\xa0% by the vanilla" in gain
    assert "no gain" not in gain
    assert notice.denoising(0.3, 0.4, 0.4).endswith(": no gain in this run.")
    assert "vanilla" not in notice.denoising(0.3, 0.2)


def test_the_generation_sentence_admits_that_the_vae_is_no_better():
    assert "no better" not in notice.generation(0.9, 0.8, 0.1, 0.2)
    assert notice.generation(0.9, 0.2, 0.1, 0.2).endswith(": here the VAE generates no better.")
    assert notice.generation(0.9, 0.2, 0.3, 0.1).endswith(": here the VAE generates no better.")
    assert "vanilla" not in notice.generation(0.9, 0.8)


def test_the_pretraining_sentence_admits_that_it_did_not_help():
    assert notice.pretraining(0.5, 0.9, 170).startswith("Pre-training helped")
    assert notice.pretraining(0.9, 0.9, 170).startswith("Pre-training did not help in this run")


# The variants and the table


def test_every_kind_of_autoencoder_is_on_the_tour():
    kinds = {type(variant.build_small(0)) for variant in VARIANTS.values()}
    assert {kind for kind in MODELS if kind.tour} <= kinds
    assert kinds >= {
        ae.Autoencoder, ae.LinearAutoencoder, ae.DenoisingAutoencoder, ae.SparseAutoencoder, ae.KSparseAutoencoder,
        ae.ContractiveAutoencoder, ae.StackedAutoencoder, ae.SoftmaxClassifier, ae.VariationalAutoencoder,
    }  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=list(VARIANTS))
def test_the_small_model_is_of_the_same_kind_and_checks_at_other_seeds(variant):
    real, small = variant.build(0), variant.build_small(0)
    assert type(real) is type(small)
    assert list(real.parts) == list(small.parts)
    for seed in (101, 102):
        report = experiment.check_small(variant, seed)
        assert report.verdict == "pass", report
        assert sum(tensor.verdicts.size for tensor in report.tensors) == small.n_parameters


def test_a_quick_tour_takes_few_epochs_and_another_all():
    quick, whole = experiment.Plan((), 0, True), experiment.Plan((), 0, False)
    assert [quick.epochs(epochs) for epochs in (100, 25, 10)] == [4, 1, 1]
    assert whole.epochs(100) == 100


def test_a_verdict_that_isnt_pass_stands_in_the_row():
    row = experiment.Row("linear", 10, 0.5, "inconclusive", 2, 1.0, 2.0, 0.5, 0.9, 1.0)
    line = table.line(table.cells(row))
    assert "5.0e-01 inconclusive" in line
    assert len(line) == len(table.line(table.HEAD))
    assert ROW.match(line)
