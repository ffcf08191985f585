"""Pictures: what they show, what they leave unchanged, and their error messages."""

import copy
import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgba, to_rgba_array

import aescratch as ae
from aescratch import plots
from aescratch.plots import over_epochs

X = np.random.default_rng(0).random((7, 15), np.float32)
SHAPE = (5, 3)


@pytest.fixture(autouse=True)
def _no_figures_and_settings_left():
    pyplot.close("all")
    with mpl.rc_context():
        yield
    pyplot.close("all")


def model(**options):
    return ae.Autoencoder([15, 4], rng=0, **options)


def history():
    return ae.History([8.0, 4.0, 2.0], [7.0, 3.0, 5.0], [0.1] * 3, 0.5, best_epoch=1)


def picture(ax):
    """The one picture on an Axes, NaN where nothing is drawn."""
    (image,) = ax.get_images()
    return np.ma.filled(image.get_array(), np.nan)


def cell(ax, row, column, shape=SHAPE):
    """One image of a grid with gaps of one pixel."""
    top, left = row * (shape[0] + 1), column * (shape[1] + 1)
    return picture(ax)[top : top + shape[0], left : left + shape[1]]


def texts(labels):
    return [label.get_text() for label in labels]


DRAWINGS = {
    "images": lambda ax: plots.images(X, SHAPE, ax=ax),
    "reconstructions": lambda ax: plots.reconstructions(model(), X, SHAPE, ax=ax),
    "denoising_triples": lambda ax: plots.denoising_triples(ae.DenoisingAutoencoder([15, 4], rng=0), X, SHAPE, ax=ax),
    "filters": lambda ax: plots.filters(model(), SHAPE, ax=ax),
    "latent_map": lambda ax: plots.latent_map(X, np.arange(7) % 3, ax=ax),
    "latent_traversal": lambda ax: plots.latent_traversal(model(), np.zeros(4), SHAPE, ax=ax),
    "loss_curves": lambda ax: plots.loss_curves(history(), ax=ax),
    "code_activity": lambda ax: plots.code_activity(X, rho=0.05, ax=ax),
}
every_drawing = pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)


# What all of them do, and leave alone


@every_drawing
def test_given_axes_are_drawn_on_and_come_back_and_no_figure_is_made(draw):
    _, (left, right) = pyplot.subplots(1, 2)
    assert draw(left) is left
    assert len(pyplot.get_fignums()) == 1
    assert left.has_data()
    assert not right.has_data()


@every_drawing
def test_without_axes_one_new_figure_is_made_each_time(draw):
    first, second = draw(None), draw(None)
    assert len(pyplot.get_fignums()) == 2
    assert first.figure is not second.figure


@every_drawing
def test_no_setting_of_matplotlib_changes_and_nothing_is_printed_or_shown(draw, monkeypatch, capsys):
    monkeypatch.setattr(pyplot, "show", lambda *_, **__: pytest.fail("shown"))
    before = copy.deepcopy(dict(mpl.rcParams))
    draw(None).figure.canvas.draw()
    assert dict(mpl.rcParams) == before
    assert capsys.readouterr() == ("", "")


@every_drawing
def test_all_text_is_large_and_inside_the_figure(draw):
    figure = draw(None).figure
    figure.canvas.draw()
    shown = [t for t in figure.findobj(mpl.text.Text) if t.get_text() and t.get_visible()]
    assert all(text.get_fontsize() >= 14 for text in shown)
    box = figure.get_tightbbox()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.get_figwidth()
    assert box.y1 <= figure.get_figheight()


@every_drawing
def test_what_is_no_axes_is_refused_and_leaves_no_figure(draw):
    figure, pair = pyplot.subplots(1, 2)
    for wrong in (figure, pair, "ax"):
        with pytest.raises(TypeError, match=r"expected ax to be a matplotlib Axes, got .*; pass one element"):
            draw(wrong)
    assert len(pyplot.get_fignums()) == 1


def test_importing_plots_does_not_import_matplotlib():
    code = "import sys, aescratch.plots; assert not [m for m in sys.modules if m.startswith('matplotlib')]"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_history_plot_draws_loss_curves():
    _, ax = pyplot.subplots()
    assert history().plot(ax=ax) is ax
    assert len(ax.get_lines()) == 3


