"""The command line: what each command does, what it refuses and in which words, and its exit statuses."""

import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot

import aescratch as ae
from aescratch import functions
from aescratch.foundations.recipes import constructor_parameters
from aescratch.foundations.scaling import scaled, unscaled
from aescratch.inspection.diagnosis import Finding
from aescratch.inspection.measures import PCA
from aescratch.inspection.monitor import Monitor
from aescratch.programs.cli import check as check_command
from aescratch.programs.cli import figures, main, program, settings, writing
from aescratch.programs.cli import page as run_pages
from aescratch.programs.cli import train as train_command
from aescratch.programs.cli.explained import explained, explained_by_column
from aescratch.programs.cli.figures import FIGURES, restored_over_time
from aescratch.programs.cli.measures import found_lines
from aescratch.programs.cli.settings import ELSEWHERE, SETTINGS, flag, owners
from aescratch.programs.cli.training import enough_epochs
from aescratch.programs.cli.variants import VARIANTS
from aescratch.programs.cli.words import ACTIVATIONS, number

# As a user's shell has it: the package is found, and what is printed is buffered.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(ae.__file__)), "PYTHONUNBUFFERED": ""}
PNG = b"\x89PNG"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_figures(monkeypatch):
    """Figures take a second, and have tests of their own."""
    monkeypatch.setattr(train_command, "draw_figures", lambda *arguments: [])
    monkeypatch.setattr(run_pages, "_charts", lambda monitor: [])


@pytest.fixture
def small(folder):
    """A small data set, as a file name."""
    np.save("small.npy", np.random.default_rng(0).random((40, 4, 3), np.float32))
    return "small.npy"


def run(capsys, *words):
    """Return the exit status, stdout and stderr of a command."""
    outcome = main([str(word) for word in words])
    printed = capsys.readouterr()
    return outcome, printed.out, printed.err


def refused(capsys, *words, outcome=2):
    """Return the one sentence with which a command is refused."""
    found, _, err = run(capsys, *words)
    assert found == outcome
    assert err.startswith("aescratch: ")
    assert err.count("\n") == 1, "one line"
    assert "Traceback" not in err
    return err.removeprefix("aescratch: ").rstrip("\n")


def start(*words, before="", **options):
    """Start a command as a process of its own."""
    program = f"import sys\n{before}\nfrom aescratch.programs.cli import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *map(str, words)]
    return subprocess.Popen(command, stdout=-1, stderr=-1, env=ENVIRONMENT, text=True, **options)


def read_json(path):
    return json.loads(Path(path).read_text())


def values(path):
    return {parameter.name: parameter.value for parameter in ae.load(path).parameters}


DEFAULT = ae.Adam(ae.CosineRate(5e-3))  # what train takes, left to itself


def assert_same_values(a, b):
    first, second = values(a), values(b)
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_version(capsys):
    assert run(capsys, "--version") == (0, f"aescratch {ae.__version__}\n", "")


def test_help_names_every_command_and_every_exit_status(capsys):
    outcome, out, _ = run(capsys, "--help")
    assert outcome == 0
    assert all(f"\n  {command} " in out for command in program.COMMANDS)
    assert "0 right or pass, 1 fail, 2 wrong usage or input, 3 inconclusive, 4 system failure, for example a full disk" in out


@pytest.mark.parametrize("command", ["train", "evaluate", "encode", "decode", "check", "step", "playground", "exercises", "bench", "info"])
def test_help_of_a_command_has_examples_that_parse(capsys, monkeypatch, command):
    monkeypatch.setattr(settings, "open_model", lambda path: SimpleNamespace(autoencoder=path))  # no such file is here
    outcome, out, _ = run(capsys, command, "--help")
    assert outcome == 0
    examples = [
        line.split("    ")[0] for line in out.partition("examples:")[2].splitlines() if f"aescratch {command}" in line
    ]
    assert len(examples) >= 2
    for example in examples:
        parser = program.Parser(f"aescratch {command}")
        module = __import__(program.COMMANDS[command][0], fromlist=["x"])
        module.add_arguments(parser)
        words = shlex.split(example.partition(f"aescratch {command}")[2])
        assert program.read_options(module, parser, words)[1] == []


def test_the_help_writes_words_with_the_numbers_that_may_follow_them(capsys):
    text = " ".join(run(capsys, "train", "--help")[1].split())
    with_numbers = {"leaky-relu": "leaky-relu[:ALPHA]"}
    assert f"between layers: {', '.join(with_numbers.get(word, word) for word in ACTIVATIONS)} [" in text
    assert "kl:RHO:WEIGHT[:MOMENTUM], l1:WEIGHT; with MOMENTUM, kl takes a running mean" in text
    assert "the corruption of the input: gaussian:SIGMA, masking:P, salt-and-pepper:P [" in text
    assert "NAME xavier-uniform, xavier-normal, he-uniform, he-normal, old-uniform [" in text


def test_tour_is_the_module_of_that_name(capsys, monkeypatch):
    def add_arguments(parser):
        parser.add_argument("--quick", action="store_true")

    tour = SimpleNamespace(add_arguments=add_arguments, run=lambda arguments: 7 if arguments.quick else 8)
    monkeypatch.setitem(sys.modules, "aescratch.programs.tour", tour)
    assert run(capsys, "tour", "--quick")[0] == 7


def test_python_m_aescratch_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "aescratch", "--version"], capture_output=True, text=True, check=False,
        env=ENVIRONMENT,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, f"aescratch {ae.__version__}\n", "")


