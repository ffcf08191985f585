"""Reports: their three parts, colour, pages, pictures, plain values, and what they raise."""

import html.parser
import io
import json
import re

import numpy as np
import pytest
from matplotlib.figure import Figure

import aescratch as ae
from aescratch.inspection.gradcheck.pictures import as_image
from aescratch.inspection.gradcheck.printing import COLOURS, Finding, plain_values
from aescratch.inspection.gradcheck.report import Report

N, D, H = 7, 5, 3
X = np.random.default_rng(0).normal(size=(N, D))


def tanh_without_its_square(grad_y, y):
    return grad_y * (1 - y)


def failing():
    return ae.check_function(ae.functions.tanh, tanh_without_its_square, {"a": X})


def passing():
    return ae.check_function(ae.functions.tanh, ae.functions.tanh_backward, {"a": X})


def with_findings(*findings):
    return Report("a title", passing().tensors, list(findings), 1e-6)


THREE = Finding("cause", "grad_a", "error", "grad_a: 35 of 35 entries differ", {}, "a factor is missing", "Which one?")


class Terminal(io.StringIO):
    def __init__(self, is_terminal=True):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


def shown(report, is_terminal=True):
    file = Terminal(is_terminal)
    report.show(file)
    return file.getvalue()


class TestText:
    def test_a_finding_is_printed_in_three_parts(self):
        assert (
            "error: grad_a: 35 of 35 entries differ\n  likely cause: a factor is missing\n  ask yourself: Which one?\nfail: "
        ) in str(with_findings(THREE))

    def test_parts_that_are_empty_are_left_out(self):
        text = str(with_findings(Finding("x", None, "note", "a note")))
        assert "note: a note\npass: " in text
        assert "likely cause" not in text

    def test_a_cause_joins_the_numbers_of_its_tensor_and_is_said_once(self):
        numbers = Finding("wrong-values", "w", "error", "w: 3 differ")
        other = Finding("wrong-values", "v", "error", "v: 2 differ")
        cause = Finding("cause", "w", "error", "w is twice too large (to 1e-12)", {}, "w is twice too large", "Why?")
        lines = str(with_findings(numbers, other, cause)).splitlines()
        assert lines[3:7] == [
            "error: w: 3 differ", "  likely cause: w is twice too large (to 1e-12)", "  ask yourself: Why?", "error: v: 2 differ",
        ]  # fmt: skip
        assert "error: w is twice too large (to 1e-12)\n  ask yourself" in str(with_findings(cause))

    def test_findings_of_no_tensor_stay_where_they_are(self):
        findings = [Finding("a", None, "note", "first"), Finding("b", "w", "note", "second"), Finding("c", None, "note", "third")]
        assert [f.message for f in with_findings(*findings).sorted_findings()] == ["first", "second", "third"]

    def test_further_lines_of_a_message_are_indented(self):
        assert "note: one\n    two\n" in str(with_findings(Finding("x", None, "note", "one\ntwo")))


    def test_a_prompt_shows_one_line(self):
        report = failing()
        assert repr(report) == f"<Report, {report.title}: {report.summary()}>"
        assert repr(ae.check_meaning(ae.Autoencoder([D, H], rng=0))).startswith("<MeaningReport, meaning of Autoencoder, ")


class TestColour:
    def test_a_terminal_gets_colour_around_the_same_text(self, monkeypatch):
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        report = failing()
        text = shown(report)
        assert f"\033[{COLOURS['fail']}mfail\033[0m" in text
        assert re.sub(r"\033\[[0-9;]*m", "", text) == f"{report}\n"

    def test_everything_else_gets_none(self, monkeypatch, capsys):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        report = failing()
        assert shown(report, is_terminal=False) == f"{report}\n"
        report.show()
        assert capsys.readouterr().out == f"{report}\n"
        assert "\033" not in str(report)

    @pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
    def test_a_terminal_that_wants_none_gets_none(self, monkeypatch, name, value):
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv(name, value)
        assert "\033" not in shown(failing())