# images


def test_images_stand_row_by_row_with_a_pixel_between_and_nothing_in_empty_places():
    ax = plots.images(X, SHAPE, columns=4)
    assert picture(ax).shape == (2 * 5 + 1, 4 * 3 + 3)
    for number, image in enumerate(X.reshape(7, *SHAPE)):
        np.testing.assert_array_equal(cell(ax, *divmod(number, 4)), image)
    assert np.isnan(picture(ax)).sum() == 11 * 15 - X.size
    assert np.isnan(cell(ax, 1, 3)).all()


def test_images_take_no_more_columns_than_there_are_images():
    assert picture(plots.images(X[:2], SHAPE)).shape == (5, 7)


@pytest.mark.parametrize(
    ("x", "options", "limits"),
    [
        (0.5 * X, {}, (0, 1)),
        (X - 0.5, {}, "its own"),
        (X + 0.5, {}, "its own"),
        (X - 0.5, {"value_range": (0, 1)}, (0, 1)),
        (0.5 * X, {"value_range": (-1, 2.5)}, (-1, 2.5)),
    ],
)
def test_images_are_grey_from_0_to_1_or_from_the_smallest_to_the_largest_value(x, options, limits):
    (image,) = plots.images(x, SHAPE, **options).get_images()
    assert image.get_clim() == ((x.min(), x.max()) if limits == "its own" else limits)
    assert image.get_cmap().name == "gray"


# reconstructions and denoising


def test_reconstructions_stand_below_their_originals_on_the_same_scale():
    autoencoder = model()
    ax = plots.reconstructions(autoencoder, X, SHAPE)
    x_hat = autoencoder.reconstruct(X)
    assert x_hat.min() < 0
    for column in range(7):
        np.testing.assert_array_equal(cell(ax, 0, column).ravel(), X[column])
        np.testing.assert_array_equal(cell(ax, 1, column).ravel(), x_hat[column])
    assert ax.get_images()[0].get_clim() == (0, 1)


def test_rows_are_labelled_at_their_middles():
    ax = plots.reconstructions(model(), X, SHAPE)
    assert texts(ax.get_yticklabels()) == ["original", "reconstruction"]
    assert list(ax.get_yticks()) == [2, 8]
    assert list(ax.get_xticks()) == []


@pytest.mark.parametrize("reconstruction", [ae.SquaredError(), ae.BinaryCrossEntropy()], ids=lambda loss: repr(loss))
def test_denoising_triples_show_the_drawn_corruption_and_what_is_restored_from_it(reconstruction):
    denoiser = ae.DenoisingAutoencoder([15, 4], ae.GaussianNoise(0.5), reconstruction=reconstruction, rng=0)
    ax = plots.denoising_triples(denoiser, X, SHAPE, rng=3)
    x_tilde = ae.GaussianNoise(0.5).forward(X, np.random.default_rng(3))
    assert x_tilde.min() < 0
    x_hat = reconstruction.to_data(denoiser.decoder.apply(denoiser.encoder.apply(x_tilde)))
    for row, expected in enumerate((X, x_tilde, x_hat)):
        drawn = np.stack([cell(ax, row, column).ravel() for column in range(7)])
        np.testing.assert_allclose(drawn, expected, rtol=1e-6)
    assert texts(ax.get_yticklabels()) == ["clean", "corrupted", "restored"]
    assert ax.get_images()[0].get_clim() == (0, 1)


def test_denoising_triples_disturb_neither_a_pass_under_way_nor_the_models_noise():
    denoiser = ae.DenoisingAutoencoder([15, 4], ae.MaskingNoise(0.5), rng=0)
    denoiser.loss(X, rng=1)
    kept, state = denoiser.corruption.keep.copy(), copy.deepcopy(denoiser.rng.bit_generator.state)
    plots.denoising_triples(denoiser, X[:3], SHAPE, rng=2)
    np.testing.assert_array_equal(denoiser.corruption.keep, kept)
    assert denoiser.rng.bit_generator.state == state


# filters


