"""What is said in Korean of a wrong forward, a training or data has no English word but names, formulas and codes."""

import re

import numpy as np
import pytest
from matplotlib import get_cachedir
from sentences import NAMES
from test_diagnosis import SICK
from test_meaning_check import CLASS_MUTANTS, MUTANTS, X, labels_of, put
from test_second_opinions import PARTS, part

import aescratch as ae
from aescratch.foundations.language import gettext, in_language
from aescratch.inspection.diagnosis import CODES, COMMAND_LINE
from aescratch.inspection.gradcheck.meaning.choosing import oracle_of
from aescratch.models import MODELS
from aescratch.programs.cli import main

WORD = re.compile(r"[A-Za-z_]{2,}")
# Names in Python and in formulas, the same in every language.
SETTING = re.compile(r"--[a-z-]+( [^\s,.)]+)?|\w+\([^)]*\)")  # such as --epochs 30, L1Sparsity(weight=0.1)
SAME = NAMES | {"GELU", "eps", "float", "mean", "rng", "sigma", "slope", "softmax", "variance"}


def english_in(text, names=()):
    """The words of a text that are neither names nor parts of formulas."""
    return {word for word in WORD.findall(text) if word not in SAME} - {word for name in names for word in WORD.findall(name)}


def names_of(model):
    """The names that a report on a model may hold: classes, parts, methods."""
    return [type(model).__name__, *dir(model), *model.parts, *(type(each).__name__ for each in model.parts.values())]


def sentences_of(oracle):
    """What is said if a forward differs from an oracle, by any of its readings, as it is shown."""
    return [gettext(words) for words in (oracle.claim, oracle.question, *(reading.cause for reading in oracle.readings))]


@pytest.mark.parametrize("name", PARTS)
def test_all_that_a_formula_may_compute_instead_is_told_in_korean(name):
    layers = [record.layer for record in ae.functions.ACTIVATIONS.values()]
    with in_language("ko"):
        told = sentences_of(oracle_of(part(name), np.random.default_rng(0)))
    assert len(told) > 5
    assert {words: found for words in told if (found := english_in(words, layers))} == {}


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.word)
def test_what_the_parts_of_a_variant_compute_is_told_in_korean(kind):
    model = kind(**kind.arguments_for([5, 3], n_classes=3, rng=0))
    layers = [record.layer for record in ae.functions.ACTIVATIONS.values()]
    with in_language("ko"):
        oracles = [oracle_of(each, np.random.default_rng(0)) for each in model.parts.values()]
        told = {words for oracle in oracles if oracle is not None for words in sentences_of(oracle)}
        report = str(ae.check_meaning(model))
    assert {words: found for words in told if (found := english_in(words, layers))} == {}
    assert english_in(report, names_of(model)) == set()


@pytest.mark.parametrize("name", CLASS_MUTANTS)
def test_wrong_noise_and_wrong_wiring_are_told_in_korean(name):
    model = CLASS_MUTANTS[name][0]()
    with in_language("ko"):
        report = ae.check_meaning(model)
        told = str(report)
    assert report.verdict == "fail"
    assert english_in(told, names_of(model)) == set()


@pytest.mark.in_turn
@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_forward_is_told_in_korean(monkeypatch, name):
    function, make, forward, _ = MUTANTS[name]
    model = make()
    put(monkeypatch, function, forward)
    with in_language("ko"):
        report = str(ae.check_meaning(model, X, labels_of(model)))
    assert english_in(report, [*names_of(model), *(record.layer for record in ae.functions.ACTIVATIONS.values())]) == set()


@pytest.mark.in_turn
@pytest.mark.parametrize("training", SICK, ids=lambda training: f"{training.code}: {training.name}")
def test_what_a_training_did_not_learn_is_told_in_korean(training):
    run = training.run()
    with in_language("ko"):
        found = ae.diagnose(run.model, run.x, history=run.history, validation=run.unseen, spelling=COMMAND_LINE)
        told, page = str(found), found._repr_html_()
    assert training.code in told
    for text in (told, page):
        assert english_in(SETTING.sub("", text), [*CODES, *run.model.parts, "PCA SSE beta ul li strong"]) == set()


