"""Curves as SVG, in the colours of the page around them: lines over epochs, shares on top of each other, a histogram.

    {name: values} over epochs -> <svg>, with its axes in words and a key
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from aescratch.backend import Array

WIDE, HIGH = 460, 230
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 10, 34
COLOURS = ("#3a7bd5", "#c8651b", "#3d9a50", "#a05cb8", "#c04a55", "#7d8a2e", "#2f9a9a", "#8a6d4d")
MOST_TICKS = 5
DECADES = 1.5  # of values, from which on the axis is logarithmic


class Axis:
    """Where values lie on an axis: in equal steps, or in equal factors where they span decades and are positive.

    What isn't finite, as after a last step that was far too long, has no place on it and isn't drawn.
    """

    def __init__(self, values: Sequence[float], start: float, end: float, *, is_linear: bool = False) -> None:
        finite = [value for value in values if math.isfinite(value)] or [0.0]
        low, high = min(finite), max(finite)
        self.is_log = low > 0 and math.log10(high / low) > DECADES and not is_linear
        if low == high:
            low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
        self.low, self.high, self.start, self.end = self._position(low), self._position(high), start, end

    def _position(self, value: float) -> float:
        return math.log10(value) if self.is_log else value

    def __call__(self, value: float) -> float:
        """Return the place of a value, in the drawing's units."""
        share = (self._position(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return a few round values."""
        if self.is_log:
            powers = range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)
            found = [10.0**power for power in powers][:: max(1, -(-len(powers) // MOST_TICKS))]
            return found if len(found) > 1 else [10**self.low, 10**self.high]
        size = 10.0 ** math.floor(math.log10((self.high - self.low) / MOST_TICKS))
        step = next(size * factor for factor in (1, 2, 5, 10) if (self.high - self.low) / (size * factor) <= MOST_TICKS)
        first = math.ceil(self.low / step - 1e-9)
        return [step * n for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def lines(
    title: str, epochs: Sequence[float], curves: Mapping[str, Sequence[float]],
    levels: Mapping[str, float] | None = None,
) -> str:  # fmt: skip
    """Return curves over the epochs, with levels that they are compared with as dashed lines."""
    levels = levels or {}
    everything = [value for values in curves.values() for value in values] + list(levels.values())
    x, y = _axes(epochs, everything)
    marks = [_polyline(x, y, epochs, values, COLOURS[n % len(COLOURS)]) for n, values in enumerate(curves.values())]
    for name, value in levels.items():
        if not math.isfinite(value):
            continue
        at = y(value)
        marks.append(
            f'<line x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="currentColor" opacity=".6" '
            f'stroke-dasharray="5 4"/><text x="{WIDE - RIGHT}" y="{at - 4:.1f}" text-anchor="end">{escape(name)} '
            f"{value:.3g}</text>"
        )
    words = "; ".join(f"{name} from {values[0]:.3g} to {values[-1]:.3g}" for name, values in curves.items())
    return _figure(title, words, x, y, marks, list(curves))


def stacked(title: str, epochs: Sequence[float], parts: Mapping[str, Sequence[float]]) -> str:
    """Return what a sum is made of over the epochs, one part upon the other; parts are 0 or more."""
    tops = np.cumsum([np.where(np.isfinite(values), np.maximum(values, 0), 0) for values in parts.values()], axis=0)
    x, y = _axes(epochs, [0.0, *tops[-1]], is_linear=True)
    marks, below = [], np.zeros(len(epochs))
    for n, top in enumerate(tops):
        outline = [*zip(epochs, top, strict=True), *reversed(list(zip(epochs, below, strict=True)))]
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in outline)
        marks.append(f'<polygon points="{points}" fill="{COLOURS[n % len(COLOURS)]}" opacity=".8"/>')
        below = top
    words = "; ".join(f"{name} ends at {values[-1]:.3g}" for name, values in parts.items())
    return _figure(title, words, x, y, marks, list(parts))


def histogram(title: str, epochs: Sequence[float], codes: Sequence[Array], bins: int) -> str:
    """Return how the numbers of a code are spread, after each epoch: the more of them, the darker."""
    codes = [code[np.isfinite(code)] for code in codes]
    numbers = np.concatenate(codes)
    low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    x, y = _axes([*epochs, epochs[-1] + 1], list(edges), is_linear=True)
    ends = [*epochs[1:], epochs[-1] + (epochs[-1] - epochs[-2] if len(epochs) > 1 else 1)]
    marks = []
    for start, end, code in zip(epochs, ends, codes, strict=True):
        counts = np.histogram(code, edges)[0]
        for count, bottom, top in zip(counts, edges[:-1], edges[1:], strict=True):
            if count:
                left, right = x(start), min(x(end), WIDE - RIGHT)
                marks.append(
                    f'<rect x="{left:.1f}" y="{y(top):.1f}" width="{max(right - left, 1):.1f}" '
                    f'height="{y(bottom) - y(top):.1f}" fill="{COLOURS[0]}" '
                    f'opacity="{(count / counts.max()) ** 0.4:.2f}"/>'
                )
    return _figure(title, f"values from {low:.3g} to {high:.3g}", x, y, marks, [])


def _axes(epochs: Sequence[float], values: Sequence[float], *, is_linear: bool = False) -> tuple[Axis, Axis]:
    x = Axis([0.0, float(epochs[-1])], LEFT, WIDE - RIGHT, is_linear=True)
    return x, Axis([float(value) for value in values], HIGH - BOTTOM, TOP, is_linear=is_linear)


def _polyline(x: Axis, y: Axis, epochs: Sequence[float], values: Sequence[float], colour: str) -> str:
    pairs = zip(epochs, values, strict=True)
    points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in pairs if math.isfinite(b))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _figure(title: str, words: str, x: Axis, y: Axis, marks: Sequence[str], names: Sequence[str]) -> str:
    ticks = [
        f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        f'<line x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="currentColor" '
        'opacity=".15"/>'
        for value in y.ticks()
    ]
    ticks += [f'<text x="{x(v):.1f}" y="{HIGH - BOTTOM + 16}" text-anchor="middle">{v:.6g}</text>' for v in x.ticks()]
    ticks.append(f'<text x="{(LEFT + WIDE - RIGHT) / 2}" y="{HIGH - 4}" text-anchor="middle">epoch</text>')
    key = " ".join(
        f'<span><span style="color:{COLOURS[n % len(COLOURS)]}">■</span> {escape(name)}</span>'
        for n, name in enumerate(names)
    )
    drawing = "".join([*ticks, *marks])
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDE} {HIGH}" role="img" '
        f'aria-label="{escape(title)}: {escape(words)}">{drawing}</svg><p class="key">{key}</p></figure>'
    )