def test_filters_are_the_columns_of_W_each_scaled_by_its_own_largest_weight():
    W = np.random.default_rng(1).normal(size=(15, 4)) * [1.0, 10.0, 0.1, 0.0]
    ax = plots.filters(W, SHAPE)
    for number in range(3):
        expected = W[:, number] / np.abs(W[:, number]).max()
        np.testing.assert_allclose(cell(ax, *divmod(number, 2)).ravel(), expected)
    assert (cell(ax, 1, 1) == 0).all()
    assert ax.get_images()[0].get_clim() == (-1, 1)


def test_filters_colours_tell_sign_strength_zero_and_gap_apart():
    colours = plots.filters(np.ones((15, 4)), SHAPE).get_images()[0].get_cmap()
    below, zero, above = (np.array(colours(value)[:3]) for value in (0.0, 0.5, 1.0))
    assert below[2] > below[0] + 0.4  # blue
    assert above[0] > above[2] + 0.4  # red
    assert np.ptp(zero) < 0.02  # grey
    assert (zero < 0.9).all()  # and no white
    assert colours(np.ma.masked)[3] == 0  # a gap is not drawn


@pytest.mark.parametrize(
    "make",
    [
        model,
        lambda: ae.VariationalAutoencoder([15, 4], rng=0),
        lambda: ae.KSparseAutoencoder([15, 4, 3], k=2, rng=0),
        lambda: ae.SoftmaxClassifier(model(), n_classes=2, rng=0),
    ],
)
def test_filters_of_a_model_are_those_of_its_first_layer(make):
    first = make()
    W = first.parameters[0].value
    assert W.shape == (15, 4)
    np.testing.assert_array_equal(picture(plots.filters(first, SHAPE)), picture(plots.filters(W, SHAPE)))


def test_filters_make_a_square_grid_unless_columns_are_given():
    W = np.random.default_rng(1).normal(size=(15, 7))
    assert picture(plots.filters(W, SHAPE)).shape == (3 * 6 - 1, 3 * 4 - 1)
    assert picture(plots.filters(W, SHAPE, columns=7)).shape == (5, 7 * 4 - 1)


def test_filters_have_a_scale_beside_them():
    _, scale = plots.filters(model(), SHAPE).figure.axes
    assert texts(scale.get_yticklabels()) == ["−1", "0", "1"]
    assert scale.get_ylabel() == "weight (largest = 1)"


# latent maps


def test_a_code_of_two_units_is_drawn_as_it_is():
    code = np.random.default_rng(2).normal(size=(11, 2))
    ax = plots.latent_map(code)
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), code)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("code unit 0", "code unit 1")
    assert not ax.texts
    assert ax.get_aspect() == 1


def test_a_wider_code_is_projected_on_its_two_leading_principal_components():
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    code = rng.normal(size=(101, 5)) * [3.0, 0.1, 2.0, 0.1, 0.1] @ basis + 7.0
    ax = plots.latent_map(code)
    U, s, _ = np.linalg.svd(code - code.mean(axis=0), full_matrices=False)
    drawn = np.asarray(ax.collections[0].get_offsets())
    np.testing.assert_allclose(np.abs(drawn), np.abs(U[:, :2] * s[:2]), atol=1e-9)
    first, second = 100 * s[:2] ** 2 / (s**2).sum()
    assert ax.get_xlabel() == f"principal component 1 ({first:.0f} % of variance)"
    assert ax.get_ylabel() == f"principal component 2 ({second:.0f} % of variance)"
    assert first > second > 10


def test_the_sign_of_a_principal_component_is_fixed():
    code = np.array([[-5.0, 0, 0], [5, 0, 0], [0, -2, 0], [0, 2, 0]])
    np.testing.assert_allclose(plots.latent_map(code).collections[0].get_offsets(), code[:, :2], atol=1e-12)


def test_a_code_that_never_changes_has_no_variance_to_share():
    ax = plots.latent_map(np.ones((3, 4)))
    assert (ax.get_xlabel()[-17:], ax.get_ylabel()[-17:]) == ("(0 % of variance)",) * 2


@pytest.mark.parametrize("seed", [8, 15, 16, 39, 41, 43])  # where rounding makes the second variance negative
def test_a_code_on_a_line_has_no_share_of_minus_nought(seed):
    along, direction = np.random.default_rng(seed).normal(size=7), np.random.default_rng(seed + 99).normal(size=3)
    ax = plots.latent_map(np.outer(along, direction))
    assert ax.get_xlabel() == "principal component 1 (100 % of variance)"
    assert ax.get_ylabel() == "principal component 2 (0 % of variance)"


