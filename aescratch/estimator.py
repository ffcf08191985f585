"""An autoencoder as a scikit-learn transformer, for pipelines, grid searches and feature unions.

    X (array, list or data frame) -> matrix of floats -> the variant's model: fit, encode, decode -> array or data frame

The conventions are scikit-learn's; the library itself is imported only when it asks for its tags. `model_` is an
ordinary model, so everything else in this package works on it.
"""

from __future__ import annotations

import functools
import importlib
import sys
import warnings
from collections.abc import Sequence
from html import escape
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from aescratch.backend import Array
from aescratch.foundations.features import feature_names, floats_of
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.recipes import constructor_parameters
from aescratch.foundations.scaling import scaled, unscaled
from aescratch.foundations.validation import as_generator, own_generator
from aescratch.inspection.diagnosis import PYTHON, SEE_NEXT, diagnose
from aescratch.inspection.measures import sse_per_image
from aescratch.models.autoencoder import Autoencoder
from aescratch.optimizers import Adam
from aescratch.training.chunks import Between, fit_chunk
from aescratch.training.history import History
from aescratch.training.plan import RATE, enough_epochs

Self = TypeVar("Self", bound="AutoencoderTransformer")
FRAMES = ("default", "pandas", "polars")
NAMED_BEFORE = gettext_noop("X comes without feature names, but fit saw it with them")
NAMED_NOW = gettext_noop("X comes with feature names, but fit saw it without them")
WARNED_OF = ("no-better-than-mean", "still-falling")


class NotFittedError(ValueError, AttributeError):
    """A method was called before `fit`; also scikit-learn's NotFittedError if that is loaded."""


class ConvergenceWarning(UserWarning):
    """A training learned nothing, or ended too early; also scikit-learn's ConvergenceWarning if that is loaded."""


