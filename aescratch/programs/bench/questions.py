"""The questions that the table answers, one function each, with their sides, cases and targets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import geometric_mean
from typing import Any

import numpy as np

import aescratch as ae
from aescratch.backend import Array
from aescratch.backend.compiled import numpy_alone, why_not
from aescratch.foundations.language import Phrase
from aescratch.inspection.monitor import Monitor
from aescratch.programs.bench import memory, mpi, processes, pytorch
from aescratch.programs.bench.cases import (
    DEEP,
    MIDDLE,
    SMALL,
    STEPS,
    Case,
    make_model,
    network,
    our_step,
    random_data,
    step_of,
)
from aescratch.programs.bench.floor import floor_step
from aescratch.programs.bench.machine import threads_of_products
from aescratch.programs.bench.table import Row
from aescratch.programs.bench.timing import Call, median_seconds, median_seconds_apart
from aescratch.programs.bench.variants import VARIANTS, Variant, torch_variant_step

# Targets, as the largest ratio to the floor, for cases large enough to consist mainly of matrix products.
FLOOR_TARGETS = {
    Case(DEEP, 256, "ReLU"): 1.15, Case(DEEP, 256, "GELU"): 1.20, Case(DEEP, 1000, "ReLU"): 1.10,
    Case(DEEP, 1000, "GELU"): 1.15,
}  # fmt: skip
GROWING = [Case(DEEP, batch) for batch in (64, 256, 1024, 4096)]
FITS = [(Case(SMALL, 64), 20), (Case(MIDDLE, 256), 10), (Case(DEEP, 256), 2)]  # with the number of epochs
LOOKED_AT = [(Case(SMALL, 64), 250), (Case(MIDDLE, 256), 100)]  # 5,000 steps, the default of train, and 2,000
BATCHES = 20  # in one epoch
CHECKED = Case(SMALL, 12)
SHARED = Case(DEEP, 512)  # for each of two processes


def measure(questions: Sequence[str], quick: bool = False) -> Iterator[Row]:
    """Yield the rows of some `QUESTIONS` as they are measured; `quick` uses fewer rounds and cases."""
    for name in questions:
        yield from QUESTIONS[name](quick)


def steps(quick: bool, cases: Sequence[Case] = STEPS) -> Iterator[Row]:
    """Yield one training step against the fastest of PyTorch's, and against the floor."""
    rows = []
    for case in cases:
        makers: dict[str, Callable[[], Call]] = {**our_makers(our_step, case), "floor": partial(floor_step, case)}
        if pytorch.is_installed():
            makers |= {f"PyTorch, {adam} Adam": partial(pytorch.torch_step, case, adam) for adam in pytorch.ADAMS}
        rounds = 3 if quick else 11
        if threads_of_products() == 1:
            taken = milliseconds({name: make() for name, make in makers.items()}, rounds)
        else:
            taken = {name: 1000 * seconds for name, seconds in median_seconds_apart(makers, rounds).items()}
        ours, compiled = taken["ours"], taken.get("compiled")
        others = {name: time for name, time in taken.items() if name.startswith("PyTorch")}
        if others:
            fastest = min(others, key=others.__getitem__)
            target = 1.0 if compiled is None else 1.05
            yield (row := Row("step", case.name, ours, others[fastest], fastest, "ms", target, compiled))
            rows.append(row)
        against = Phrase("the floor")
        yield Row("floor", case.name, ours, taken["floor"], against, "ms", FLOOR_TARGETS.get(case), compiled)
    if rows:
        mean = geometric_mean([row.ratio for row in rows])
        with_compiled = [row.ratio_compiled for row in rows if row.ratio_compiled is not None]
        compiled, target = (geometric_mean(with_compiled), 0.78) if with_compiled else (None, 0.65)
        yield Row("step", Phrase("all of these, geometric mean"), mean, 1.0, "PyTorch", "", target, compiled)


def our_makers(make: Callable[..., Call], *arguments: Any) -> dict[str, Callable[[], Call]]:
    """Return functions that make our side with NumPy only, and with compiled formulas if these are available."""
    alone = partial(by_numpy_alone, make, *arguments)
    return {"ours": alone} if why_not() else {"ours": alone, "compiled": partial(make, *arguments)}


