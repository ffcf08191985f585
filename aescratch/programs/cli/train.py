"""`aescratch train VARIANT [DATA]`: train a model from options, and write it into a folder with figures and a page.

Nothing is written before the training ends, except a checkpoint if --checkpoint is given:

    options, data -> model -> (pre-training) -> fit -> DIR/model.npz, history.json, command.txt, *.png, and a summary
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shlex
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aescratch as ae
from aescratch.datasets import Dataset
from aescratch.foundations.files import write_text
from aescratch.foundations.language import gettext, gettext_noop
from aescratch.foundations.scaling import WAYS
from aescratch.inspection.diagnosis import COMMAND_LINE, Diagnosis, diagnose, diagnose_data
from aescratch.inspection.monitor import Monitor
from aescratch.programs.cli.building import build_model, columns_of_brought, model_options
from aescratch.programs.cli.data import (
    DATA_OR_DIGITS,
    IMAGE_SHAPE,
    MODEL_FILE,
    OWN_FILE,
    arrays_of,
    load_or_open,
    looked_at,
    scaled_data,
)
from aescratch.programs.cli.figures import FIGURES, draw_figures
from aescratch.programs.cli.measures import as_lines, as_texts, found_lines, measure, why_no_loss
from aescratch.programs.cli.options import Option, command, json_of, option
from aescratch.programs.cli.page import PAGE_FILE, run_page
from aescratch.programs.cli.processes import communicator, quiet_but_first
from aescratch.programs.cli.settings import flag, given_models, given_settings
from aescratch.programs.cli.status import FAIL, INTERRUPTED, RIGHT, WRONG_USAGE, UsageError, wrong_input
from aescratch.programs.cli.training import COSINE, OPTIMIZER, TRAINING, enough_epochs, make_optimizer, pretrain
from aescratch.programs.cli.variants import VARIANT
from aescratch.programs.cli.words import ACTIVATIONS, one_of
from aescratch.programs.cli.writing import answer, json_text, require_folder, warnings_said
from aescratch.training.epochs import CONTINUING
from aescratch.training.processes import Processes

METRICS_FILE = "metrics.json"
# What is measured: all examples, or some of those in a large file.
ON_HELD_OUT = (
    gettext_noop("on the {count:,} examples held out:"),
    gettext_noop("on {some:,} of the {count:,} examples held out:"),
)
ON_TRAINING = (
    gettext_noop("on the {count:,} examples of the training:"),
    gettext_noop("on {some:,} of the {count:,} examples of the training:"),
)

EXAMPLES = gettext_noop(
    """examples:
  aescratch train vanilla                                    the digits, with a code of 32 units
  aescratch train sparse --code 64 --sparsity kl:0.05:0.5    few of the 64 units active
  aescratch train denoising fashion --hidden 256 --code 64 --corruption masking:0.25
  aescratch train variational --hidden 32 --code 2 --reconstruction bce --epochs 50
  aescratch train stacked --hidden 48,24 --code 12 --out stack
  aescratch train classifier --autoencoder stack --validation 0.2 --patience 5
  mpirun -n 4 aescratch train vanilla large.npy              four processes, by MPI; see docs/how-to/many-processes.md
  aescratch train k-sparse photos.npy --image-shape 16x16 --code 100 --k 10 --optimizer momentum --learning-rate 0.01