def test_what_isnt_drawn_needs_no_matplotlib():
    process = start("check", "linear", before="import atexit; atexit.register(lambda: print(sorted(sys.modules)))")
    out = process.communicate(timeout=300)[0]
    assert process.returncode == 0
    assert "'aescratch.programs.cli.check'" in out
    assert not any(f"'{name}'" in out for name in ("matplotlib", "scipy", "tqdm", "cupy"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_parameter_of_every_constructor_is_reachable(variant):
    parameters = set(constructor_parameters(VARIANTS[variant]))
    assert parameters <= SETTINGS.keys() | ELSEWHERE.keys()
    assert not SETTINGS.keys() & ELSEWHERE.keys()


def test_every_variant_of_the_package_has_a_name():
    public = {
        value for value in vars(ae).values() if isinstance(value, type) and issubclass(value, ae.models.base.Model)
    }
    assert public == set(VARIANTS.values())


def test_no_setting_is_without_a_variant():
    assert all(owners(name) for name in SETTINGS)


OPTIONS = [
    *(
        ("vanilla", f"--activation {name.replace('_', '-')}", "activation", f"<class 'aescratch.activations.{record.layer}'>")
        for name, record in ae.functions.ACTIVATIONS.items()
    ),
    ("vanilla", "--activation gelu-tanh", "activation", "<class 'aescratch.activations.GELUTanh'>"),
    (
        "vanilla",
        "--activation leaky-relu:0.2",
        "activation",
        "functools.partial(<class 'aescratch.activations.LeakyReLU'>, 0.2)",
    ),
    ("vanilla", "--code-activation identity", "code_activation", "<class 'aescratch.activations.Identity'>"),
    ("vanilla", "--output-activation sigmoid", "output_activation", "<class 'aescratch.activations.Sigmoid'>"),
    ("vanilla", "--activation tanh --tied", "tied", "True"),
    ("vanilla", "", "tied", "False"),
    ("linear", "--tied", "tied", "True"),
    ("vanilla", "--reconstruction bce", "reconstruction", "BinaryCrossEntropy()"),
    ("vanilla", "--reconstruction squared-error", "reconstruction", "SquaredError()"),
    ("vanilla", "--weight-decay 1e-4", "weight_decay", "0.0001"),
    ("linear", "--dtype float64", "dtype", "'float64'"),
    ("denoising", "--corruption gaussian:0.25", "corruption", "GaussianNoise(sigma=0.25)"),
    ("denoising", "--corruption masking:0.5", "corruption", "MaskingNoise(p=0.5)"),
    ("denoising", "", "corruption", "GaussianNoise(sigma=0.3)"),
    ("stacked", "--corruption salt-and-pepper:0.1", "corruption", "SaltAndPepperNoise(p=0.1)"),
    ("sparse", "--sparsity kl:0.1:2", "sparsity", "KLSparsity(rho=0.1, weight=2.0, momentum=None)"),
    ("sparse", "--sparsity l1:0.01 --unit-norm-decoder", "sparsity", "L1Sparsity(weight=0.01)"),
    ("sparse", "--sparsity l1:0.01 --unit-norm-decoder", "unit_norm_decoder", "True"),
    ("k-sparse", "--k 3", "k", "3"),
    ("k-sparse", "--code 9", "k", "2"),
    ("contractive", "--weight 0.5", "weight", "0.5"),
    ("variational", "--beta 4", "beta", "4.0"),
    ("variational", "--free-bits 0.1 --warm-up 30", "warm_up", "30"),
    ("variational", "--variance fitted", "variance", "'fitted'"),
    ("importance-weighted", "--n-samples 3 --estimator dreg", "estimator", "'dreg'"),
    ("importance-weighted", "--variance 0.5", "variance", "0.5"),
    ("wasserstein", "--weight 4", "weight", "4.0"),
    ("vanilla", "--hidden 7,6 --code 5", "widths", "[12, 7, 6, 5]"),
    ("vanilla", "", "widths", "[12, 6]"),
    ("k-sparse", "", "widths", "[12, 32]"),
    ("vanilla", "", "code_activation", repr(ae.GELU)),
    ("vanilla", "--activation tanh", "code_activation", "None"),
    ("sparse", "--sparsity l1:0.1", "code_activation", "None"),
    ("variational", "--beta 2", "beta", "2.0"),
]


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize(("variant", "words", "name", "expected"), OPTIONS)
def test_options_reach_the_model(capsys, small, variant, words, name, expected):
    assert run(capsys, "train", variant, small, "--epochs", 1, "--out", "out", *words.split())[0] == 0
    assert repr(getattr(ae.load("out/model.npz"), name)) == expected


@pytest.mark.parametrize("name", ["xavier-uniform", "xavier-normal", "he-uniform", "he-normal", "old-uniform"])
@pytest.mark.usefixtures("no_figures")
def test_initializers(capsys, small, name):
    assert run(capsys, "train", "vanilla", small, "--epochs", 1, "--out", "out", "--initializer", name)[0] == 0
    assert ae.load("out/model.npz").initializer is getattr(ae, name.replace("-", "_"))


OPTIMIZERS = [
    ("", "Adam(learning_rate={0.005}, beta1=0.9, beta2=0.999, eps=1e-08, clip_norm=None)"),
    ("--optimizer sgd --learning-rate 0.1 --clip-norm 1", "SGD(learning_rate={0.1}, clip_norm=1)"),
    ("--optimizer momentum:0.5 --learning-rate 0.1", "Momentum(learning_rate={0.1}, mu=0.5, clip_norm=None)"),
    (
        "--optimizer nesterov --learning-rate 0.1 --schedule constant",
        "Nesterov(learning_rate=ConstantRate(learning_rate=0.1), mu=0.9, clip_norm=None)",
    ),
    ("--optimizer rmsprop:0.8:1e-6", "RMSProp(learning_rate={0.001}, beta=0.8, eps=1e-06, clip_norm=None)"),
    (
        "--optimizer adamw:0.1 --learning-rate 0.01 --schedule step:10:0.5",
        "AdamW(learning_rate=StepRate(learning_rate=0.01, every=10, factor=0.5), decay=0.1, beta1=0.9, beta2=0.999, "
        "eps=1e-08, clip_norm=None)",
    ),
    (
        "--optimizer adam:0.8:0.99 --schedule cosine:1e-5",
        "Adam(learning_rate=CosineRate(learning_rate=0.005, last=1e-05), beta1=0.8, beta2=0.99, "
        "eps=1e-08, clip_norm=None)",
    ),
    ("--optimizer lbfgs:5", "LBFGS(memory=5)"),
]


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize(("words", "expected"), OPTIMIZERS)
def test_options_of_training_reach_fit(capsys, small, monkeypatch, words, expected):
    seen = {}

    def fit(model, *data, **options):
        seen.update(options)
        return ae.History(loss=[1.0])

    monkeypatch.setattr(ae.Autoencoder, "fit", fit)
    words = words.split()
    assert run(capsys, "train", "vanilla", small, "--epochs", 3, "--batch-size", 5, "--out", "out", *words)[0] == 0
    text = repr(seen["optimizer"])
    expected = re.sub(r"{(.*)}", r"CosineRate(learning_rate=\1, last=0.0)", expected)
    assert text.replace("_learning_rate", "learning_rate") == expected.replace("clip_norm=1)", "clip_norm=1.0)")
    assert (seen["epochs"], seen["batch_size"], seen["rng"], seen["patience"]) == (3, 5, 0, None)


def test_options_may_stand_between_the_words(capsys):
    assert run(capsys, "check", "--seed", 1, "linear", "--examples", 3)[0] == 0
    arguments = []
    train = SimpleNamespace(add_arguments=train_command.add_arguments, run=lambda found: arguments.append(found) or 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "aescratch.programs.cli.train", train)
        assert run(capsys, "train", "--epochs", 3, "vanilla", "--tied", "fashion")[0] == 0
    assert (arguments[0].variant, arguments[0].data, arguments[0].epochs) == ("vanilla", "fashion", 3)


@pytest.mark.parametrize(
    ("text", "expected"), [("3", 3), ("-2", -2), ("+4", 4), ("0.5", 0.5), ("1e-3", 0.001), ("1e3", 1000.0)]
)
def test_numbers(text, expected):
    assert number(text) == expected
    assert type(number(text)) is type(expected)


WRONG = [
    ([], "expected a command: tour, train, evaluate, encode, decode, check, step, site, playground, exercises, bench, info (see aescratch --help)"),
    (["--versio"], "there is no option --versio; did you mean --version? (see aescratch --help)"),
    (["trian"], "there is no command 'trian'; did you mean train?"),
    (["zzz"], "there is no command 'zzz'; the commands are tour, train, evaluate, encode, decode, check, step, site, playground, exercises, bench, info"),
    (["train"], "the following arguments are required: VARIANT (see aescratch train --help)"),
    (
        ["train", "spars"],
        "argument VARIANT: expected one of vanilla, linear, denoising, sparse, jump-relu, gated, matryoshka, k-sparse, "
        "contractive, stacked, variational, importance-weighted, wasserstein, classifier, vector-quantized, adversarial, "
        "got 'spars'; did you mean sparse? (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--epoch", "3"],
        "there is no option --epoch; did you mean --epochs? (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--data", "mine.npy"],
        "there is no option --data; leave it out, and write only its value (see aescratch train --help)",
    ),
    (["train", "vanilla", "digits", "more"], "unexpected argument 'more'; leave it out (see aescratch train --help)"),
    (["train", "vanilla", "--k", "3"], "vanilla has no option --k, which is for k-sparse; leave it out"),
    (
        ["train", "linear", "--corruption", "masking:0.1"],
        "linear has no option --corruption, which is for denoising, stacked; leave it out",
    ),
    (
        ["train", "vanilla", "--pretrain-epochs", "3"],
        "vanilla has no option --pretrain-epochs, which is for stacked; leave it out",
    ),
    (
        ["train", "vanilla", "--epochs", "0"],
        "argument --epochs: expected a whole number of at least 1, got '0' (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--seed", "-1"],
        "argument --seed: expected a whole number of at least 0, got '-1' (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--hidden", "64;32"],
        "argument --hidden: expected whole numbers such as 500,250, got '64;32' (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--weight-decay", "much"],
        "argument --weight-decay: expected a number, got 'much' (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--weight-decay", "0,01"],
        "argument --weight-decay: expected a number, got '0,01'; write 0.01 (see aescratch train --help)",
    ),
    (["train", "vanilla", "--weight-decay", "-1"], "expected weight_decay to be a number of at least 0, got -1"),
    (
        ["train", "vanilla", "--activation", "rellu"],
        f"argument --activation: expected one of {', '.join(ACTIVATIONS)}, got 'rellu'; "
        "did you mean relu? (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--activation", "relu:2"],
        "argument --activation: expected relu, got 'relu:2' (see aescratch train --help)",
    ),
    (
        ["train", "sparse", "--sparsity", "kl:0.05"],
        "argument --sparsity: expected kl:RHO:WEIGHT[:MOMENTUM], got 'kl:0.05' (see aescratch train --help)",
    ),
    (
        ["train", "sparse", "--sparsity", "kl:5:1"],
        "argument --sparsity: expected rho to be a number above 0 and below 1, got 5 (see aescratch train --help)",
    ),
    (
        ["train", "denoising", "--corruption", "gaussian:loud"],
        "argument --corruption: expected a number, got 'loud' (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--validation", "1.5"],
        "argument --validation: expected a share between 0 and 1, such as 0.2, got '1.5' (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--patience", "3"],
        "expected validation data with patience, since early stopping uses their loss, got none; pass validation=, or leave patience out",
    ),
    (
        ["train", "vanilla", "--backend", "torch"],
        "argument --backend: expected one of numpy, cupy, got 'torch' (see aescratch train --help)",
    ),
    (
        ["train", "vanilla", "--optimizer", "sgd"],
        "sgd has no default learning rate; give --learning-rate, such as 0.01",
    ),
    (
        ["train", "vanilla", "--optimizer", "lbfgs", "--clip-norm", "1"],
        "lbfgs doesn't use --clip-norm; leave it out, or choose another optimizer",
    ),
    (["train", "vanilla", "--optimizer", "adam:1:2:3:4"], "expected adam[:BETA1][:BETA2][:EPS], got 'adam:1:2:3:4'"),
    (["train", "vanilla", "--schedule", "step"], "expected step:EVERY[:FACTOR], got 'step'"),
    (
        ["train", "contractive", "--hidden", "48"],
        "expected one hidden layer for the contractive penalty, such as [64, 32], got widths [64, 48, 32]; use another "
        "variant for a deep encoder",
    ),
    (["train", "k-sparse", "--k", "99"], "expected k to be an integer of at least 1 and at most 32, got 99"),
    (
        ["train", "vanilla", "patches", "--reconstruction", "bce", "--output-activation", "sigmoid"],
        "expected no output_activation with BinaryCrossEntropy, whose decoder emits logits; leave "
        "output_activation out: "
        "decode returns probabilities anyway",
    ),
    (["train", "vanilla", "digist"], "there is no file and no data set 'digist'; did you mean digits?"),
    (
        ["train", "vanilla", "there/is/none.npy"],
        "there is no file and no data set 'there/is/none.npy'; check the path, or "
        "take one of digits, fashion, "
        "fashion-test, patches, fashion-full, fashion-full-test, mnist, mnist-test, mnist-5k",
    ),
    (
        ["train", "vanilla", "--divide-by", "16"],
        "--divide-by is for your own files, but digits is built in; leave it out",
    ),
    (
        ["evaluate", "model.npz", "--key", "x"],
        "--key is for your own files, but digits is built in; leave it out",
    ),
    (
        ["train", "vanilla", "fashion", "--image-shape", "28x28"],
        "--image-shape is for your own files, but fashion is built in; leave it out",
    ),
    (
        ["train", "classifier", "small.npy"],
        "a classifier learns from labels, but these data have none; name their column label, labels, target or class",
    ),
    (
        ["train", "classifier", "odd.npz"],
        "expected labels that number the classes from 0, got values from -1 to 38; renumber them",
    ),
    (
        ["train", "vanilla", "small.npy", "--checkpoint", "no/run.npz"],
        "there is no folder 'no' to write run.npz into; create it first",
    ),
    (
        ["train", "vanilla", "small.npy", "--image-shape", "5x5"],
        "--image-shape (5, 5) has 25 pixels but a row of x has 12; give the shape whose product is 12",
    ),
    (["train", "vanilla", "--learning-rate", "0"], "argument --learning-rate: expected a number above 0, got '0' (see aescratch train --help)"),
    (
        ["train", "classifier", "--autoencoder", "none.npz"],
        "there is no file or folder 'none.npz'; check the path",
    ),
    (
        ["train", "classifier", "--autoencoder", "model.npz", "--code", "3"],
        "--autoencoder brings its own layers; leave --hidden and --code out",
    ),
    (
        ["train", "vanilla", "--out", "small.npy"],
        "expected --out to be a folder, but small.npy is a file; give another",
    ),
    (["evaluate", "none.npz"], "there is no file or folder 'none.npz'; check the path"),
    (["evaluate", "empty"], "there is no file or folder 'empty/model.npz'; check the path"),
    (
        ["evaluate", "small.npy"],
        "expected a model that aescratch saved, but small.npy is another file, or a damaged one "
        "(BadZipFile: File is "
        "not a zip file); check the path, or save it again",
    ),
    (
        ["evaluate", "model.npz", "digits"],
        "the model reads 12 numbers per row, but digits has 64; give data of the same kind",
    ),
    (
        ["evaluate", "model.npz"],
        "no data were given, and the model reads 12 numbers per row, so that it can't be measured on digits; write: "
        "aescratch evaluate model.npz DATA, with data of the same kind as in training",
    ),
    (
        ["evaluate", "model.npz", "small.npy", "--pca-data", "digits"],
        "the model reads 12 numbers per row, but digits has 64; give data of the same kind",
    ),
    (["encode", "model.npz", "small.npy"], "the following arguments are required: --out (see aescratch encode --help)"),
    (
        ["encode", "model.npz", "small.npy", "--out", "codes.txt"],
        "expected --out to end in .npy or .csv, got 'codes.txt'",
    ),
    (
        ["encode", "model.npz", "small.npy", "--out", "no/codes.npy"],
        "there is no folder 'no' to write codes.npy into; create it first",
    ),
    (
        ["encode", "model.npz", "fashion", "--out", "codes.npy"],
        "the model reads 12 numbers per row, but fashion-mnist small train has 784; give data of the same kind",
    ),
    (
        ["decode", "model.npz", "small.npy", "--out", "x.npy"],
        "the model reads 5 numbers per row, but small.npy has 12; give data of the same kind",
    ),
    (["decode", "model.npz", "none.npy", "--out", "x.npy"], "there is no file at none.npy; check the path"),
    (
        ["check", "vanilla", "--tied", "--beta", "2"],
        "vanilla has no option --beta, which is for variational, vector-quantized; leave it out",
    ),
    (
        ["check", "variational", "--tied"],
        "expected neither tied nor code_activation for a VariationalAutoencoder: its code is the "
        "mean of a distribution, with "
        "no activation and no weights to share; leave them out",
    ),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) or "nothing" for words, _ in WRONG])