def test_class_numbers_are_readable_in_a_dark_style_too():
    with pyplot.style.context("dark_background"):
        (text, *_) = plots.latent_map(X, np.arange(7)).texts
    assert text.get_color() == "black"
    assert to_rgba(text.get_bbox_patch().get_facecolor()) == (1, 1, 1, 1)


def test_classes_have_colours_of_their_own_and_numbers_at_their_means():
    code = np.random.default_rng(4).normal(size=(40, 2))
    labels = np.arange(40) % 10
    ax = plots.latent_map(code, labels)
    (points,) = ax.collections
    colours = points.get_facecolors()[:, :3]
    assert len(np.unique(colours, axis=0)) == 10
    for number in range(10):
        np.testing.assert_array_equal(colours[labels == number], np.tile(colours[number], (4, 1)))
    assert texts(ax.texts) == [str(number) for number in range(10)]
    for number, text in enumerate(ax.texts):
        np.testing.assert_allclose(text.get_position(), code[labels == number].mean(axis=0))
        assert to_rgba(text.get_bbox_patch().get_edgecolor())[:3] == tuple(colours[number])
    assert ax.get_legend() is None


def test_class_numbers_need_not_begin_at_0_nor_be_ten_at_most():
    labels = np.arange(12) + 5
    ax = plots.latent_map(np.eye(12)[:, :2], labels)
    assert texts(ax.texts) == [str(label) for label in labels]


# Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB.
COLOUR_BLINDNESS = {
    "none": np.eye(3),
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


@pytest.mark.parametrize("simulation", COLOUR_BLINDNESS.values(), ids=COLOUR_BLINDNESS)
def test_colours_differ_for_colour_blind_eyes_too(simulation):
    rgb = to_rgba_array(plots.CLASS_COLOURS)[:, :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(simulation), 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(seen @ np.transpose(to_xyz) / [0.9505, 1.0, 1.089]).T  # none of them is nearly black
    lab = np.stack([116 * y, 500 * (x - y), 200 * (y - z)], axis=1)
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2)]
    assert len(distances) == 45
    assert min(distances) > 15  # about 2 can just be noticed side by side


# latent traversals


def test_traversal_decodes_the_code_with_one_unit_moved_per_row():
    autoencoder, code = model(), np.array([0.1, 0.2, 0.3, 0.4])
    ax = plots.latent_traversal(autoencoder, code, SHAPE, units=[3, 1], span=(-1, 2), steps=4)
    for row, unit in enumerate([3, 1]):
        for column, offset in enumerate([-1, 0, 1, 2]):
            moved = code.copy()
            moved[unit] += offset
            np.testing.assert_allclose(cell(ax, row, column).ravel(), autoencoder.decode(moved[None])[0], rtol=1e-5)
    assert texts(ax.get_yticklabels()) == ["unit 3", "unit 1"]
    assert texts(ax.get_xticklabels()) == ["−1", "0", "+1", "+2"]
    assert list(ax.get_xticks()) == [1, 5, 9, 13]
    assert ax.get_xlabel() == "added to the unit"


def test_traversal_moves_all_units_from_minus_to_plus_two_by_default():
    ax = plots.latent_traversal(model(), np.zeros((1, 4)), SHAPE)
    assert texts(ax.get_yticklabels()) == ["unit 0", "unit 1", "unit 2", "unit 3"]
    assert texts(ax.get_xticklabels()) == ["−2", "−1.5", "−1", "−0.5", "0", "+0.5", "+1", "+1.5", "+2"]


def test_a_long_traversal_numbers_some_of_its_columns_only():
    ax = plots.latent_traversal(model(), np.zeros(4), SHAPE, steps=21)
    assert texts(ax.get_xticklabels())[:7] == ["−2", "−1.6", "−1.2", "−0.8", "−0.4", "0", "+0.4"]
    assert list(ax.get_xticks()[[0, -1]]) == [1, 20 * 4 + 1]


