"""The declarations of the models' classes are complete and true, and each model's are in one file."""

import inspect
from argparse import Namespace

import numpy as np
import pytest

import aescratch as ae
from aescratch import models
from aescratch.foundations.recipes import constructor_parameters
from aescratch.models import MODELS
from aescratch.programs.cli import check, step
from aescratch.programs.cli.figures import FIGURES
from aescratch.programs.cli.settings import CHOICES, READERS
from aescratch.programs.tour.variants import VARIANTS

every_kind = pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.word)
DRAWN_EVERYWHERE = {"loss.png", "latent-map.png", "explained-by-column.png"}  # by what comes of any model


def small(kind, **options):
    widths = [5, 3] if kind.hidden_layers == "refused" else [11, 5, 3]
    return kind(**{**kind.arguments_for(widths, n_classes=2, rng=0), **options})


def test_the_variants_are_found_in_their_order():
    words = [kind.word for kind in MODELS]
    ours = ["vanilla", "linear", "denoising", "sparse", "k-sparse"]
    ours += ["contractive", "stacked", "variational", "classifier"]
    assert [word for word in words if word in ours] == ours
    for names in (words, [kind.__name__ for kind in MODELS]):
        assert len(set(names)) == len(names)


@every_kind
def test_it_is_public_and_in_the_file_that_says_it(kind):
    assert getattr(ae, kind.__name__) is kind
    assert kind.__name__ in ae.__all__
    assert kind.__module__.startswith(f"{models.__name__}.")
    assert {"word", "objective"} <= vars(kind).keys()


@every_kind
def test_the_lecture_comes_first_in_the_class(kind):
    """Declarations for other code come after the two passes."""
    lines = inspect.getsource(kind).splitlines()
    word = next(number for number, line in enumerate(lines) if line.startswith("    word = "))
    passes = [n for n, line in enumerate(lines) if line.lstrip().startswith(("def __init__", "def loss", "def backward"))]
    assert all(number < word for number in passes)


@every_kind
def test_the_formula_has_a_term_for_each_of_the_loss(kind):
    terms = [name for name, part in small(kind).parts.items() if part.is_term]
    assert len(kind.formula.split(" + ")) == len(terms)
    assert kind.formula.startswith(terms[0])
    assert kind.objective


@every_kind
def test_its_number_of_inputs_is_the_batchs_width(kind):
    model = small(kind)
    x = np.random.default_rng(0).random((7, model.n_inputs))
    data = (x, np.arange(7) % 2) if kind.takes_labels else (x,)
    model.loss(*data)
    with pytest.raises(ValueError, match=f"expected x to have {model.n_inputs} columns"):
        model.loss(np.ones((7, model.n_inputs + 1)), *data[1:])


@every_kind
def test_hidden_layers_are_refused_where_it_says_so(kind):
    assert kind.hidden_layers in ("optional", "wanted", "refused")
    if kind.hidden_layers == "refused":
        with pytest.raises(ValueError, match="hidden layer"):
            kind(**kind.arguments_for([11, 5, 3], rng=0))
    else:
        assert kind(**kind.arguments_for([11, 5, 3], rng=0)).n_inputs == 11


@every_kind
def test_labels_are_taken_where_it_says_so(kind):
    model, x = small(kind), np.random.default_rng(0).random((7, small(kind).n_inputs))
    with pytest.raises(TypeError, match="expected labels" if kind.takes_labels else "expected no labels"):
        model.fit(x, None if kind.takes_labels else np.zeros(7, int))
    assert hasattr(model, "predict") == kind.takes_labels
    assert model.autoencoder.encode(x).shape == (7, 3)


@every_kind
def test_its_figures_are_ones_that_are_drawn(kind):
    names = {name.removesuffix(".png") for name in {*FIGURES} - DRAWN_EVERYWHERE}
    assert set(kind.figures) <= names
    assert ("samples" in kind.figures) == hasattr(kind, "sample")


@every_kind
def test_its_options_are_arguments_of_its_constructor_and_can_be_read(kind):
    for name, option in vars(kind).get("options", {}).items():
        assert name in constructor_parameters(kind)
        assert option.kind in {"switch", "count", *READERS}
        assert (option.metavar == "") == (option.kind == "switch")
        assert "{words}" not in option.help or option.kind in CHOICES
        others = [each.options[name].kind for each in MODELS if name in vars(each).get("options", {})]
        assert set(others) == {option.kind}, name  # one option, read in one way


@every_kind
def test_its_rows_are_on_the_tour(kind):
    for row in kind.tour:
        model = VARIANTS[row.name].build(0)
        assert type(model) is kind
        assert (VARIANTS[row.name].title, VARIANTS[row.name].idea) == (row.title, row.idea)


def test_the_mean_activity_that_is_asked_for():
    assert ae.SparseAutoencoder([5, 3], ae.KLSparsity(0.1, 1.0)).wanted_activity == 0.1
    assert ae.SparseAutoencoder([5, 3], ae.L1Sparsity(0.1)).wanted_activity is None
    assert ae.Autoencoder([5, 3]).wanted_activity is None


@every_kind
def test_the_command_line_gives_hidden_layers_where_they_are_wanted(kind):
    given = {}
    for command in (check, step):
        arguments = Namespace(variant=kind.word, hidden=None, code=None)
        command.use_small_layers(arguments)
        given[command] = arguments.hidden
    assert given[check] == ([] if kind.hidden_layers == "refused" else [5])
    assert given[step] == ([6] if kind.hidden_layers == "wanted" else None)


def test_a_stack_wants_hidden_layers():
    assert ae.StackedAutoencoder.hidden_layers == "wanted"