def by_numpy_alone(make: Callable[..., Call], *arguments: Any) -> Call:
    """Return a side without compiled formulas."""
    return numpy_alone()(make(*arguments))


def variants(quick: bool, chosen: Mapping[str, Variant] = VARIANTS) -> Iterator[Row]:
    """Yield one training step of each newer variant against PyTorch's, at a small and at a larger size."""
    for name, variant in chosen.items() if pytorch.is_installed() else ():
        for widths, batch in variant.sizes[: 1 if quick else None]:
            x = random_data(batch, widths[0])
            theirs = torch_variant_step(variant, variant.make(list(widths)), x)
            makers = our_makers(lambda v=variant, w=widths, x=x: step_of(v.make(list(w)), x))
            sides = {"PyTorch": theirs, **{side: make() for side, make in makers.items()}}
            taken = milliseconds(sides, rounds=3 if quick else 7)
            case = Phrase("{network}, batch {batch}", network=f"{name} {network(widths)}", batch=batch)
            against = "PyTorch, fused Adam"
            yield Row("variants", case, taken["ours"], taken["PyTorch"], against, "ms", compiled=taken.get("compiled"))


def gelu(quick: bool, cases: Sequence[Case] = STEPS[1::2]) -> Iterator[Row]:
    """Yield one training step with GELU against the same with ReLU, in turns, with compiled formulas if available."""
    for case in cases:
        sides: dict[str, Callable[[], object]] = {
            name: our_step(replace(case, activation=name)) for name in ("GELU", "ReLU")
        }
        taken = milliseconds(sides, rounds=3 if quick else 15)
        yield Row("gelu", case.name, taken["GELU"], taken["ReLU"], "ReLU", "ms", target=1.05)


def growth(quick: bool, cases: Sequence[Case] = GROWING) -> Iterator[Row]:
    """Yield the ratio to the floor as the batch grows, and the last ratio against the first."""
    rows = []
    for case in cases:
        taken = milliseconds({"ours": our_step(case), "floor": floor_step(case)}, rounds=3 if quick else 9)
        yield (row := Row("growth", case.name, taken["ours"], taken["floor"], Phrase("the floor"), "ms"))
        rows.append(row)
    last, against = (Phrase("batch {batch}", batch=case.batch) for case in (cases[-1], cases[0]))
    yield Row("growth", last, rows[-1].ratio, rows[0].ratio, against, "", target=1.0)


def fit(quick: bool, cases: Sequence[tuple[Case, int]] = FITS) -> Iterator[Row]:
    """Yield a whole training against the same number of bare steps: the cost of shuffling, gathering and recording."""
    for case, epochs in cases:
        x = random_data(BATCHES * case.batch, case.widths[0])
        train, step = memory.our_fit(case, x, epochs), our_step(case)

        def bare(step: Callable[[], None] = step, count: int = epochs * BATCHES) -> None:
            for _ in range(count):
                step()

        taken = milliseconds({"ours": train, "bare": bare}, rounds=3 if quick else 9)
        against = Phrase("{count} bare steps", count=epochs * BATCHES)
        yield Row("fit", case.name, taken["ours"], taken["bare"], against, "ms", target=1.05)


def looking(quick: bool, cases: Sequence[tuple[Case, int]] = LOOKED_AT) -> Iterator[Row]:
    """Yield a training with a monitor, and one with a diagnosis afterwards, against the same training alone."""
    for case, epochs in cases:
        x = random_data(BATCHES * case.batch, case.widths[0])

        def train(case: Case = case, x: Array = x, epochs: int = epochs, observer: Any = None) -> ae.History:
            return make_model(case).fit(x, epochs=epochs, batch_size=case.batch, rng=0, observer=observer)

        def observed(train: Callable[..., Any] = train, x: Array = x, epochs: int = epochs) -> None:
            train(observer=Monitor(x, epochs=epochs))

        model = make_model(case)
        history = model.fit(x, epochs=5, batch_size=case.batch, rng=0)

        def diagnosed(model: Any = model, x: Array = x, history: Any = history) -> None:
            ae.diagnose(model, x, history=history)

        sides: dict[str, Callable[[], object]] = {
            "alone": train, "looked at": observed, "diagnosis": diagnosed,
        }  # fmt: skip
        taken = milliseconds(sides, rounds=3 if quick else 5)
        alone, against = taken["alone"], Phrase("the same fit alone")
        monitored = Phrase("with a monitor, {case}", case=case.name)
        yield Row("looking", monitored, taken["looked at"], alone, against, "ms", target=1.03)
        after = Phrase("diagnosed, {case}", case=case.name)
        yield Row("looking", after, alone + taken["diagnosis"], alone, against, "ms", target=1.05)