def test_traversal_is_grey_over_the_range_that_is_asked_for():
    (image,) = plots.latent_traversal(model(), np.zeros(4), SHAPE, value_range=(0, 1)).get_images()
    assert image.get_clim() == (0, 1)


# loss curves


def test_loss_curves_count_epochs_from_1_and_mark_the_best():
    ax = plots.loss_curves(history())
    training, validation, best = ax.get_lines()
    assert (list(training.get_xdata()), list(training.get_ydata())) == ([1, 2, 3], [8, 4, 2])
    assert (list(validation.get_xdata()), list(validation.get_ydata())) == ([1, 2, 3], [7, 3, 5])
    assert (list(best.get_xdata()), list(best.get_ydata()), best.get_marker()) == ([2], [3], "o")
    assert not best.get_clip_on()  # at the last epoch it stands on the edge
    assert texts(ax.get_legend().get_texts()) == ["training", "validation", "best epoch: 2"]
    assert training.get_color() != validation.get_color()
    assert training.get_linestyle() != validation.get_linestyle()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    assert set(ax.get_xticks()) & set(range(1, 4)) == {1, 2, 3}


def test_loss_curves_without_validation_are_one_line_and_no_legend():
    ax = plots.loss_curves(ae.History([8.0, 4.0]))
    assert len(ax.get_lines()) == 1
    assert ax.get_legend() is None


def test_one_epoch_is_a_dot_at_1():
    ax = plots.loss_curves(ae.History([8.0]))
    assert ax.get_lines()[0].get_marker() == "o"
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [1]


@pytest.mark.parametrize(
    ("losses", "validation", "scale"),
    [
        ([10.0, 1.0], [], "linear"),
        ([10.1, 1.0], [], "log"),
        ([2.0, 1.0], [0.5, 0.1], "log"),
        ([100.0, 0.0], [], "linear"),
        ([100.0, -1.0], [], "linear"),
    ],
)
def test_the_scale_is_logarithmic_beyond_a_factor_of_ten(losses, validation, scale):
    ax = plots.loss_curves(ae.History(losses, validation, best_epoch=1 if validation else None))
    assert ax.get_yscale() == scale


def test_a_logarithmic_scale_has_plain_numbers():
    ax = plots.loss_curves(ae.History([30.0, 2.0]))
    ax.figure.canvas.draw()
    low, high = ax.get_ylim()
    shown = [label.get_text() for label in ax.get_yticklabels() if low <= label.get_position()[1] <= high]
    assert shown == ["2", "5", "10", "20"]


# code activity


def test_code_activity_counts_units_by_their_mean_activity():
    code = np.array([[0.0, 0.5, 1.0, 0.2], [0.0, 0.5, 1.0, 0.0]])
    ax = plots.code_activity(code)
    edges = np.array([bar.get_x() for bar in ax.patches] + [1.0])
    expected = np.histogram([0, 0.5, 1, 0.1], edges)[0]
    assert [bar.get_height() for bar in ax.patches] == list(expected)
    assert sum(expected) == 4
    assert not ax.get_lines()
    assert "mean activity" in ax.get_xlabel()
    assert ax.get_ylabel() == "number of units"


def test_code_activity_marks_rho():
    ax = plots.code_activity(X, rho=0.05)
    assert list(ax.get_lines()[0].get_xdata()) == [0.05, 0.05]
    assert texts(ax.get_legend().get_texts()) == ["ρ = 0.05"]


# What is refused