class Tags(html.parser.HTMLParser):
    """Every tag must close in its turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


class TestPage:
    def test_it_is_whole_and_holds_the_report(self):
        report = failing()
        tags = Tags(report._repr_html_())
        assert tags.open == []
        text = " ".join("".join(tags.text).split())
        for word in ("grad_a", "fail", "35 of 35 entries differ", report.summary().partition(": ")[2]):
            assert word in text

    def test_it_runs_nothing_and_loads_nothing(self):
        page = with_findings(THREE)._repr_html_()
        assert not {"script", "img", "link", "iframe"} & set(Tags(page).seen)
        assert not re.search(r"https?:|url\(|@import|\son\w+=", page)

    def test_everything_is_escaped(self):
        evil = '<img src=x onerror="alert(1)">&'
        report = Report(evil, passing().tensors, [Finding("x", evil, "error", f"m {evil}", {}, evil, evil)], 1e-6)
        report.tensors[0].name = evil
        page = report._repr_html_()
        assert "<img" not in page
        assert Tags(page).open == []
        assert page.count("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;") == 5

    def test_it_takes_the_colours_of_the_page_around_it(self):
        style = failing()._repr_html_().partition("</style>")[0]
        assert "color: inherit" in style
        assert "background: transparent" in style
        assert "prefers-color-scheme" not in style  # which a notebook's own theme doesn't follow

    def test_badges_can_be_read(self):
        def luminance(colour):
            channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
            linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
            return np.dot(linear, [0.2126, 0.7152, 0.0722])

        badges = re.findall(r"background: (#[0-9a-f]{6})", failing()._repr_html_())
        assert len(badges) == 4
        assert all(1.05 / (luminance(colour) + 0.05) >= 4.5 for colour in badges)


class TestPicture:
    def test_each_tensor_has_three_panels_and_three_scales(self):
        report = ae.check_gradients(ae.Autoencoder([D, H], rng=0), X)
        figure = report.plot()
        assert isinstance(figure, Figure)
        assert len([ax for ax in figure.axes if ax.images]) == 3 * len(report.tensors)

    def test_it_shows_the_numbers_on_a_symmetric_scale(self):
        report = failing()
        panels = [ax.images[0] for ax in report.plot().axes if ax.images]
        tensor = report.tensors[0]
        for image, values in zip(panels, (tensor.analytic, tensor.numeric, tensor.analytic - tensor.numeric), strict=True):
            np.testing.assert_array_equal(image.get_array(), values)
            low, high = image.get_clim()
            assert low == -high
        assert panels[0].get_clim() == panels[1].get_clim()
        assert panels[0].get_clim()[1] == pytest.approx(max(np.abs(tensor.analytic).max(), np.abs(tensor.numeric).max()))

    @pytest.mark.parametrize("factor", [0.1, 10])
    def test_nothing_is_beyond_the_scale(self, factor):
        report = ae.check_function(ae.functions.tanh, lambda grad_y, y: factor * grad_y * (1 - y * y), {"a": X})
        for image in (ax.images[0] for ax in report.plot().axes if ax.images):
            assert np.abs(image.get_array()).max() <= image.get_clim()[1]

    def test_rounding_stays_white(self):
        report = passing()
        difference = [ax.images[0] for ax in report.plot().axes if ax.images][2]
        assert np.abs(difference.get_array()).max() < 0.1 * difference.get_clim()[1]

    def test_fails_and_kinks_are_marked(self):
        a = np.array([[1.0, 0.0, -2.0], [0.0, 3.0, -1.0]])
        report = ae.check_function(ae.functions.relu, lambda grad_y, a: grad_y * (a > -1.5), {"a": a})
        ax = [ax for ax in report.plot().axes if ax.images][2]
        marked = [sorted(map(tuple, marks.get_offsets())) for marks in ax.collections]
        assert marked == [[(2, 1)]] * 2 + [[(0, 1), (1, 0)]] * 2  # each twice: white, and black on it
        assert ax.get_title().endswith("1 fail (×), 2 at kinks (○)")

    def test_a_vector_is_one_row(self):
        assert as_image(np.arange(3.0)).shape == (1, 3)
        assert as_image(np.array(1.0)).shape == (1, 1)
        assert as_image(np.zeros((2, 3, 4))).shape == (2, 12)

    def test_of_many_tensors_those_that_fail_come_first(self, monkeypatch):
        model = ae.Autoencoder([D, 4, 4, 4, H], activation=ae.Tanh, rng=0)
        report = ae.check_gradients(model, X)
        report.tensors[-1].verdicts[:] = "fail"
        figure = report.plot()
        labels = [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()]
        assert len(labels) == 8
        assert labels[0] == f"{report.tensors[-1].name}\nfail"
        assert "8 further tensors not drawn" in figure.get_suptitle()

    def test_nothing_to_draw_is_said(self):
        with pytest.raises(ValueError, match="expected a report with compared tensors"):
            Report("nothing", [], [], 1e-6).plot()


class TestPlainValues:
    def test_a_report_survives_json(self):
        report = with_findings(
            Finding("x", None, "error", "m", {"a": np.arange(2), "b": np.float32(0.5), 3: {1, 2}, "n": np.nan, "s": slice(1), "t": (np.bool_(True),)})
        )
        found = json.loads(json.dumps(report.to_dict(), allow_nan=False))
        assert found["findings"][0]["evidence"] == {"a": [0, 1], "b": 0.5, "3": [1, 2], "n": None, "s": "slice(None, 1, None)", "t": [True]}
        assert found["tensors"][0] == {
            "name": "grad_a", "shape": [N, D], "entries": 35, "kinks": 0, "worst": list(report.tensors[0].worst),
            "max_relative_error": report.max_relative_error, "verdict": "pass",
        }  # fmt: skip

    def test_plain_values_are_left_alone(self):
        assert plain_values({"a": [1, "b", None, True, 2.5]}) == {"a": [1, "b", None, True, 2.5]}


class TestRaising:
    def test_the_message_is_the_report(self):
        report = failing()
        with pytest.raises(ae.GradientCheckError) as caught:
            report.raise_if_failed()
        assert str(caught.value) == str(report)
        assert isinstance(caught.value, AssertionError)
        passing().raise_if_failed()

    def test_what_is_uncertain_raises_too(self):
        report = with_findings(Finding("x", None, "inconclusive", "who knows"))
        assert report.verdict == "inconclusive"
        with pytest.raises(ae.GradientCheckError):
            report.raise_if_failed()