"""
)

add_arguments: Option = command(
    "Train an autoencoder; write the model, its history, figures and the command into a folder. A file of 1 GiB or "
    "more is not loaded, but read piece by piece.", EXAMPLES,
    VARIANT, DATA_OR_DIGITS, model_options(), TRAINING, OPTIMIZER, OWN_FILE, IMAGE_SHAPE,
    option(
        "--scale", type=one_of(WAYS), default="auto", metavar="WAY",
        help="scale columns to mean 0 and variance 1 (standardize) or to [0, 1] (minmax); the model keeps the scaling "
        "and undoes it after decoding; auto (the default) standardizes data of unusual magnitude; none does nothing",
    ),
    option(
        "--out", metavar="DIR",
        help="the folder to write, created if necessary; it replaces files of an earlier run (default: VARIANT-DATA)",
    ),
    json_of("the summary"), usage="aescratch train VARIANT [DATA] [options]",
)  # fmt: skip


def run(arguments: Namespace) -> int:
    """Train, write and print; return the exit status. All processes train; only the first does the rest."""
    arguments.communicator = communicator()
    processes = Processes(arguments.communicator)
    try:
        with quiet_but_first(processes):
            return train(arguments, processes)
    except (UsageError, ae.TrainingDivergedError) as error:
        if processes.is_first:
            raise
        return FAIL if isinstance(error, ae.TrainingDivergedError) else WRONG_USAGE  # the first one prints the message


def train(arguments: Namespace, processes: Processes) -> int:
    """Train, write and print; return the exit status."""
    training: Any
    held_out: Any = None
    with contextlib.ExitStack() as kept:
        with processes.agreed():
            scales, columns = arguments.scale != "none", columns_of_brought(arguments)
            data = training = load_or_open(arguments.data, arguments, scales=scales, columns=columns)
            if arguments.validation is not None:
                with wrong_input():
                    training, held_out = data.split(arguments.validation, rng=arguments.seed)
            optimizer = make_optimizer(arguments, arguments.schedule or COSINE)
            arguments.epochs = arguments.epochs or enough_epochs(arguments, len(training))
            model, suited = suited_model(arguments, training, data)
            model.to(arguments.backend)
            seen, seen_held_out = scaled_data(model, training), held_out and scaled_data(model, held_out)
            if why := why_no_loss(model, looked_at(data)):
                sentence = gettext("{why}; use --scale minmax, or --reconstruction squared-error")
                raise UsageError(sentence.format(why=why))
            if arguments.checkpoint is not None:
                require_folder(Path(arguments.checkpoint))
            folder = kept.enter_context(folder_to_fill(arguments))
            if not arguments.json:
                kept.enter_context(printing_what_continues())
                labels = "labels from column" in data.source
                examples = gettext("{count:,} examples of {data} to train on")
                lines = [str(model), examples.format(count=len(training), data=data.name)]
                if labels:
                    told = gettext("column {column} has the labels, and is not a feature")
                    lines.append(told.format(column=data.source.rpartition(" ")[2]))
                if model.scaling is not None:
                    lines.append(gettext("{scaling}; undone after decoding").format(scaling=model.scaling))
                print("\n".join([*lines, *said(suited, model.why_suited)]), flush=True)
            monitor = Monitor(*arrays_of(model, looked_at(seen)), epochs=arguments.epochs)
        pretraining, history = fit(model, seen, seen_held_out, optimizer, arguments, monitor)
        if not processes.is_first:
            return INTERRUPTED if history.stopped == "interrupted" else RIGHT
        files = write_run(folder, model, pretraining, history, arguments)
        if history.stopped == "interrupted":
            message = gettext("interrupted; {folder} contains the model before the first epoch ended")
            if history.loss:
                message = gettext("interrupted; {folder} contains the model after epoch {epoch}")
            print(f"aescratch: {message.format(folder=folder, epoch=len(history))}", file=sys.stderr)
            return INTERRUPTED
        known = looked_at(seen)
        kept.enter_context(warnings_said())
        files += draw_figures(folder, model, looked_at(seen_held_out or known), known, history, monitor)
        few = looked_at(training)
        measured = looked_at(held_out) if held_out else few
        measures = measure(model, measured, few)
        diagnosis = diagnose_run(model, few, measured if held_out else None, history)
        scaling = "none" if model.scaling is None else model.scaling.how
        metrics = {"scaling": scaling, **suited, **measures, "diagnosis": diagnosis.to_list()}
        write_text(folder / METRICS_FILE, json_text(metrics))
        title = gettext("{model} on {data}").format(model=type(model).__name__, data=training.name)
        pictures = [name for name in files if name.endswith(".png") and name != "loss.png"]
        page = run_page(
            title, command_line(arguments), history, monitor, as_texts(measures), diagnosis, pictures,
        )  # fmt: skip
        write_text(folder / PAGE_FILE, page)
    about = {"variant": arguments.variant, "parameters": model.n_parameters, "data": training.name}
    outcome = {"epochs": len(history), "stopped": history.stopped, "seconds": history.seconds}
    count = len(held_out or training)
    on_all, on_some = ON_HELD_OUT if held_out else ON_TRAINING
    where = gettext(on_all if len(measured) == count else on_some).format(some=len(measured), count=count)
    files += [METRICS_FILE, PAGE_FILE]
    wrote = gettext("wrote {folder}: {files}").format(folder=folder, files=", ".join(files))
    lines = [str(history), where, as_lines(measures), *found_lines(diagnosis), wrote]
    answer(arguments, "\n".join(lines), {**about, **outcome, **metrics, "folder": str(folder), "files": files})
    return RIGHT


def diagnose_run(model: Any, data: Dataset, held_out: Dataset | None, history: ae.History) -> Diagnosis:
    """Return the diagnosis of the training and of the unscaled data, with advice in terms of options."""
    arrays = arrays_of(model, scaled_data(model, data))
    validation = None if held_out is None else arrays_of(model, scaled_data(model, held_out))
    found = diagnose(model, *arrays, history=history, validation=validation, spelling=COMMAND_LINE)
    of_data = diagnose_data(data.x) if model.scaling is not None else Diagnosis([])
    return Diagnosis([*found, *(finding for finding in of_data if finding.code not in found.codes)])


def suited_model(arguments: Namespace, data: Any, everything: Any) -> tuple[Any, dict[str, Any]]:
    """Return a new model with a scaling suited to the data, and the settings chosen because none were given.

    `data` is the training set; `everything` includes the held-out data. A saved model keeps its own scaling, or none,
    as it was trained.
    """
    model = build_model(arguments, data.x.shape[1], data.labels)
    with wrong_input():
        autoencoder = model.autoencoder
        is_brought = bool(given_models(arguments))
        if is_brought and arguments.scale != "auto":
            raise UsageError(gettext("a saved model keeps its own scaling; leave --scale out"))
        scaling = autoencoder.scaling if is_brought else autoencoder.scaling_for(data.x, arguments.scale)
        if scaling is not None and scaling.how == "minmax" and not is_brought:
            scaling = ae.Scaling.fit(everything.x, "minmax")  # held-out data must lie in [0, 1], too
        model.scaling = scaling
        given = given_settings(arguments, arguments.variant)
        seen = scaled_data(model, looked_at(data))
        suited = {k: v for k, v in model.suited_settings(seen.x).items() if k not in given}
        if "activation" in given:
            suited.pop("code_activation", None)  # the code uses the given activation
        if suited:
            model = build_model(arguments, data.x.shape[1], data.labels, **suited)
            model.scaling = scaling
        model.columns = data.columns or autoencoder.columns
    words = {activation: word for word, activation in ACTIVATIONS.items()}
    return model, {name: words[value] if value in words else float(value) for name, value in suited.items()}


def said(suited: dict[str, Any], reasons: Mapping[str, str]) -> list[str]:
    """Return the chosen settings as lines for people, with the reasons where the variant declares them."""
    lines = []
    for name, value in suited.items():
        setting = f"{flag(name)} {value if isinstance(value, str) else f'{value:.3g}'}"
        reason = f" ({gettext(reasons[name])})" if name in reasons else ""
        lines.append(gettext("chosen: {setting}{reason}").format(setting=setting, reason=reason))
    return lines


class Printing(logging.Handler):
    """Prints what is logged, and raises if that fails; a StreamHandler would print a traceback and go on."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        print(record.getMessage(), flush=True)