def traversal(**options):
    return plots.latent_traversal(model(), options.pop("code", np.zeros(4)), SHAPE, **options)


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: plots.images(X, (4, 4)), ValueError, r"as many pixels as a row of x, 15, got 4 x 4 = 16; the"),
        (lambda: plots.images(X, None), TypeError, r"image_shape to be \(height, width\), got None; pass \(8, 8\)"),
        (lambda: plots.images(X, (5, 3, 1)), TypeError, r"image_shape to be \(height, width\), got \(5, 3, 1\)"),
        (lambda: plots.images(X, (5.0, 3)), TypeError, "each side of image_shape to be an integer .* got 5.0"),
        (lambda: plots.images(X[0], SHAPE), ValueError, r"one example per row, got shape \(15,\); pass x\[None, :\]"),
        (lambda: plots.images(X[:0], SHAPE), ValueError, r"at least one example, got shape \(0, 15\)"),
        (lambda: plots.images(X * np.nan, SHAPE), ValueError, "finite numbers in x, got 105"),
        (lambda: plots.images((255 * X).astype(np.uint8), SHAPE), TypeError, r"got uint8 .* divide first, for example x / 255"),
        (lambda: plots.images(X.tolist(), SHAPE), TypeError, "expected x to be an array of floats, got list"),
        (lambda: plots.images(np.zeros((1001, 15)), SHAPE), ValueError, "at most 1000 images in one picture, got 1001"),
        (lambda: plots.images(X, SHAPE, columns=0), ValueError, "columns to be an integer of at least 1"),
        (lambda: plots.images(X, SHAPE, columns=41), ValueError, "columns to be an integer of .* at most 40, got 41"),
        (lambda: plots.images(X, SHAPE, value_range=(1, 0)), ValueError, "two increasing .* pass the smaller one"),
        (lambda: plots.images(X, SHAPE, value_range=1), TypeError, "value_range to be two increasing numbers, got 1;"),
        (lambda: plots.reconstructions(None, X, SHAPE), TypeError, "a model with reconstruct, got NoneType; pass"),
        (lambda: plots.reconstructions(model(), X[:, :9], SHAPE), ValueError, "a row of x, 9, got 5 x 3 = 15"),
        (lambda: plots.reconstructions(model(), X[:, :9], (3, 3)), ValueError, "x to have 15 columns"),
        (
            lambda: plots.reconstructions(model(), np.tile(X, (6, 1)), SHAPE), ValueError,
            r"at most 40 images, since they are drawn side by side, got 42; pass x\[:10\]",
        ),
        (lambda: plots.denoising_triples(model(), X, SHAPE), TypeError, "with corruption, got Auto.*ae.DenoisingAuto"),
        (
            lambda: plots.denoising_triples(ae.StackedAutoencoder([15, 4], rng=0), X, SHAPE), TypeError,
            "a model with corruption, got StackedAutoencoder",
        ),
        (
            lambda: plots.denoising_triples(ae.DenoisingAutoencoder([15, 4], rng=0), X, SHAPE, rng="0"), TypeError,
            "expected rng to be an integer seed",
        ),
        (lambda: plots.filters(np.eye(15)[:, :0], SHAPE), ValueError, "the transposed W to hold at least one"),
        (lambda: plots.filters(X, SHAPE), ValueError, "pixels as a row of the transposed W, 7"),
        (lambda: plots.filters("W", SHAPE), TypeError, "expected W to be an array of floats, got the text"),
        (lambda: plots.filters(np.eye(15), SHAPE, columns=2.5), TypeError, "columns to be an integer"),
        (lambda: plots.latent_map(X[:, :1]), ValueError, r"two or more units, got one of 1; draw .* ax.hist"),
        (lambda: plots.latent_map(X, np.zeros(3, int)), ValueError, r"one label per code, .*7,.*, got shape \(3,\)"),
        (lambda: plots.latent_map(X, X[:, 0]), TypeError, "labels to be integers, .* got float32; number other labels"),
        (lambda: traversal(code=np.zeros((2, 4))), ValueError, r"code of one example, got 2 codes, .*; pass code\[0\]"),
        (lambda: traversal(code=np.zeros(3)), ValueError, "the code to have 4 columns"),
        (lambda: traversal(code=[0.0] * 4), TypeError, "expected code to be an array of floats, got list"),
        (lambda: traversal(units=[4]), ValueError, "each unit to be an integer of at least 0 and at most 3, got 4"),
        (lambda: traversal(units=[]), ValueError, r"one or more different units, got \[\]; leave units out"),
        (lambda: traversal(units=[1, 1]), ValueError, r"different units, got \[1, 1\]"),
        (lambda: traversal(units=1), TypeError, r"units to be a sequence of unit numbers, got 1; pass \[0, 1\]"),
        (lambda: traversal(steps=1), ValueError, "steps to be an integer of at least 2"),
        (lambda: traversal(span=(2, -2)), ValueError, r"span to be two increasing numbers, got \(2, -2\)"),
        (lambda: traversal(span=(0, np.inf)), ValueError, "each end of span"),
        (
            lambda: plots.latent_traversal(ae.SoftmaxClassifier(model(), 2, rng=0), np.zeros(4), SHAPE), TypeError,
            "a model with decode, got SoftmaxClassifier",
        ),
        (lambda: plots.loss_curves([3.0, 2.0]), TypeError, "the History that fit returns, got list; .* pretrain"),
        (lambda: plots.loss_curves(ae.History(stopped="interrupted")), ValueError, r"one epoch or more, got none \("),
        (lambda: plots.code_activity(X[0]), ValueError, "code to be a matrix with one example per row"),
        (lambda: plots.code_activity(X, rho=1.5), ValueError, "rho to be a number above 0 and below 1, got 1.5"),
    ],
)  # fmt: skip
def test_what_is_of_no_use_is_refused_in_a_sentence_and_leaves_no_figure(draw, error, message):
    with pytest.raises(error, match=message):
        draw()
    assert not pyplot.get_fignums()