def test_what_is_wrong_is_said_in_one_sentence(capsys, small, folder, words, sentence):
    (folder / "empty").mkdir()
    np.savez("odd.npz", x=np.zeros((40, 3), np.float32), labels=np.arange(40) - 1)
    ae.Autoencoder([12, 5], rng=0).save("model.npz")
    before = sorted(os.listdir())
    assert refused(capsys, *words) == sentence.replace("empty/", f"empty{os.sep}")
    assert sorted(os.listdir()) == before, "nothing is left behind"


def test_damaged_data_are_refused(capsys, folder):
    (folder / "x.npy").write_bytes(b"\x93NUMPY and then nonsense")
    assert "x.npy has a damaged or unknown .npy header" in refused(capsys, "train", "vanilla", "x.npy")
    (folder / "x.csv").write_text("0.5,0.25\n0.5\n")
    assert "x.csv has 1 cell in line 2, but 2 in each line before it; correct that line" in refused(capsys, "train", "vanilla", "x.csv")


def test_a_defect_of_ours_is_no_wrong_input(capsys, monkeypatch):
    def broken(*arguments, **options):
        raise ValueError("a defect")

    monkeypatch.setattr(check_command, "leave_zero", broken)
    with pytest.raises(ValueError, match="a defect"):
        main(["check", "linear"])


def test_train_writes_model_history_figures_and_command(capsys):
    words = ["denoising", "--epochs", "2", "--validation", "0.2", "--seed", "3"]
    outcome, out, err = run(capsys, "train", *words)
    assert (outcome, err) == (0, "")
    written = sorted(os.listdir("denoising-digits"))
    pictures = [
        "code-activity.png",
        "denoising.png",
        "filters.png",
        "latent-map.png",
        "loss.png",
        "reconstructions.png",
        "restored-over-time.png",
    ]
    assert written == sorted([*pictures, "command.txt", "history.json", "index.html", "metrics.json", "model.npz"])
    for picture in pictures:
        assert Path("denoising-digits", picture).read_bytes().startswith(PNG)
    assert all(name in out for name in written)
    assert "on the 359 examples held out:" in out
    history = read_json("denoising-digits/history.json")
    assert len(history["loss"]) == len(history["validation_loss"]) == 2
    assert history["stopped"] == "finished"


@pytest.mark.in_turn
def test_figures_of_other_variants(capsys, folder):
    assert run(capsys, "train", "variational", "--epochs", 1, "--out", "out")[0] == 0
    assert {"samples.png", "latent-traversal.png"} <= set(os.listdir("out"))
    np.save("plain.npy", np.random.default_rng(0).random((20, 7), np.float32))
    (folder / "out" / "mine.png").write_bytes(b"mine")
    assert run(capsys, "train", "vanilla", "plain.npy", "--epochs", 1, "--code", 1, "--out", "out")[0] == 0
    files = {"model.npz", "history.json", "metrics.json", "index.html", "command.txt"}
    expected = files | {"loss.png", "code-activity.png", "explained-by-column.png", "mine.png"}
    assert set(os.listdir("out")) == expected, "what an earlier run left is gone, what isn't ours stays"
    assert expected - {"mine.png"} - files <= set(FIGURES)


def test_sorted_examples_are_all_represented():
    from aescratch.programs.cli.figures import evenly

    assert evenly(5000, 10).tolist() == [0, 555, 1110, 1666, 2221, 2777, 3332, 3888, 4443, 4999]
    assert evenly(3, 10).tolist() == [0, 1, 2]


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("words", ["denoising digits --epochs 3", "stacked small.npy --hidden 8 --code 4 --epochs 3"])
def test_the_command_that_is_written_repeats_the_run_bit_for_bit(capsys, small, words):
    assert run(capsys, "train", *words.split(), "--out", "first run")[0] == 0
    command = Path("first run/command.txt").read_text()
    assert command == f"aescratch train {words} --out 'first run' --seed 0\n"
    os.rename("first run", "kept")
    assert run(capsys, *shlex.split(command)[1:])[0] == 0
    assert_same_values("kept/model.npz", "first run/model.npz")
    assert run(capsys, *shlex.split(command)[1:], "--seed", 1, "--out", "other")[0] == 0
    other, kept = values("other/model.npz"), values("kept/model.npz")
    assert any(not np.array_equal(other[name], kept[name]) for name in kept)


@pytest.mark.usefixtures("no_figures")
def test_the_seed_holds_for_the_held_out_share_too(capsys, small):
    words = ["vanilla", small, "--validation", "0.25", "--patience", "2", "--epochs", "4", "--seed", "5"]
    for out in ("a", "b"):
        assert run(capsys, "train", *words, "--out", out)[0] == 0
    assert_same_values("a/model.npz", "b/model.npz")


@pytest.mark.usefixtures("no_figures")
def test_train_is_what_python_does(capsys):
    assert run(capsys, "train", "sparse", "--code", 8, "--epochs", 2, "--seed", 4)[0] == 0
    model = ae.SparseAutoencoder([64, 8], rng=4)
    model.fit(ae.datasets.load_digits().x, epochs=2, optimizer=DEFAULT, rng=4)
    model.save("python.npz")
    assert_same_values("sparse-digits/model.npz", "python.npz")


@pytest.mark.usefixtures("no_figures")
def test_train_json(capsys):
    outcome, out, _ = run(capsys, "train", "linear", "--epochs", 2, "--json", "--out", "out")
    summary = json.loads(out)
    assert outcome == 0
    assert summary["variant"] == "linear"
    assert summary["epochs"] == 2
    assert summary["parameters"] == 64 * 32 + 32 + 32 * 64 + 64
    x = ae.datasets.load_digits().x
    assert summary["sse_per_image"] == pytest.approx(
        ((ae.load("out/model.npz").reconstruct(x) - x) ** 2).sum(1).mean(), rel=1e-5
    )
    assert summary["files"] == ["model.npz", "history.json", "command.txt", "metrics.json", "index.html"]
    metrics = read_json("out/metrics.json")
    assert metrics == {name: summary[name] for name in metrics}