COMMANDS = {
    "train": "train vanilla --epochs 3 --out run",
    "train too fast": "train sparse --epochs 4 --learning-rate 0.3 --validation 0.3 --out run",
    "train on a table": "train variational table.csv --epochs 3 --out run --checkpoint run.npz",
    "evaluate": "evaluate run",
    "step": "step vanilla",
    "step in text": "step vanilla --examples 1 --inputs 3 --code 2 --text",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_prints_of_a_training_is_korean(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).normal(70, 9, (60, 3)).round(1)
    (tmp_path / "table.csv").write_text("a,b,c,label\n" + "".join(f"{a},{b},{c},{i % 3}\n" for i, (a, b, c) in enumerate(rows)))
    if name == "evaluate":
        main(["train", "vanilla", "--epochs", "2", "--out", "run"])
        capsys.readouterr()
    assert main(["--language", "ko", *COMMANDS[name].split()]) == 0
    told = capsys.readouterr().out
    if "--text" in COMMANDS[name]:
        told = "\n".join(line for line in told.splitlines() if not line.startswith(" "))  # the others are formulas and code
    told = re.sub(r"\S+\.(npz|png|json|html|txt|csv)", "", SETTING.sub("", told))
    names = [*(kind.__name__ for kind in MODELS), *CODES, "encoder decoder reconstruction sparsity divergence sampling"]
    names += ["dense log_variance decay run digits numpy label PCA SSE SGD rate ReLU gelu beta mean"]
    assert english_in(told, names) == set()


FILES = {
    "ragged.csv": b"a,b\n1,2\n3\n", "hole.csv": b"a,b\n1,2\n,3\n", "words.csv": b"a,b\n1,x\n", "empty.csv": b"", "text.txt": b"1 2\n",
    "quoted.csv": b'a,b\n1,"2\n', "latin.csv": "a,b\n1,\xe9\n".encode("latin-1"), "labels.csv": b"a,label\n1,x\n", "bytes.dat": b"\x93\x01",
    "twice.csv": b"label,label,a\n1,2,3\n", "unnamed.csv": b"a,,b\n1,2,3\n", "infinite.csv": b"a,b\n1,inf\n", "whole.csv": b"a,b\n5,7\n",
    "bad.npz": b"PK\x03\x04bad", "bad.npy": b"\x93NUMPY", "short.csv.gz": b"\x1f\x8b\x08",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_what_is_wrong_with_a_file_is_told_in_korean(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.write_bytes(FILES[name])
    with in_language("ko"), pytest.raises((ValueError, OSError)) as raised:
        ae.datasets.load_file(path)
    told = SETTING.sub("", str(raised.value).replace(str(path), ""))
    assert english_in(told, ["NaN UTF IDX csv npy npz parquet numpy.save divide_by categories int64 float32 label"]) == set()
    main(["--language", "ko", "train", "vanilla", str(path), "--epochs", "1"])
    told = SETTING.sub("", capsys.readouterr().err.replace(str(path), "").replace(get_cachedir(), ""))
    assert english_in(told, ["aescratch matplotlib NaN UTF IDX csv npy npz parquet numpy.save int64 float32 label"]) == set()


ARGUMENTS = {
    "a list of words": lambda: ae.Autoencoder([4, 2], rng=0).fit(np.array([["x"]])),
    "integers": lambda: ae.Autoencoder([4, 2], rng=0).fit(np.arange(8).reshape(2, 4)),
    "pixels": lambda: ae.Autoencoder([4, 2], rng=0).fit(np.full((2, 4), 255)),
    "one row": lambda: ae.Autoencoder([4, 2], rng=0).encode(np.zeros(4)),
    "another width": lambda: ae.Autoencoder([4, 2], rng=0).encode(np.zeros((2, 5))),
    "NaN": lambda: ae.Autoencoder([4, 2], rng=0).fit(np.full((2, 4), np.nan)),
    "no array": lambda: ae.Autoencoder([4, 2], rng=0).fit("data.csv"),
    "no example": lambda: ae.Autoencoder([4, 2], rng=0).fit(np.zeros((0, 4))),
    "epochs": lambda: ae.Autoencoder([4, 2], rng=0).fit(np.zeros((2, 4)), epochs=-1),
    "a rate": lambda: ae.Adam("fast"),
    "rho": lambda: ae.KLSparsity(2.0, 1.0),
    "a seed": lambda: ae.Autoencoder([4, 2], rng="0"),
    "a fraction": lambda: ae.datasets.load_digits().split(2),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_is_wrong_with_an_argument_is_told_in_korean(name):
    with in_language("ko"), pytest.raises((ValueError, TypeError)) as raised:
        ARGUMENTS[name]()
    told = re.sub(r"'[^']*'|[\w.]+\([^()]*\)|\w+=\S*", "", str(raised.value))
    names = ["None NaN learning_rate epochs rho rng numpy.random.Generator fraction list str int64 astype Autoencoder"]
    assert english_in(told, names) == set()