@pytest.fixture
def ax():
    """Axes to draw on."""
    figure, ax = pyplot.subplots()
    yield ax
    pyplot.close(figure)


def test_curves_over_epochs_and_their_levels(ax):
    over_epochs.draw_lines(ax, [1, 2, 4], {"a": [8.0, np.inf, 2.0], "b": [1.0, 1.0, 1.0]}, {"mean": 6.0, "PCA": np.nan})
    a, b, mean = ax.get_lines()
    assert np.array_equal(a.get_ydata(), [8.0, np.nan, 2.0], equal_nan=True)
    assert list(b.get_xdata()) == [1, 2, 4]
    assert list(mean.get_ydata()) == [6.0, 6.0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "mean 6"]
    assert ax.get_yscale() == "linear"


def test_curves_that_span_decades_have_a_logarithmic_axis(ax):
    over_epochs.draw_lines(ax, [1, 2], {"a": [1000.0, 10.0]}, {"PCA": 0.1})
    assert ax.get_yscale() == "log"
    over_epochs.draw_lines(ax, [1], {"a": [1.0]}, {})
    assert ax.get_lines()[-1].get_marker() == "o"


def test_parts_of_a_sum_stand_upon_each_other(ax):
    over_epochs.draw_parts(ax, [1, 2], {"a": [3.0, 2.0], "b": [1.0, np.inf]})
    lower, upper = (part.get_paths()[0].vertices for part in ax.collections)
    assert lower[:, 1].max() == 3.0
    assert upper[:, 1].max() == 4.0
    assert upper[upper[:, 0] == 2, 1].max() == 2.0  # what isn't finite has no height
    assert ax.get_ylim()[0] == 0


def test_the_spread_of_a_code_over_epochs(ax):
    codes = [np.array([[0.0, 1.0, 0.0, np.nan]]), np.array([[0.5, 0.5]])]
    over_epochs.draw_spread(ax, [1, 3], codes)
    (mesh,) = ax.collections
    shares = mesh.get_array().reshape(over_epochs.BINS, 2)
    assert (shares[0, 0], shares[-1, 0]) == (1.0, 0.5**0.4)
    assert np.count_nonzero(shares[:, 1]) == 1
    assert set(mesh.get_coordinates()[..., 0].ravel()) == {1, 3, 5}  # each lasts until the next
    over_epochs.draw_spread(ax, [1], [np.array([[np.nan]])])
    assert len(ax.collections) == 1


def test_without_a_screen_the_open_figures_are_saved_and_the_folder_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tutorials/01_manifolds.py"])
    pyplot.close("all")
    for level in (1, 2):
        pyplot.figure().add_subplot().plot([0, level])
    plots.show(tmp_path / "figures")
    files = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert files == ["01_manifolds-1.png", "01_manifolds-2.png"]
    assert capsys.readouterr().out == f"2 figures saved in {tmp_path / 'figures'}: no screen to show them\n"
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "emscripten")
        plots.show(tmp_path / "elsewhere")
    shown = []
    monkeypatch.setattr(pyplot, "get_backend", lambda: "QtAgg")
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.get_fignums()))
    plots.show(tmp_path / "elsewhere")
    assert shown == [pyplot.get_fignums()]
    assert not (tmp_path / "elsewhere").exists()