@pytest.mark.usefixtures("no_figures")
def test_the_summary_is_of_what_was_held_out_beside_pca_of_the_rest(capsys):
    words = ["linear", "--epochs", "2", "--code", "5", "--validation", "0.3", "--seed", "6", "--json", "--out", "out"]
    summary = json.loads(run(capsys, "train", *words)[1])
    train, test = ae.datasets.load_digits().split(0.3, rng=6)
    x_hat = ae.load("out/model.npz").reconstruct(test.x)
    assert summary["sse_per_image"] == pytest.approx(((x_hat - test.x) ** 2).sum(axis=1).mean(), rel=1e-5)
    assert summary["pca_sse_per_image"] == pytest.approx(_pca_sse(test.x, train.x, 5), rel=1e-6)


@pytest.mark.usefixtures("no_figures")
def test_a_stack_is_what_python_trains(capsys, small):
    words = ["stacked", small, "--hidden", "8", "--code", "4", "--epochs", "2", "--seed", "3", "--out", "out"]
    assert run(capsys, "train", *words)[0] == 0
    x = np.load(small).reshape(40, 12)
    model = ae.StackedAutoencoder([12, 8, 4], code_activation=ae.GELU, rng=3)
    model.pretrain(x, epochs=2, optimizer=DEFAULT, rng=3)
    model.fit(x, epochs=2, optimizer=DEFAULT, rng=3)
    model.save("python.npz")
    assert_same_values("out/model.npz", "python.npz")


@pytest.mark.usefixtures("no_figures")
def test_a_stack_is_pretrained_unless_told_otherwise(capsys, small):
    words = ["train", "stacked", small, "--hidden", "8", "--code", "4", "--epochs", "2", "--out", "out"]
    assert run(capsys, *words)[0] == 0
    assert [len(layer["loss"]) for layer in read_json("out/history.json")["pretraining"]] == [2, 2]
    assert run(capsys, *words, "--pretrain-epochs", 3)[0] == 0
    assert [len(layer["loss"]) for layer in read_json("out/history.json")["pretraining"]] == [3, 3]
    assert run(capsys, *words, "--pretrain-epochs", 0)[0] == 0
    assert "pretraining" not in read_json("out/history.json")


@pytest.mark.usefixtures("no_figures")
def test_a_classifier_trains_the_encoder_of_a_saved_stack(capsys):
    assert run(capsys, "train", "stacked", "--code", 12, "--epochs", 2, "--out", "stack")[0] == 0
    words = ["train", "classifier", "--autoencoder", "stack", "--epochs", "8", "--out", "head"]
    outcome, out, _ = run(capsys, *words, "--validation", "0.2")
    assert outcome == 0
    assert float(out.partition("accuracy")[2].split("%")[0]) > 60
    head = ae.load("head/model.npz")
    assert isinstance(head.autoencoder, ae.StackedAutoencoder)
    assert head.n_classes == 10
    outcome, out, _ = run(capsys, "evaluate", "head", "--json")
    digits = ae.datasets.load_digits()
    assert json.loads(out)["accuracy"] == pytest.approx(head.score(digits.x, digits.labels))


@pytest.mark.usefixtures("no_figures")
def test_n_classes_may_be_more_than_the_labels_show(capsys):
    np.savez("few.npz", x=np.zeros((3, 4), np.float32), labels=np.array([0, 1, 5]))
    assert run(capsys, "train", "classifier", "few.npz", "--n-classes", 7, "--epochs", 1, "--out", "out")[0] == 0
    assert ae.load("out/model.npz").n_classes == 7


def test_a_classifier_has_figures_of_its_encoder(capsys):
    assert run(capsys, "train", "classifier", "--epochs", 1, "--code", 4, "--out", "out")[0] == 0
    pictures = {name for name in os.listdir("out") if name.endswith(".png")}
    assert pictures == {"loss.png", "code-activity.png", "latent-map.png", "filters.png"}


def _as_idx(x):
    return b"\x00\x00\x08\x03" + b"".join(size.to_bytes(4, "big") for size in x.shape) + x.tobytes()


def _write_own(kind, x):
    """Write images of bytes (N, h, w) as a file of this kind, and return its name."""
    if kind == "npz":
        np.savez("own.npz", images=x, other=x[:2])
    elif kind == "csv.gz":
        with gzip.open("own.csv.gz", "wt") as stream:
            np.savetxt(stream, x.reshape(len(x), -1), delimiter=",", fmt="%d")
    else:
        with open(f"own.{kind}", "wb") as stream:
            np.save(stream, x) if kind == "npy" else stream.write(_as_idx(x))
    return f"own.{kind}"


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("kind", ["npy", "npz", "csv.gz", "idx3"])
def test_own_data_of_every_kind_train_the_same_model(capsys, kind):
    x = np.random.default_rng(0).integers(0, 256, (30, 4, 3)).astype(np.uint8)
    more = {"npz": ["--key", "images"], "csv.gz": ["--divide-by", "255", "--image-shape", "4x3"]}.get(kind, [])
    words = ["--epochs", "2", "--code", "5"]
    assert run(capsys, "train", "vanilla", _write_own(kind, x), *more, *words)[0] == 0
    model = ae.Autoencoder([12, 5], code_activation=ae.GELU, rng=0)
    model.fit((x.reshape(30, 12) / np.float32(255)).astype(np.float32), epochs=2, optimizer=DEFAULT, rng=0)
    found = values("vanilla-own/model.npz")
    assert all(np.allclose(found[p.name], p.value, atol=1e-6) for p in model.parameters)


def test_diverging_ends_in_one_sentence_and_status_1(capsys):
    sentence = refused(capsys, "train", "vanilla", "--optimizer", "sgd", "--learning-rate", "1e9", outcome=1)
    assert sentence.startswith("expected a finite loss, but in epoch 1, batch ")
    assert sentence.endswith("; no model was written")
    assert os.listdir() == []


@pytest.mark.usefixtures("no_figures")
def test_control_c_saves_the_last_good_epoch(capsys, small, monkeypatch):
    words = ["train", "vanilla", small, "--batch-size", "10", "--schedule", "constant"]
    assert run(capsys, *words, "--epochs", 2, "--out", "two")[0] == 0
    calls, loss = [], ae.Autoencoder.loss

    def interrupted_loss(model, *data, **options):
        calls.append(1)
        if len(calls) == 2 * 4 + 3:  # in the third batch of the third epoch
            raise KeyboardInterrupt
        return loss(model, *data, **options)

    monkeypatch.setattr(ae.Autoencoder, "loss", interrupted_loss)
    outcome, _, err = run(capsys, *words, "--epochs", 9, "--out", "out")
    assert outcome == 130
    assert err == "aescratch: interrupted; out contains the model after epoch 2\n"
    assert_same_values("out/model.npz", "two/model.npz")
    history = read_json("out/history.json")
    assert (history["stopped"], len(history["loss"])) == ("interrupted", 2)


@pytest.mark.usefixtures("no_figures")
def test_control_c_in_pretraining_ends_the_command(capsys, small, monkeypatch):
    def interrupted(model, *data, **options):
        return [ae.History(loss=[1.0], stopped="interrupted")]

    monkeypatch.setattr(ae.StackedAutoencoder, "pretrain", interrupted)
    outcome, _, err = run(capsys, "train", "stacked", small, "--out", "out")
    assert outcome == 130
    assert err == "aescratch: interrupted; out contains the model before the first epoch ended\n"


def test_control_c_elsewhere(capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(ae, "check_gradients", interrupted)
    assert refused(capsys, "check", "linear", outcome=130) == "interrupted"


@pytest.mark.in_turn
@pytest.mark.skipif(os.name == "nt", reason="Windows has other terminals")
@pytest.mark.parametrize("on_a_terminal", [True, False])
def test_a_progress_bar_is_for_terminals(small, on_a_terminal):
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "aescratch", "train", "linear", small, "--epochs", "3", "--json", "--out", "out"]
    stderr = slave if on_a_terminal else subprocess.PIPE
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=ENVIRONMENT)
    os.close(slave)
    out, err = process.communicate(timeout=300)
    shown = os.read(master, 100_000) if on_a_terminal else err
    os.close(master)
    assert json.loads(out)["epochs"] == 3
    assert (b"epoch/s" in shown or b"?epoch" in shown) if on_a_terminal else shown == b""


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_control_c_from_outside_and_going_on_from_the_checkpoint(folder, capsys, monkeypatch):
    constant = ["--schedule", "constant"]  # a cosine's rates depend on how many epochs there are in all
    words = ["train", "vanilla", *constant, "--epochs", "400", "--checkpoint", "run.npz", "--out", "out"]
    # a shell without job control starts background processes deaf to Control-C
    process = start(*words, before="import signal; signal.signal(signal.SIGINT, signal.default_int_handler)")
    deadline = time.monotonic() + 300
    while not os.path.exists("run.npz") and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    assert err.startswith("aescratch: interrupted; out contains the model after epoch ")
    done = len(read_json("out/history.json")["loss"])
    assert 1 <= done < 400
    assert sorted(os.listdir("out")) == ["command.txt", "history.json", "model.npz"]
    monkeypatch.setattr(train_command, "draw_figures", lambda *arguments: [])
    monkeypatch.setattr(run_pages, "_charts", lambda monitor: [])
    goal = ["--epochs", done + 2]
    outcome, out, _ = run(capsys, *words, *goal)
    assert outcome == 0
    assert f"\ncontinues run.npz after epoch {done} of {done + 2}\n" in out
    outcome, out, _ = run(capsys, "train", "vanilla", *constant, *goal, "--out", "uninterrupted")
    assert outcome == 0
    assert "continues" not in out
    assert_same_values("out/model.npz", "uninterrupted/model.npz")


