"""Backward passes that are declared not to be the derivative of their forward.

    y = H(a − theta), whose slope is 0 or infinite;   backward: a named rule instead of the derivative

Straight-through, pseudo-derivatives and gradient reversal are such rules. A gradient check would call them wrong, or,
if both sides are 0, right without having tested anything. A declared backward is compared with its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Backward = TypeVar("Backward", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declared:
    """The declaration of a backward.

    Attributes
    ----------
    rule : str
        The name of the rule.
    formula : str
        The gradient's formula, as text.
    source : str
        The paper, and the equation.
    again : callable
        The same rule, computed another way.
    smoothed : dict of str to callable
        By forward's argument, the forward whose derivative in that argument is the rule; "" stands for all arguments.
    in_the_mean : bool
        Whether the rule is the derivative of the forward's mean over its draws.
    """

    rule: str
    formula: str
    source: str
    again: Callable[..., Any]
    smoothed: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    in_the_mean: bool = False


def surrogate_gradient(
    rule: str, formula: str, source: str, again: Callable[..., Any], *,
    smoothed: Callable[..., Any] | Mapping[str, Callable[..., Any]] | None = None, in_the_mean: bool = False,
) -> Callable[[Backward], Backward]:  # fmt: skip
    """Declare that a backward follows this rule instead of the derivative of its forward.

    The checks then compare it with the rule, and say so in their reports. It computes as before.

    Parameters
    ----------
    rule : str
        The name of the rule, such as ``"straight-through"``, ``"pseudo-derivative"`` or ``"gradient reversal"``.
    formula : str
        The rule's gradient, as text for the report.
    source : str
        The paper and the equation.
    again : callable
        The same rule, computed another way. For a ``*_backward`` function it takes the same arguments and returns as
        many gradients. For a part's method it is called after the part's forward, with the part and the upstream
        gradient, which is 1.0 for a term of the objective. It returns the gradient of forward's argument, or, for
        several arguments or parameters, a dictionary of gradients by name.
    smoothed : callable or dict of str to callable, optional
        The forward whose derivative is the rule, if there is one. It takes forward's arguments, for a method after the
        part itself. If the gradients belong to different forwards, pass one for each argument by name: for example a
        ramp for a threshold, and the step itself for the compared value.
    in_the_mean : bool
        Whether the rule equals the derivative of the forward's mean over its draws. The forward then draws from its
        argument ``rng``, which is a seed for a function.

    Returns
    -------
    callable
        A decorator, which returns the backward itself.

    Raises
    ------
    TypeError, ValueError
        If a text is missing, or `again` is not a separate function.

    Examples
    --------
    >>> def rounded(a):
    ...     return np.round(a)
    >>> @surrogate_gradient(
    ...     "straight-through", "grad_a = grad_y", "Bengio et al. 2013, section 2.3", lambda grad_y: 1.0 * grad_y
    ... )
    ... def rounded_backward(grad_y):
    ...     return grad_y.copy()
    >>> a = np.random.default_rng(0).normal(size=(7, 3))
    >>> report = ae.check_function(rounded, rounded_backward, {"a": a})
    >>> print(report.summary())
    pass: 21 of 21 entries agree within 1e-06 with the declared rule
    """
    for name, text in (("rule", rule), ("formula", formula), ("source", source)):
        if not isinstance(text, str) or not text.strip():
            raise TypeError(f"expected {name} to be a non-empty text, got {text!r}")
    by_argument = smoothed if isinstance(smoothed, Mapping) else {} if smoothed is None else {"": smoothed}
    for name, function in (("again", again), *(("smoothed", function) for function in by_argument.values())):
        if not callable(function):
            raise TypeError(f"expected {name} to be a function, got {type(function).__name__}")
    declared = Declared(rule, formula, source, again, dict(by_argument), bool(in_the_mean))

    def declare(backward: Backward) -> Backward:
        if backward is again:
            raise ValueError(
                "expected again to compute the rule another way, got the backward itself, which always agrees; pass "
                "another function"
            )
        backward.declared = declared  # type: ignore[attr-defined]
        return backward

    return declare


def declaration_of(backward: Any) -> Declared | None:
    """Return the declaration of a function or a method, or None for a derivative."""
    declared = getattr(getattr(backward, "func", backward), "declared", None)  # func: of a functools.partial
    return declared if isinstance(declared, Declared) else None