def peak_memory(quick: bool) -> Iterator[Row]:
    """Yield the increase of memory during a training."""
    if not memory.can_be_measured():
        return
    ours, fitted = processes.memory_rise("ours"), Phrase("fit, {case}", case=memory.CASE.name)
    if pytorch.is_installed():
        theirs = processes.memory_rise("torch")
        yield Row("memory", fitted, ours, theirs, "PyTorch, fused Adam", "MiB", target=0.6)
    buffer = make_model(memory.CASE).parameters[0].buffer.values
    yield Row("memory", fitted, ours, buffer.nbytes / 2**20, Phrase("all parameters once"), "MiB")


def files(quick: bool) -> Iterator[Row]:
    """Yield the increase of memory during a training on a file, against two blocks of the data and a batch."""
    size = 256 if quick else 1024
    for dtype in ("float32", "float64") if memory.can_be_measured() else ():
        held, allowed = processes.memory_rise_by_file(dtype, size), memory.two_blocks_and_a_batch()
        case = Phrase("a {dtype} .npy of {size:,} MiB, {case}", dtype=dtype, size=size, case=memory.STREAMED.name)
        yield Row("files", case, held, allowed, Phrase("two blocks and a batch"), "MiB", target=1.0)


def many(quick: bool, case: Case = SHARED) -> Iterator[Row]:
    """Yield the time per batch of two processes that train together, against one of them alone."""
    if mpi.launcher() is None:
        return
    turns = [[mpi.seconds_of_step(n, case) for n in (1, 2)] for _ in range(2 if quick else 5)]
    alone, together = 1000 * np.median(turns, axis=0)
    name = Phrase("2 of one thread, {case} each", case=case.name)
    yield Row("processes", name, float(together) / 2, float(alone), Phrase("one process"), "ms", target=1 / 1.7)


def check(quick: bool) -> Iterator[Row]:
    """Yield the numeric check of every entry of every gradient, in float64."""
    case = CHECKED
    model, x = make_model(case), random_data(case.batch, case.widths[0]).astype(np.float64)
    sides: dict[str, Callable[[], object]] = {"ours": lambda: ae.check_gradients(model, x).raise_if_failed()}
    if pytorch.is_installed():
        sides["gradcheck"] = pytorch.torch_check(case)
    taken = milliseconds(sides, rounds=2 if quick else 5)
    if pytorch.is_installed():
        yield Row("check", case.name, taken["ours"], taken["gradcheck"], "autograd.gradcheck", "ms", target=0.5)
    yield Row("check", case.name, taken["ours"], 1000.0, Phrase("one second"), "ms", target=1.0)


def imports(quick: bool) -> Iterator[Row]:
    """Yield the import of the package against NumPy's and 50 ms."""
    with tempfile.TemporaryDirectory() as folder:
        turns = [
            [processes.import_seconds(module, folder) for module in ("aescratch", "numpy")]
            for _ in range(6 if quick else 12)
        ]
    ours, numpy = 1000 * np.median(turns[1:], axis=0)  # the first compiles the modules
    against = Phrase("numpy's + 50 ms")
    yield Row("import", "import aescratch", float(ours), float(numpy) + 50, against, "ms", target=1.0)


def milliseconds(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median time of one call, by side, with NumPy's warnings off, as inside `fit`."""
    with np.errstate(all="ignore"):
        return {name: 1000 * seconds for name, seconds in median_seconds(sides, rounds).items()}


QUESTIONS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "step": steps, "variants": variants, "gelu": gelu, "growth": growth, "fit": fit, "looking": looking,
    "memory": peak_memory, "files": files, "processes": many, "check": check, "import": imports,
}  # fmt: skip