@pytest.mark.in_turn
@pytest.mark.skipif(os.name == "nt", reason="pipes break differently there")
@pytest.mark.parametrize("words", [["train", "--help"], ["check", "linear"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_broken_pipe_is_quiet(words, unbuffered):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "aescratch", *words]
    process = subprocess.Popen(command, stdout=writer, stderr=-1, env={**ENVIRONMENT, "PYTHONUNBUFFERED": unbuffered})
    os.close(writer)
    assert process.communicate(timeout=300)[1] == b""
    assert process.returncode == 4


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk_is_said():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "aescratch", "--version"]
        done = subprocess.run(command, stdout=full, stderr=-1, text=True, check=False, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (4, "aescratch: the output: No space left on device\n")


@pytest.mark.usefixtures("no_figures")
def test_a_disk_that_fills_up_leaves_the_old_file(capsys, monkeypatch, small):
    ae.Autoencoder([12, 5], rng=0).save("model.npz")
    words = ["encode", "model.npz", small, "--out", "codes.npy"]
    assert run(capsys, *words)[0] == 0
    old = Path("codes.npy").read_bytes()

    def full(stream, x, **options):
        stream.write(b"half of it")
        raise OSError(28, "No space left on device", "codes.npy")

    monkeypatch.setattr(writing.np, "save", full)
    assert refused(capsys, *words, outcome=4) == "codes.npy: No space left on device"
    assert Path("codes.npy").read_bytes() == old
    assert sorted(os.listdir()) == ["codes.npy", "model.npz", "small.npy"]


def test_without_a_gpu(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    sentence = refused(capsys, "train", "vanilla", "--backend", "cupy", outcome=4)
    assert sentence.startswith("CuPy is not installed, so nothing can be moved to a GPU; install it with ")
    assert os.listdir() == []


@pytest.mark.usefixtures("no_figures")
def test_the_backend_is_where_it_trains_and_not_where_it_is_saved(capsys, monkeypatch, small):
    stays, fit = [], ae.Autoencoder.fit
    monkeypatch.setattr(ae.Autoencoder, "to", lambda model, backend: stays.append(backend) or model)
    monkeypatch.setattr(ae.Autoencoder, "fit", lambda *data, **options: stays.append("fit") or fit(*data, **options))
    monkeypatch.setattr(ae.Autoencoder, "save", lambda model, path: stays.append("save"))
    assert run(capsys, "train", "vanilla", small, "--epochs", 1, "--backend", "cupy")[0] == 0
    assert stays == ["cupy", "fit", "numpy", "save"]


def test_without_scipy(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    sentence = refused(capsys, "train", "vanilla", "--optimizer", "lbfgs", outcome=4)
    assert sentence == "L-BFGS needs SciPy, which is not installed; pip install scipy, or use Adam()"


def test_a_folder_that_cant_be_written_is_noticed_before_the_training(capsys, monkeypatch, small):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the superuser may write anywhere
    assert refused(capsys, "train", "vanilla", small, "--out", "out", outcome=4) == "out: Permission denied"


def test_a_training_that_fails_leaves_a_folder_that_was_there(capsys, folder):
    (folder / "vanilla-digits").mkdir()
    refused(capsys, "train", "vanilla", "--optimizer", "sgd", "--learning-rate", "1e9", outcome=1)
    assert os.listdir() == ["vanilla-digits"]


def test_no_memory(capsys, monkeypatch, small):
    def full(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr(train_command, "build_model", full)
    assert refused(capsys, "train", "vanilla", small, outcome=4) == "the memory is used up"


def test_an_empty_error_is_not_taken_for_a_lack_of_memory(capsys, monkeypatch, small):
    def unwritten(*arguments, **options):
        raise NotImplementedError

    monkeypatch.setattr(train_command, "build_model", unwritten)
    assert refused(capsys, "train", "vanilla", small, outcome=4) == "NotImplementedError"


def _pca_sse(x, fitted_to, n_components):
    mean = fitted_to.astype(float).mean(axis=0)
    directions = np.linalg.svd(fitted_to - mean, full_matrices=False)[2][:n_components]
    return (((x - mean) - (x - mean) @ directions.T @ directions) ** 2).sum(axis=1).mean()


@pytest.mark.parametrize(
    "model", [ae.SparseAutoencoder([64, 8], sparsity=ae.L1Sparsity(0.1), rng=0), ae.LinearAutoencoder([64, 8], rng=0)]
)
def test_evaluate(capsys, model):
    model.save("model.npz")
    x = ae.datasets.load_digits().x
    outcome, out, _ = run(capsys, "evaluate", "model.npz", "digits", "--json")
    found = json.loads(out)
    assert outcome == 0
    assert found["loss"] == pytest.approx(float(model.loss(x)), rel=1e-5)
    assert found["sse_per_image"] == pytest.approx(((model.reconstruct(x) - x) ** 2).sum(axis=1).mean(), rel=1e-5)
    assert found["pca_sse_per_image"] == pytest.approx(_pca_sse(x, x, 8), rel=1e-6)
    assert found["mean_sse_per_image"] == pytest.approx(x.var(axis=0).sum(), rel=1e-5)
    assert found["unit_mean"] == pytest.approx((model.encode(x) != 0).mean())
    assert (found["units"], found["units_asleep"]) == (8, 0)
    assert [finding["code"] for finding in found["diagnosis"]] == ["no-better-than-mean"]  # it was never trained
    assert (found["model"], found["parameters"], found["examples"]) == (type(model).__name__, model.n_parameters, 1797)
    text = run(capsys, "evaluate", "model.npz")[1]
    lines = dict(re.split(r"  +", line) for line in text.splitlines() if "  " in line)
    assert lines["SSE of PCA, same width"] == f"{_pca_sse(x, x, 8):.4g}"
    assert lines["constant units"] == "0 of 8"
    assert lines["share of the code that isn't 0"] == f"{found['unit_mean']:.3g}"
    assert f"\nfound no-better-than-mean: the model's SSE is {found['sse_per_image']:.4g}, and" in text


@pytest.mark.in_turn(0)
@pytest.mark.usefixtures("no_figures")
def test_a_vae_that_collapsed_is_told_so_and_a_sparse_code_by_its_activity(capsys):
    outcome, out, _ = run(capsys, "train", "variational", "--code", "8", "--beta", "1", "--epochs", "30", "--json")
    found = json.loads(out)
    assert outcome == 0  # findings change no exit status
    assert [finding["code"] for finding in found["diagnosis"]] == ["no-better-than-mean", "posterior-collapsed"]
    assert found["diagnosis"][1]["try"] == "--beta 0.07, --free-bits 0.5, or --reconstruction bce for data in [0, 1]"
    assert (found["unit_statistic"], found["units_asleep"]) == ("divergence per unit, in nats", 8)
    assert json.loads(Path("variational-digits/metrics.json").read_text())["diagnosis"] == found["diagnosis"]
    text = run(capsys, "train", "variational", "--code", "8")[1]
    assert "\nchosen: --beta 0.0273 (the mean variance that PCA of the code's width leaves out)\n" in text
    assert re.search("\nconstant units +0 of 8\n", text)
    assert "found" not in text
    text = run(capsys, "train", "sparse", "--code", "32", "--epochs", "5")[1]
    activity = re.search(r"activity per unit, rho = 0.05 +([0-9.]+)\n", text)
    code = ae.load("sparse-digits/model.npz").encode(ae.datasets.load_digits().x)
    assert float(activity[1]) == pytest.approx(code.mean(), rel=1e-2)
    assert "dead" not in text


def test_at_most_three_findings_are_printed():
    findings = [Finding(f"code-{n}", "it is", "another") for n in range(5)]
    assert found_lines(ae.Diagnosis(findings[:3])) == [f"found code-{n}: it is; try another" for n in range(3)]
    assert found_lines(ae.Diagnosis(findings))[2] == "found code-2: it is; try another (and 2 more: see --json)"
    assert found_lines(ae.Diagnosis([])) == []


def test_evaluate_with_pca_fitted_elsewhere_and_fewer_examples_than_features(capsys):
    x, other = np.random.default_rng(0).random((2, 9, 20), np.float32)
    np.save("x.npy", x)
    np.save("other.npy", other)
    ae.LinearAutoencoder([20, 3], rng=0).save("model.npz")
    out = run(capsys, "evaluate", "model.npz", "x.npy", "--pca-data", "other.npy", "--json")[1]
    assert json.loads(out)["pca_sse_per_image"] == pytest.approx(_pca_sse(x, other, 3))


def test_evaluate_a_code_as_wide_as_the_data(capsys, small):
    ae.LinearAutoencoder([12, 13], rng=0).save("model.npz")
    assert json.loads(run(capsys, "evaluate", "model.npz", small, "--json")[1])["pca_sse_per_image"] < 1e-20


@pytest.mark.parametrize("ending", ["npy", "csv"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_encode_and_decode(capsys, small, ending, dtype):
    model = ae.Autoencoder([12, 5], activation=ae.Tanh, dtype=dtype, rng=0)
    model.save("model.npz")
    assert (
        run(capsys, "encode", "model.npz", small, "--out", f"h.{ending}")[1]
        == f"wrote h.{ending}: 40 codes of 5 units\n"
    )
    assert run(capsys, "decode", "model.npz", f"h.{ending}", "--out", f"x.{ending}")[0] == 0
    read = np.load if ending == "npy" else lambda path: np.loadtxt(path, delimiter=",").astype(dtype)
    code = model.encode(np.load(small).reshape(40, 12))
    assert np.array_equal(read(f"h.{ending}"), code)
    assert np.array_equal(read(f"x.{ending}"), model.decode(code.astype(np.float32)))


@pytest.mark.usefixtures("no_figures")
def test_decoded_columns_have_the_names_that_training_read(capsys, folder):
    rows = [f"{n % 7 + 1.5},{n % 5},{n % 3}.25" for n in range(23)]
    Path("mine.csv").write_text("height,age,weight\n" + "\n".join(rows) + "\n")
    assert run(capsys, "train", "linear", "mine.csv", "--code", 2, "--epochs", 2, "--out", "out")[0] == 0
    assert run(capsys, "encode", "out", "mine.csv", "--out", "codes.csv")[0] == 0
    assert run(capsys, "decode", "out", "codes.csv", "--out", "back.csv")[0] == 0
    back = ae.datasets.load_file("back.csv", to_be_scaled=True)
    assert back.columns == ("height", "age", "weight")
    model, codes = ae.load("out/model.npz"), np.loadtxt("codes.csv", delimiter=",").astype(np.float32)
    np.testing.assert_array_equal(back.x, model.scaling.undo(model.decode(codes)))


def test_decode_takes_whole_numbers(capsys, folder):
    model = ae.VariationalAutoencoder([12, 2], rng=0)
    model.save("model.npz")
    (folder / "code.csv").write_text("-2,1\n0,3\n")
    assert run(capsys, "decode", "model.npz", "code.csv", "--out", "x.npy")[0] == 0
    assert np.array_equal(np.load("x.npy"), model.decode(np.array([[-2, 1], [0, 3]], np.float32)))


def test_encode_with_a_classifier_uses_its_encoder(capsys, small):
    model = ae.SoftmaxClassifier(ae.Autoencoder([12, 5], rng=0), 3, rng=0)
    model.save("model.npz")
    assert run(capsys, "encode", "model.npz", small, "--out", "h.npy")[0] == 0
    assert np.array_equal(np.load("h.npy"), model.autoencoder.encode(np.load(small).reshape(40, 12)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_check_passes(capsys, variant):
    outcome, out, err = run(capsys, "check", variant)
    assert (outcome, err) == (0, "")
    assert "7 examples, float64" in out
    assert out.splitlines()[-1].startswith("pass: ")


@pytest.mark.parametrize(
    "words",
    [
        "stacked --hidden 13,5 --code 3 --tied", "sparse --sparsity l1:0.1 --unit-norm-decoder",
        "variational --activation gelu --reconstruction bce", "vanilla --activation leaky-relu:0.1 --weight-decay 0.1",
        "contractive --code-activation tanh --code 3", "denoising --corruption masking:0.3 --initializer he-normal",
        "vanilla --data digits --code 2 --hidden 3 --activation sigmoid",
    ],
)  # fmt: skip
def test_check_with_options(capsys, words):
    assert run(capsys, "check", *words.split())[0] == 0


def test_check_finds_a_wrong_backward(capsys, monkeypatch):
    monkeypatch.setattr(functions, "tanh_backward", lambda grad_y, y: grad_y * (1 + y**2))
    outcome, out, _ = run(capsys, "check", "vanilla", "--activation", "tanh", "--json")
    report = json.loads(out)
    assert (outcome, report["verdict"]) == (1, "fail")
    verdicts = {tensor["name"]: tensor["verdict"] for tensor in report["tensors"]}
    assert verdicts["encoder.W1"] == "fail"
    assert verdicts["decoder.W2"] == "pass"


def test_check_at_kinks_is_inconclusive(capsys, monkeypatch):
    def at_kinks(model, seed):
        for parameter in model.parameters:
            if len(parameter.shape) == 1:
                parameter.value = np.full(parameter.shape, 1e-12)

    monkeypatch.setattr(check_command, "leave_zero", at_kinks)
    np.save("zeros.npy", np.zeros((7, 4), np.float32))
    assert run(capsys, "check", "vanilla", "--data", "zeros.npy")[0] == 3


def test_check_json_is_json_whatever_the_numbers(capsys, monkeypatch):
    report = SimpleNamespace(
        verdict="inconclusive", to_dict=lambda: {"a": float("nan"), "b": [float("inf"), 1.5], "c": "x"}
    )
    monkeypatch.setattr(ae, "check_gradients", lambda *arguments, **options: report)
    outcome, out, _ = run(capsys, "check", "linear", "--json")
    assert (outcome, json.loads(out)) == (3, {"a": None, "b": [None, 1.5], "c": "x"})


def test_check_of_a_classifier_on_a_saved_model(capsys, small):
    ae.Autoencoder([64, 4], activation=ae.Tanh, rng=0).save("model.npz")
    words = ["check", "classifier", "--autoencoder", "model.npz", "--data", "digits", "--examples", "5"]
    outcome, out, _ = run(capsys, *words)
    assert outcome == 0
    assert "(64, 4)" in out
    assert "head.W      (4, 10)" in out


def test_flags_are_the_parameters_names():
    assert flag("unit_norm_decoder") == "--unit-norm-decoder"


def table_of_three_factors(mean, rows=200):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3)) @ rng.normal(size=(3, 12))
    return mean + x / x.std(axis=0)


@pytest.mark.in_turn
@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize(
    ("variant", "mean"),
    [(variant, mean)
     for place, variant in enumerate(["vanilla", "linear", "denoising", "sparse", "k-sparse", "contractive", "variational"])
     for mean in ([0.0, 1e6] if place % 2 else [1.0, 100.0])],
)  # fmt: skip
def test_left_to_itself_train_learns_a_table_wherever_it_lies(capsys, variant, mean):
    x = table_of_three_factors(mean)
    np.savetxt("table.csv", x, delimiter=",", fmt="%.9g")
    outcome, out, _ = run(capsys, "train", variant, "table.csv", "--json")
    found = json.loads(out)
    assert outcome == 0
    assert found["sse_per_image"] < (0.5 if variant == "variational" else 0.25) * found["mean_sse_per_image"]
    assert found["scaling"] == ("standardize" if mean >= 100 else "none")
    assert variant != "variational" or found["units_asleep"] <= found["units"] // 2
    assert [finding["code"] for finding in found["diagnosis"]] == []


@pytest.mark.usefixtures("no_figures")
def test_a_scaling_goes_with_the_model_and_is_undone_in_what_is_written(capsys):
    x = table_of_three_factors(100.0) * np.where(np.arange(12) == 4, 1000.0, 1.0)
    np.savetxt("table.csv", np.round(x), delimiter=",", fmt="%d")  # whole numbers are measurements, too
    out = run(capsys, "train", "linear", "table.csv", "--code", "3", "--out", "out")[1]
    assert re.search(r"\ncolumns brought to mean 0 and variance 1: minus the means \(99\S* to \S+\), divided by the standard deviations \(\S+ to \S+\); undone", out)
    model = ae.load("out/model.npz")
    assert model.scaling.how == "standardize"
    assert run(capsys, "encode", "out", "table.csv", "--out", "codes.npy")[0] == 0
    assert run(capsys, "decode", "out", "codes.npy", "--out", "back.npy")[0] == 0
    rounded = np.round(x).astype(np.float32)
    codes = model.encode(((rounded - rounded.mean(axis=0)) / rounded.std(axis=0)).astype(np.float32))
    np.testing.assert_allclose(np.load("codes.npy"), codes, atol=1e-3)
    back = np.load("back.npy")
    assert (np.square(back - rounded).mean(axis=0) < 0.2 * rounded.var(axis=0)).all()
    text = run(capsys, "evaluate", "out", "table.csv", "--json")[1]
    found = json.loads(text)
    assert found["sse_per_image"] == pytest.approx(np.square(back - rounded).sum(axis=1).mean(), rel=1e-4)
    assert found["mean_sse_scaled"] == pytest.approx(12, rel=1e-3)
    assert found["pca_sse_scaled"] <= found["sse_scaled"] < 0.25 * found["mean_sse_scaled"]
    sentence = refused(capsys, "train", "linear", "table.csv", "--scale", "none")
    assert "holds integers" in sentence
    assert "standardize" in refused(capsys, "train", "linear", "table.csv", "--scale", "standardise")


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("name", ["table.csv", "table.npy"])
def test_a_table_far_from_zero_is_learnt_as_well_as_one_near_by(capsys, name):
    near, found = table_of_three_factors(0.0), []
    for x in (100 * near, 1e9 + near / 1000):
        np.savetxt(name, x, delimiter=",", fmt="%.17g") if name.endswith(".csv") else np.save(name, x)
        text = run(capsys, "train", "linear", name, "--epochs", 200, "--out", "out", "--json")[1]
        found.append(json.loads(text))
        assert found[-1]["diagnosis"] == []
    for which in ("sse_scaled", "mean_sse_scaled", "pca_sse_scaled"):
        assert found[1][which] == pytest.approx(found[0][which], rel=1e-2, abs=1e-6)
    assert run(capsys, "encode", "out", name, "--out", "codes.npy")[0] == 0
    assert run(capsys, "decode", "out", "codes.npy", "--out", "back.csv")[0] == 0
    sse = np.square(np.loadtxt("back.csv", delimiter=",") - x).sum(axis=1).mean()
    assert sse == pytest.approx(found[1]["sse_per_image"], rel=1e-3)
    assert sse < 1e-3 * found[1]["mean_sse_per_image"]
    assert json.loads(run(capsys, "evaluate", "out", name, "--json")[1])["sse_scaled"] == pytest.approx(found[1]["sse_scaled"])


@pytest.mark.usefixtures("no_figures")
def test_a_small_table_gets_more_epochs_and_a_large_one_fewer(capsys, small):
    assert json.loads(run(capsys, "train", "linear", small, "--batch-size", "8", "--json")[1])["epochs"] == 1000
    assert json.loads(run(capsys, "train", "linear", small, "--batch-size", "8", "--epochs", 3, "--json")[1])["epochs"] == 3
    arguments = SimpleNamespace(optimizer=SimpleNamespace(kind=ae.Adam), batch_size=64)
    assert [enough_epochs(arguments, rows) for rows in (64, 1797, 60000)] == [5000, 173, 20]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("--lr", "; did you mean --learning-rate?"), ("--bs", "; did you mean --batch-size?"), ("--zzz", ""),
     ("--epoch", "; did you mean --epochs?"), ("--learning_rate", "; did you mean --learning-rate?")],
)  # fmt: skip
def test_an_option_by_its_initials_or_nearly_is_told_which_one_is_meant(capsys, typed, meant):
    assert refused(capsys, "train", "linear", typed, "3") == f"there is no option {typed}{meant} (see aescratch train --help)"


@pytest.mark.usefixtures("no_figures")
def test_what_to_try_for_columns_of_another_place_is_an_option(capsys):
    np.savetxt("table.csv", table_of_three_factors(100.0), delimiter=",")
    found = json.loads(run(capsys, "train", "vanilla", "table.csv", "--scale", "none", "--epochs", 99, "--json")[1])
    advice = {finding["code"]: finding["try"] for finding in found["diagnosis"]}
    assert advice["unscaled-features"].endswith(", --scale standardize")


@pytest.mark.parametrize(
    ("options", "says"),
    [([], "for example --divide-by 255"), (["--divide-by", 0], "--divide-by must be a positive number"),
     (["--divide-by", 9, "--image-shape", "3x3"], "--image-shape (3, 3) has 9 pixels"),
     (["--key", "a"], "--key 'a' chooses an array of an .npz file, but table.csv is not an .npz; leave --key out")],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_with_the_options(capsys, options, says):
    Path("table.csv").write_text("a,b\n3,4\n5,6\n")
    assert says in refused(capsys, "train", "linear", "table.csv", "--scale", "none", *options)


@pytest.mark.usefixtures("no_figures")
def test_a_table_as_a_spreadsheet_writes_it(capsys):
    rows = [f"{n % 7},{n % 3}5;{'Ulm' if n % 2 else 'Bonn'};{n % 2}" for n in range(40)]
    Path("table.csv").write_text("\n".join(["size;city;class", *rows]))
    out = run(capsys, "train", "linear", "table.csv", "--categories", " city", "--epochs", "3")[1]
    assert "\ncolumn 'class' has the labels, and is not a feature\n" in out
    assert "Dense(3, 1)" in out
    sentence = refused(capsys, "train", "linear", "table.csv")
    assert sentence.endswith("'Bonn' in line 2, where a number is expected; leave the column out; or, for a category, convert it to columns of 0 and 1: --categories city")
    assert "--categories is for your own files" in refused(capsys, "train", "linear", "digits", "--categories", "x")


@pytest.mark.usefixtures("no_figures")
def test_new_data_are_read_by_the_names_that_the_model_was_trained_on(capsys):
    rows = [f"{n % 7}.5,{('Bonn', 'Kiel', 'Ulm')[n % 3]},{n % 5}.25,{n % 2}" for n in range(40)]
    write = lambda name, *lines: Path(name).write_text("\n".join(lines) + "\n")  # noqa: E731
    write("old.csv", "age,city,size,label", *rows)
    run(capsys, "train", "classifier", "old.csv", "--categories", "city", "--code", "2", "--epochs", "2", "--out", "run")
    turned = [",".join(row.split(",")[::-1]) for row in rows]
    write("turned.csv", "label,size,city,age", *turned)
    results = [run(capsys, "evaluate", "run", name, "--json")[1] for name in ("old.csv", "turned.csv")]
    one, other = (json.loads(result) for result in results)
    assert one.pop("data") != other.pop("data")
    assert one == other
    for name in ("old.csv", "turned.csv"):
        run(capsys, "encode", "run", name, "--out", name.replace("csv", "npy"))
    np.testing.assert_array_equal(np.load("old.npy"), np.load("turned.npy"))
    write("other.csv", "age,city,size,label", *(row.replace("Ulm", "Hamm") for row in rows))
    says = "'Hamm' in line 4, column 'city', but the earlier data have only Bonn, Kiel, Ulm; remove these rows, or train with them"
    for command in (["evaluate", "run", "other.csv", "--categories", "city"], ["encode", "run", "other.csv", "--out", "c.npy"]):
        assert refused(capsys, *command).endswith(says)
    head = ["train", "classifier", "--autoencoder", "plain", "--epochs", "1"]
    run(capsys, "train", "vanilla", "old.csv", "--categories", "city", "--code", "2", "--epochs", "2", "--out", "plain")
    assert refused(capsys, *head, "other.csv").endswith(says)
    run(capsys, *head, "turned.csv", "--out", "tuned")
    run(capsys, "train", "stacked", "old.csv", "--categories", "city", "--code", "2", "--epochs", "1", "--out", "stack")
    assert ae.load("tuned/model.npz").columns == ae.load("stack/model.npz").columns == ("age", "city=Bonn", "city=Kiel", "city=Ulm", "size")


class Page(HTMLParser):
    """What a page holds: its elements by name, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def test_a_run_leaves_a_page_that_needs_nothing_else(capsys):
    words = ["train", "sparse", "--code", "8", "--epochs", "12", "--validation", "0.2", "--out", "out"]
    found = json.loads(run(capsys, *words, "--json")[1])
    source = Path("out/index.html").read_text(encoding="utf-8")
    page = Page(source)
    assert "http" not in source
    assert not page.all("script")
    assert {image["src"] for image in page.all("img")} <= set(os.listdir("out"))
    assert "restored-over-time.png" in {image["src"] for image in page.all("img")}
    charts = [chart["aria-label"] for chart in page.all("figure") if "aria-label" in chart]
    assert charts == ["loss", "terms of the loss, on a few rows", "norm of the gradient", "change in an epoch, as a share",
                      "numbers of the code"]  # fmt: skip
    assert len(page.all("svg")) == len(charts)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)  # as HTML asks
    for reference in re.findall(r'(?:url\(|href=")#([^")]+)', source):
        assert reference in ids
    assert "fill: #000000" not in source  # text takes the page's colour
    for finding in found["diagnosis"]:
        assert finding["says"] in page.text
    assert "the mean" in page.text
    assert f"{found['sse_per_image']:.4g}" in page.text
    assert "aescratch train sparse" in page.text
    assert source.index("<img") < source.index("<h2>Diagnosis") < source.index("<details>") < source.index("<svg")


def test_the_page_of_a_table_opens_with_what_is_explained_of_each_column(capsys, monkeypatch):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(120, 2))
    rows = np.column_stack([100 + 9 * hidden[:, 0], np.ones(120), rng.normal(size=120), *(hidden @ rng.normal(size=2) for _ in range(25))])
    names = ["age", "constant", "noise", *(f"c{n}" for n in range(25))]
    Path("table.csv").write_text(",".join([*names, "label"]) + "\n" + "".join(",".join([*map(str, row), "1"]) + "\n" for row in rows))
    drawn = []
    monkeypatch.setattr(figures, "explained_by_column", lambda *given: drawn.append((given, explained_by_column(*given))) or drawn[-1][1])
    assert run(capsys, "train", "linear", "table.csv", "--code", 2, "--epochs", 400, "--validation", "0.25", "--out", "out")[0] == 0
    source = Path("out/index.html").read_text("utf-8")
    assert source.index('src="explained-by-column.png"') < source.index("<h2>Diagnosis") < source.index("latent-map.png")

    (((ours, theirs, columns), ax),) = drawn
    model, data = ae.load("out/model.npz"), ae.datasets.load_file("table.csv", to_be_scaled=True)
    train, test = data.split(0.25, rng=0)
    pca = PCA.fit(scaled(model, train.x)).reconstruct(scaled(model, test.x), 2)
    x, x_hat = test.x.astype(float), unscaled(model, model.reconstruct(scaled(model, test.x)))
    vary = [column for column in range(28) if column != 1]
    share = lambda back: 1 - ((back - x) ** 2).mean(axis=0)[vary] / x.var(axis=0)[vary]  # noqa: E731
    np.testing.assert_allclose(ours[vary], share(x_hat), rtol=1e-4, atol=1e-4)  # for float32
    np.testing.assert_allclose(theirs[vary], share(unscaled(model, pca)), rtol=1e-4, atol=1e-4)
    assert np.isnan([ours[1], theirs[1]]).all()
    assert columns == tuple(names)

    worst = np.array(vary)[np.argsort(ours[vary])]
    assert worst[0] == 2
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [*(names[column] for column in worst[:19]), "mean of 8 others"]
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths, [*ours[worst[:19]], ours[worst[19:]].mean()])
    np.testing.assert_allclose(ax.get_lines()[0].get_xdata(), [*theirs[worst[:19]], theirs[worst[19:]].mean()])
    title = ax.figure.get_suptitle()
    assert [*map(int, re.findall(r"(\d+) %", title))] == [round(100 * abs(value)) for value in (ours[vary].mean(), theirs[vary].mean(), ours[2])]
    assert "least explained: noise, " in title


def test_what_is_explained_of_a_column_is_a_number_for_any_model_of_it():
    x = np.random.default_rng(0).normal(size=(9, 3))
    shares = explained(np.column_stack([x[:, 0], np.full(9, np.nan), np.full(9, 1e300)]), x)
    assert shares.tolist() == [1, -99, -99]
    ax = explained_by_column(shares, shares)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["column 2", "column 3", "column 1"]
    assert ax.get_xlim() == (-1, 1)
    assert "−9900 %" in [text.get_text() for text in ax.texts]
    pyplot.close("all")


def test_a_page_of_a_training_that_ran_away_is_whole(capsys, small):
    words = ["train", "variational", small, "--epochs", 1, "--learning-rate", "1e5", "--out", "out"]
    outcome, out, err = run(capsys, *words)
    assert (outcome, err) == (0, "")
    assert "SSE per example" in out
    page = Path("out/index.html").read_text(encoding="utf-8")
    assert "NaN" not in page
    assert not re.search(r'"(nan|inf|-inf)', page)


@pytest.mark.usefixtures("no_figures")
def test_a_model_that_is_brought_keeps_seeing_data_as_they_are(capsys):
    rows = np.random.default_rng(0).normal(100, 20, (40, 3))
    labels = np.arange(40) % 2
    Path("table.csv").write_text("a,b,c,label\n" + "\n".join(",".join(map(str, [*row, n])) for row, n in zip(rows, labels, strict=True)))
    assert run(capsys, "train", "linear", "table.csv", "--scale", "none", "--epochs", 2, "--out", "plain")[0] == 0
    for out, options in (("brought", ["--autoencoder", "plain"]), ("new", [])):
        assert run(capsys, "train", "classifier", "table.csv", *options, "--epochs", 2, "--out", out)[0] == 0
    assert ae.load("brought/model.npz").scaling is None
    assert ae.load("new/model.npz").scaling.how == "standardize"


@pytest.mark.usefixtures("no_figures")
def test_pictures_of_an_earlier_run_do_not_stay_beside_another_model(capsys, small):
    Path("out").mkdir()
    Path("out/samples.png").write_bytes(b"of an earlier run")
    assert run(capsys, "train", "vanilla", small, "--epochs", 2, "--out", "out")[0] == 0
    assert not Path("out/samples.png").exists()


@pytest.mark.usefixtures("no_figures")
def test_what_is_held_out_lies_in_0_to_1_for_cross_entropy(capsys):
    np.savetxt("table.csv", 50 * np.random.default_rng(0).normal(size=(60, 4)), delimiter=",")
    words = ["train", "vanilla", "table.csv", "--reconstruction", "bce", "--validation", "0.2", "--epochs", "2"]
    assert json.loads(run(capsys, *words, "--json")[1])["scaling"] == "minmax"


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("options", [[], ["--scale", "minmax"]])
def test_new_data_outside_the_range_of_the_training_are_encoded_and_measured_but_have_no_cross_entropy(capsys, options):
    x = np.random.default_rng(0).uniform(100, 200, (60, 4))
    new = x[40:].copy()
    new[[6, 11], 2] = 321.5, 17.0
    np.savetxt("old.csv", x[:40], delimiter=",", fmt="%.17g")
    np.savetxt("new.csv", new, delimiter=",", header="a,b,c,d", comments="", fmt="%.17g")
    assert run(capsys, "train", "vanilla", "old.csv", "--reconstruction", "bce", *options, "--epochs", 9, "--out", "out")[0] == 0
    outcome, out, _ = run(capsys, "evaluate", "out", "new.csv", "--json")
    found, model = json.loads(out), ae.load("out/model.npz")
    assert (outcome, found["loss"]) == (0, None)
    inside = (model.scaling.apply(new) >= 0) & (model.scaling.apply(new) <= 1)
    first = np.argwhere(~inside)[0]
    assert found["why_no_loss"] == (
        f"expected every column within its range for binary cross-entropy, got {new[tuple(first)]:.6g} in column "
        f"{first[1] + 1} of example {first[0] + 1} of new.csv, whose range is {x[:40, first[1]].min():.6g} to "
        f"{x[:40, first[1]].max():.6g} ({(~inside.all(axis=1)).sum()} of 20 examples are like that)"
    )
    restored = model.scaling.undo(model.reconstruct(model.scaling.apply(new)))
    assert found["sse_per_image"] == pytest.approx(np.square(restored - new).sum(axis=1).mean(), rel=1e-4)
    text = run(capsys, "evaluate", "out", "new.csv")[1]
    assert f"\nloss, every term                  none: {found['why_no_loss']}; leave them out\n" in text
    assert "why_no_loss" not in json.loads(run(capsys, "evaluate", "out", "old.csv", "--json")[1])
    assert run(capsys, "encode", "out", "new.csv", "--out", "codes.npy")[0] == 0
    assert np.array_equal(np.load("codes.npy"), model.encode(model.scaling.apply(new)))
    sentence = refused(capsys, "train", "vanilla", "new.csv", "--reconstruction", "bce", "--scale", "none")
    assert "in column 1 of example 1 of new.csv, whose range is 0 to 1 (20 of 20" in sentence
    assert sentence.endswith("; use --scale minmax, or --reconstruction squared-error")


@pytest.mark.usefixtures("no_figures")
def test_a_model_that_is_brought_keeps_its_scaling(capsys):
    x = 100 + np.random.default_rng(0).normal(size=(40, 4))
    np.savetxt("table.csv", np.column_stack([x, np.arange(40) % 2]), delimiter=",", header="a,b,c,d,label", comments="")
    assert run(capsys, "train", "linear", "table.csv", "--epochs", "3", "--out", "base")[0] == 0
    words = ["train", "classifier", "table.csv", "--autoencoder", "base", "--epochs", "3", "--out", "out"]
    assert run(capsys, *words)[0] == 0
    assert np.array_equal(ae.load("out/model.npz").scaling.shift, ae.load("base/model.npz").scaling.shift)
    assert "leave --scale out" in refused(capsys, *words, "--scale", "minmax")


def test_what_is_restored_over_time_ends_at_the_last_look():
    x = ae.datasets.load_digits().x
    monitor = Monitor(x, epochs=12)
    model = ae.LinearAutoencoder([64, 8], rng=0)
    model.fit(x, epochs=12, rng=0, observer=monitor)
    rows = restored_over_time(monitor).reshape(6, 8, 64)
    assert np.array_equal(rows[0], monitor.rows[0][:8])
    assert np.array_equal(rows[1], monitor.snapshots[0].restored)
    assert np.array_equal(rows[-1], model.reconstruct(rows[0]))


# Large files


@pytest.fixture
def all_are_large(monkeypatch):
    """Every file counts as large, and is read in pieces of 10 rows of 12, two of which make a block."""
    monkeypatch.setattr("aescratch.programs.cli.data.LARGE", 0)
    monkeypatch.setattr("aescratch.foundations.streams.PIECE", 120)
    monkeypatch.setattr("aescratch.foundations.streams.BLOCK", 240)


@pytest.mark.usefixtures("all_are_large", "no_figures")
def test_a_large_file_is_trained_on_without_being_loaded(capsys, small, monkeypatch):
    monkeypatch.setattr("aescratch.programs.cli.data.load_file", None)  # isn't called
    words = ["--code", 3, "--epochs", 3, "--validation", 0.25, "--patience", 2, "--checkpoint", "run.npz"]
    outcome, out, _ = run(capsys, "train", "vanilla", small, *words)
    assert outcome == 0
    assert "30 examples of small.npy to train on" in out
    assert "on the 10 examples held out:" in out
    stream = ae.datasets.open_file(small)
    model = ae.load("vanilla-small/model.npz")
    train, test = stream.split(0.25, rng=0)
    assert model.scaling is None
    again = ae.Autoencoder([12, 3], code_activation=ae.GELU, rng=0)
    history = again.fit(train.x, epochs=3, validation=test.x, patience=2, rng=0, optimizer=DEFAULT)
    assert read_json("vanilla-small/history.json")["loss"] == history.loss
    assert all(np.array_equal(a.value, b.value) for a, b in zip(model.parameters, again.parameters, strict=True))


@pytest.mark.usefixtures("all_are_large", "no_figures")
@pytest.mark.parametrize("scale", ["auto", "minmax"])
def test_a_large_file_is_scaled_as_a_small_one(capsys, monkeypatch, scale):
    table = 170 + 9 * np.random.default_rng(0).normal(size=(40, 12))
    np.savetxt("table.csv", np.column_stack([np.round(table), np.arange(40) % 3]), fmt="%d", delimiter=",",
               header=",".join([f"c{i}" for i in range(12)] + ["label"]), comments="")  # fmt: skip
    words = ["train", "classifier", "table.csv", "--epochs", 2, "--scale", scale]
    assert run(capsys, *words, "--out", "streamed")[0] == 0
    monkeypatch.setattr("aescratch.programs.cli.data.LARGE", 2**40)
    assert run(capsys, *words, "--out", "loaded")[0] == 0
    streamed, loaded = (ae.load(f"{name}/model.npz").scaling for name in ("streamed", "loaded"))
    assert streamed.how == loaded.how
    np.testing.assert_allclose(streamed.shift, loaded.shift)
    np.testing.assert_allclose(streamed.size, loaded.size)


@pytest.mark.usefixtures("all_are_large", "no_figures")
def test_measures_of_a_large_file_say_of_how_many_examples_they_are(capsys, small, monkeypatch):
    monkeypatch.setattr("aescratch.foundations.streams.SAMPLE", 17 * 12)
    assert "on 17 of the 40 examples of the training:" in run(capsys, "train", "vanilla", small, "--epochs", 1)[1]


@pytest.mark.usefixtures("all_are_large", "no_figures")
def test_what_is_wrong_with_a_large_file_is_one_sentence(capsys, small, folder):
    said = refused(capsys, "train", "vanilla", small, "--optimizer", "lbfgs")
    assert said.startswith("expected data in memory with LBFGS")
    x = np.random.default_rng(0).random((40, 12))
    x[33, 5] = np.nan
    np.save("bad.npy", x)
    assert refused(capsys, "train", "vanilla", "bad.npy", "--scale", "none").startswith("in row 33 of the data")
    assert refused(capsys, "train", "vanilla", "bad.npy").startswith("in row 33 of the data")
    np.save("whole.npy", np.arange(24).reshape(2, 12))
    assert "for example --divide-by 255" in refused(capsys, "train", "vanilla", "whole.npy")
    assert not (folder / "vanilla-bad").exists()