class AutoencoderTransformer:
    """Any autoencoder with scikit-learn's interface.

    Parameters
    ----------
    variant : class
        `Autoencoder` or one of the other variants; a stacked one is pre-trained layer by layer before it is trained.
    n_components : int
        The code's width.
    hidden : sequence of int
        Widths of the layers between input and code.
    epochs : int or None
        As for the model's `fit`; None for as many epochs as make 5,000 steps, at least 20.
    batch_size : int
        As for the model's `fit`.
    learning_rate : float
        Adam's constant learning rate.
    scale : str
        How `Scaling` scales X for the model, and the reconstruction back: ``"auto"``, ``"none"``, ``"standardize"`` or
        ``"minmax"``.
    random_state : int, numpy.random.RandomState, numpy.random.Generator or None
        Draws the weights, the order of the examples and the noise; with an integer, every fit gives the same result.
    **settings
        Settings of the variant's constructor, such as ``sparsity=ae.KLSparsity(0.05, 0.5)``. They are parameters like
        the others: `get_params` returns the given ones, and `set_params` takes all that the variant has.

    Attributes
    ----------
    model_ : Autoencoder
        The trained model. It computes in float32 if X was float32, else in float64, unless ``dtype=`` was given. It
        sees X through ``model_.scaling``.
    history_ : History
        What happened in each epoch.
    n_features_in_ : int
        The number of columns in fit's X.
    feature_names_in_ : array of str
        The columns' names; only if X was a data frame whose column names are all text.

    Examples
    --------
    >>> import aescratch as ae
    >>> x = ae.datasets.load_digits().x[:200]
    >>> settings = {"n_components": 16, "epochs": 300, "learning_rate": 0.01, "random_state": 0}
    >>> transformer = ae.AutoencoderTransformer(ae.LinearAutoencoder, **settings)
    >>> code = transformer.fit_transform(x)
    >>> code.shape, transformer.inverse_transform(code).shape
    ((200, 16), (200, 64))
    >>> transformer.set_params(n_components=24, weight_decay=1e-4)
    AutoencoderTransformer(variant=LinearAutoencoder, n_components=24, epochs=300, learning_rate=0.01, random_state=0,
        weight_decay=0.0001)
    >>> transformer.fit(x).score(x) < 0
    True
    """

    variant: type[Autoencoder]
    n_components: int
    hidden: Sequence[int]
    epochs: int | None
    batch_size: int
    learning_rate: float
    scale: str
    history_: History
    model_: Autoencoder
    n_features_in_: int
    _between: Between | None = None  # state after the last partial_fit

    def __init__(
        self, variant: type[Autoencoder] = Autoencoder, *, n_components: int = 32, hidden: Sequence[int] = (),
        epochs: int | None = None, batch_size: int = 64, learning_rate: float = RATE, scale: str = "auto",
        random_state: int | np.random.RandomState | np.random.Generator | None = None, **settings: Any,
    ) -> None:  # fmt: skip
        self.variant, self.n_components, self.hidden = variant, n_components, hidden
        self.epochs, self.batch_size, self.learning_rate, self.scale = epochs, batch_size, learning_rate, scale
        self.random_state = random_state
        self._settings: dict[str, Any] = {}
        self.set_params(**settings)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters and their values, including the given settings of the variant."""
        return {**{name: getattr(self, name) for name in OWN}, **self._settings}

    def set_params(self: Self, **params: Any) -> Self:
        """Change parameters, and return the transformer; raise ValueError for an unknown parameter."""
        variant = params.get("variant", self.variant)
        if isinstance(variant, type):  # fit refuses a variant that isn't a class
            known = [*OWN, *(name for name in constructor_parameters(variant) if name not in ("widths", "rng"))]
            for name in {**self._settings, **params}:  # earlier settings must be valid for the new variant, too
                if name not in known:
                    message = gettext("expected a parameter of {kind} around {variant}, one of {known}, got {name!r}")
                    raise ValueError(
                        message.format(
                            kind=type(self).__name__, variant=variant.__name__, known=", ".join(known), name=name
                        )
                    )
        for name, value in params.items():
            place = vars(self) if name in OWN else self._settings
            place[name] = value
        return self

    def fit(self: Self, X: ArrayLike, y: object = None) -> Self:
        """Train a new model on X (N, D); y is ignored.

        Raises
        ------
        TypeError, ValueError
            If X or a parameter is invalid; the message says what was expected.
        TrainingDivergedError
            If the loss stops being finite.
        """
        names, x = feature_names(X), floats_of(X)
        rng = _generator(self.random_state)
        model = self._new_model(x, rng)
        x = scaled(model, x)
        epochs = enough_epochs(len(x), self.batch_size) if self.epochs is None else self.epochs
        training: dict[str, Any] = {
            "epochs": epochs, "batch_size": self.batch_size, "optimizer": Adam(self.learning_rate), "rng": rng,
            "progress": False,
        }  # fmt: skip
        if hasattr(model, "pretrain"):
            model.pretrain(x, **training)
        self.history_ = model.fit(x, **training)
        found = diagnose(model, x, history=self.history_, spelling=_as_parameter)
        for place, finding in enumerate(found):
            if finding.code in WARNED_OF:
                cause = f"; {found[place + 1]}" if finding.advice == gettext(SEE_NEXT) else ""
                warnings.warn(f"{finding}{cause}", _also_of_sklearn(ConvergenceWarning), stacklevel=2)
        self._keep(model, names)
        return self

    def partial_fit(self: Self, X: ArrayLike, y: object = None) -> Self:
        """Train for one epoch on a chunk X (N, D) of the data; the first call makes a new model; y is ignored.

        The optimizer's moments, its schedule and the random numbers continue from call to call; `history_` has an entry
        for each call. The scaling is that of the first chunk. After `fit`, its model is trained further, with new
        moments. With a schedule as learning_rate, `epochs` is the number of calls that the schedule spans. A stacked
        variant isn't pre-trained, since that needs all data for each layer.

        Raises
        ------
        TypeError, ValueError
            If X or a parameter is invalid, or the columns of X have changed.
        TrainingDivergedError
            If the loss stops being finite; the model is then as it was before the call.
        """
        is_first, names = not hasattr(self, "model_"), feature_names(X)
        x, before = floats_of(X) if is_first else self._checked(X), self._between
        rng = _generator(self.random_state) if before is None else before.rng
        model = self._new_model(x, rng) if is_first else self.model_
        between = fit_chunk(
            model, scaled(model, x), before or Between(own_generator(rng)), optimizer=Adam(self.learning_rate),
            batch_size=self.batch_size, epochs=self.epochs,
        )  # fmt: skip
        if is_first:
            self._keep(model, names)
        self._between, self.history_ = between, between.history
        return self

    def _new_model(self, x: Array, rng: np.random.Generator) -> Autoencoder:
        """Return a new model for data x (N, D), with the scaling for them."""
        if not (isinstance(self.variant, type) and all(hasattr(self.variant, name) for name in ("encode", "decode"))):
            message = gettext("expected variant to be a class such as ae.SparseAutoencoder, got {variant!r}")
            raise TypeError(message.format(variant=self.variant))
        if isinstance(self.hidden, (int, np.integer)):
            message = gettext("expected hidden to be widths such as ({hidden},), got {hidden}; add the comma")
            raise TypeError(message.format(hidden=self.hidden))
        settings = {"dtype": x.dtype.name, **self._settings}
        model = self.variant([x.shape[1], *self.hidden, self.n_components], rng=rng, **settings)
        model.scaling = model.scaling_for(x, self.scale)
        return model

    def _keep(self, model: Autoencoder, names: Array | None) -> None:
        """Keep a trained model and the names of its features."""
        vars(self).pop("feature_names_in_", None)
        self.model_, self.n_features_in_ = model, model.widths[0]
        self._between = None
        if names is not None:
            self.feature_names_in_ = names

    def transform(self, X: ArrayLike) -> Array:
        """Return the code (N, n_components) of X (N, D): an array, or the data frame chosen by `set_output`."""
        return self._framed(self._fitted().encode(scaled(self._fitted(), self._checked(X))), X)

    def fit_transform(self, X: ArrayLike, y: object = None) -> Array:
        """Return fit(X).transform(X)."""
        return self.fit(X).transform(X)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Return the decoded data (N, D) of codes X (N, n_components), in the precision of `fit`'s X."""
        x = unscaled(self._fitted(), self._fitted().decode(floats_of(X)))
        return x if "dtype" in self._settings else x.astype(self._fitted().dtype, copy=False)

    def score(self, X: ArrayLike, y: object = None) -> float:
        """Return minus the squared error of the reconstruction, summed over features, mean over examples.

        The same for every training loss: −(1/N) Σ_i Σ_j (x̂_ij − x_ij)², at best 0; y is ignored.
        """
        x, model = self._checked(X), self._fitted()
        return -sse_per_image(unscaled(model, model.reconstruct(scaled(model, x))), x)

    def get_feature_names_out(self, input_features: Sequence[str] | Array | None = None) -> Array:
        """Return the names of the code's units: code0, code1, ...

        Raises
        ------
        ValueError
            If input_features are not those of fit's X.
        """
        model = self._fitted()
        if input_features is not None:
            if len(input_features) != self.n_features_in_:
                message = gettext(
                    "input_features should have length equal to number of features ({n_features_in}), got {count}"
                )
                raise ValueError(message.format(n_features_in=self.n_features_in_, count=len(input_features)))
            if list(input_features) != list(getattr(self, "feature_names_in_", input_features)):
                raise ValueError(gettext("input_features is not equal to feature_names_in_; leave them out"))
        return np.array([f"code{unit}" for unit in range(model.widths[-1])], dtype=object)

    def set_output(self: Self, *, transform: str | None = None) -> Self:
        """Choose the output of `transform`: ``"default"`` (an array), ``"pandas"`` or ``"polars"``; None to keep it."""
        if transform is not None and transform not in FRAMES:
            message = gettext("expected transform to be one of {known}, got {transform!r}")
            raise ValueError(message.format(known=", ".join(FRAMES), transform=transform))
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}  # the name by which scikit-learn's clone copies it
        return self

    def __sklearn_tags__(self) -> Any:
        tags = importlib.import_module("sklearn.utils")
        return tags.Tags(
            estimator_type=None, target_tags=tags.TargetTags(required=False), input_tags=tags.InputTags(),
            transformer_tags=tags.TransformerTags(preserves_dtype=["float64", "float32"]),
        )  # fmt: skip

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __repr__(self) -> str:
        shown = [
            f"{name}={getattr(value, '__name__', None) or repr(value)}" for name, value in self.get_params().items()
            if name in self._settings or repr(value) != repr(OWN[name].default)
        ]  # fmt: skip
        return f"{type(self).__name__}({', '.join(shown)})"

    def _repr_html_(self) -> str:
        if "sklearn" in sys.modules:
            shown: str = importlib.import_module("sklearn.utils").estimator_html_repr(self)
            return shown
        return f"<pre>{escape(repr(self))}</pre>"

    def _fitted(self) -> Autoencoder:
        if not hasattr(self, "model_"):
            message = gettext("this {kind} is not fitted yet; call fit(X) first")
            raise _also_of_sklearn(NotFittedError)(message.format(kind=type(self).__name__))
        return self.model_

    def _checked(self, X: Any) -> Array:
        """Return X in the model's form; raise unless it has the columns of fit's X."""
        width, names = self._fitted().widths[0], feature_names(X)
        seen = getattr(self, "feature_names_in_", None)
        if (names is None) != (seen is None):
            warnings.warn(gettext(NAMED_BEFORE if names is None else NAMED_NOW), UserWarning, stacklevel=3)
        x = floats_of(X)
        if x.shape[1] != width:
            message = gettext("X has {found} features, but {kind} is expecting {width} features as input")
            raise ValueError(message.format(found=x.shape[1], kind=type(self).__name__, width=width))
        if names is not None and seen is not None and list(names) != list(seen):
            pair = gettext("{new!r} where fit saw {old!r}")
            different = [pair.format(new=n, old=o) for n, o in zip(names, seen, strict=True) if n != o]
            message = gettext("expected the features of fit in its order, got {different}; reorder X")
            raise ValueError(message.format(different="; ".join(different[:3])))
        return x

    def _framed(self, code: Array, X: Any) -> Any:
        """Return the code in the container chosen for this transformer, or for all of scikit-learn."""
        everywhere = sys.modules["sklearn"].get_config() if "sklearn" in sys.modules else {}
        chosen = getattr(self, "_sklearn_output_config", {}).get("transform", everywhere.get("transform_output"))
        if chosen not in ("pandas", "polars"):
            return code
        try:
            library = importlib.import_module(chosen)
        except ImportError as error:
            message = gettext(
                "expected {chosen}, since transform should return its frames, but it is not installed; pip install "
                '{chosen}, or set_output(transform="default")'
            )
            raise ImportError(message.format(chosen=chosen)) from error
        names = list(self.get_feature_names_out())
        if chosen == "polars":
            return library.DataFrame(code, schema=names, orient="row")
        index = X.index if isinstance(X, (library.DataFrame, library.Series)) else None
        return library.DataFrame(code, index=index, columns=names, copy=False)