@contextlib.contextmanager
def printing_what_continues() -> Iterator[None]:
    """Print what `fit` logs when it continues from a checkpoint: only `fit` knows whether the file is of this run."""
    logger, handler = logging.getLogger(CONTINUING), Printing()
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextlib.contextmanager
def folder_to_fill(arguments: Namespace) -> Iterator[Path]:
    """Create the output folder before the training; if the training fails, remove it again unless it has files."""
    if arguments.out is None:
        arguments.out = f"{arguments.variant}-{Path(arguments.data).name.partition('.')[0]}"
    folder = Path(arguments.out)
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        sentence = gettext("expected --out to be a folder, but {file} is a file; give another")
        raise UsageError(sentence.format(file=error.filename)) from error
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    try:
        yield folder
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):  # not empty
                folder.rmdir()
        raise


def fit(
    model: Any, data: Any, held_out: Any, optimizer: Any, arguments: Namespace, monitor: Monitor
) -> tuple[list[ae.History], ae.History]:
    """Train, bring the model back to the CPU, and return the histories of pre-training and of training."""
    validation = None if held_out is None else arrays_of(model, held_out)
    with wrong_input():
        pretraining = pretrain(model, data.x, arguments, optimizer)
        history = ae.History(stopped="interrupted")
        if all(layer.stopped != "interrupted" for layer in pretraining):
            history = model.fit(
                *arrays_of(model, data), epochs=arguments.epochs, batch_size=arguments.batch_size,
                optimizer=optimizer, rng=arguments.seed, validation=validation, patience=arguments.patience,
                checkpoint=arguments.checkpoint, observer=monitor, communicator=arguments.communicator,
            )  # fmt: skip
    model.to("numpy")
    return pretraining, history


def write_run(
    folder: Path, model: Any, pretraining: list[ae.History], history: ae.History, arguments: Namespace
) -> list[str]:
    """Write model, history and command, and return the files' names."""
    record = history.to_dict()
    if pretraining:
        record["pretraining"] = [layer.to_dict() for layer in pretraining]
    model.save(folder / MODEL_FILE)
    write_text(folder / "history.json", json_text(record))
    for name in (METRICS_FILE, PAGE_FILE, *FIGURES):
        (folder / name).unlink(missing_ok=True)  # files of an earlier run
    write_text(folder / "command.txt", command_line(arguments) + "\n")
    return [MODEL_FILE, "history.json", "command.txt"]


def command_line(arguments: Namespace) -> str:
    """Return the command that repeats this run, quoted for this system's shell."""
    words = ["aescratch", "train", *arguments.typed]
    for name, value in (("--seed", arguments.seed), ("--out", arguments.out)):
        if name not in [word.partition("=")[0] for word in words]:
            words += [name, str(value)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