def _as_parameter(name: str, value: str) -> str:
    """Return a setting as a parameter of the transformer."""
    written = {"learning_rate": value, "scale": repr(value)}
    return f"{name}={written[name]}" if name in written else PYTHON(name, value)


def _also_of_sklearn(kind: type) -> Any:
    """Return the class, or, if scikit-learn's errors are loaded, a class that is also its class of the same name."""
    return _joined(kind, getattr(sys.modules.get("sklearn.exceptions"), kind.__name__, None))


@functools.cache
def _joined(kind: type, other: type | None) -> type:
    if other is None:
        return kind
    said = {"__doc__": kind.__doc__, "__reduce__": lambda self: (_again, (kind, self.args))}
    return type(kind.__name__, (kind, other), said)


def _again(kind: type, words: tuple[Any, ...]) -> Any:
    """Return an error or a warning from another process; pickle can't find a class of both kinds by itself."""
    return _also_of_sklearn(kind)(*words)


OWN = constructor_parameters(AutoencoderTransformer)  # the parameters of every variant's transformer


def _generator(random_state: Any) -> np.random.Generator:
    """Return a generator for a random_state; a RandomState draws its seed."""
    if isinstance(random_state, np.random.RandomState):
        random_state = int(random_state.randint(2**31))
    try:
        return as_generator(random_state)
    except TypeError as error:
        message = gettext(
            "expected random_state to be an integer, a generator or None, got {random_state!r}; pass random_state=0"
        )
        raise TypeError(message.format(random_state=random_state)) from error
