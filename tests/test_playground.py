"""The playground: its loops compared with Python, number by number, and the content of the page."""

import base64
import json
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest

import aescratch as ae
from aescratch.foundations.parameters import pack
from aescratch.inspection.tracing.language import evaluate, read
from aescratch.inspection.tracing.loops import Loops
from aescratch.programs.cli import main
from aescratch.programs.playground import data, page, recording
from aescratch.programs.playground.variants import ACTIVATIONS, VARIANTS

ROOT = pathlib.Path(__file__).parents[1]

N, D, H, STEPS = 11, 7, 5, 100
RATES = {"sgd": 0.05, "adam": 0.01}
CASES = [
    (variant, activation, rule)
    for variant in VARIANTS
    for activation in (ACTIVATIONS if variant.deep else ["tanh"])
    for rule in (RATES if activation == "tanh" else ["adam"])
]
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")

TRAIN = """
const { cases, programs, rules } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ program, rule, rate, sizes, start, steps }) => {
  const network = new Network(programs[program], sizes);
  network.values.set(start);
  const optimiser = new Rule(rules[rule], network);
  const losses = steps.map((given) => {
    for (const [name, values] of Object.entries(given)) network.arrays[name].set(values);
    network.run();
    optimiser.step(rate);
    return network.arrays.J[0];
  });
  const view = network.view(3), x = steps[0].x.slice(0, 3 * sizes.D);
  const code = Array.from(view.encode(x)), back = Array.from(view.decode(code)), error = view.error();
  return { losses, values: Array.from(network.values), code, back, error };
})));
"""


def node(script, given):
    """The output of a Node.js script for a JSON input."""
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps(given), capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def trained(variant, activation, rule, monkeypatch):
    """A training in Python: what JavaScript is given, the losses and the model afterwards."""
    seen = {}
    for name, noises in (("corrupt", ("keep", "noise")), ("reparameterize", ("eps",))):
        before = getattr(ae.functions, name)

        def watched(*arguments, before=before, noises=noises):
            seen.update(zip(noises, arguments[-len(noises) :], strict=True))
            return before(*arguments)

        monkeypatch.setattr(ae.functions, name, watched)
    model = variant.make([D, H, 3] if variant.deep else [D, 6], ACTIVATIONS[activation])
    model.dtype = "float64"
    pack(model.parameters, "float64")
    rng = np.random.default_rng(3)
    for parameter in model.parameters:
        parameter.value = rng.uniform(-0.7, 0.7, parameter.shape)
    start = np.concatenate([parameter.value.ravel() for parameter in model.parameters]).tolist()
    state = {"sgd": ae.SGD(RATES["sgd"]), "adam": ae.Adam(RATES["adam"])}[rule].start(model.parameters)
    steps, losses = [], []
    with model.training():
        for _ in range(STEPS):
            x = rng.random((N, D))
            losses.append(float(model.loss(x, rng=rng)))
            model.backward()
            state.step(RATES[rule])
            noise = {name: np.asarray(values, float).ravel().tolist() for name, values in seen.items()}
            steps.append({"x": x.ravel().tolist(), **noise})
    sizes = {"N": N, "D": D, "H": H, "C": model.widths[-1], "K": getattr(model, "n_codes", 1)}
    case = {
        "program": f"{variant.name} {activation}", "rule": rule, "rate": RATES[rule], "sizes": sizes, "start": start, "steps": steps,
    }  # fmt: skip
    return case, losses, model


@pytest.fixture(scope="module")
def pairs():
    """Every training in Python, beside the same one in JavaScript."""
    loops = Loops()
    given = {"programs": recording.programs(loops), "rules": recording.rules(loops)}
    with pytest.MonkeyPatch.context() as monkeypatch:
        ours = []
        for case in CASES:
            with monkeypatch.context() as patch:
                ours.append(trained(*case, patch))
    theirs = node(page.script_of(loops) + TRAIN, {"cases": [case for case, _, _ in ours], **given})
    return {
        f"{variant.name} {activation} {rule}": (case, losses, model, there)
        for (variant, activation, rule), (case, losses, model), there in zip(CASES, ours, theirs, strict=True)
    }


@needs_node
@pytest.mark.parametrize("name", [f"{variant.name} {activation} {rule}" for variant, activation, rule in CASES])
def test_a_hundred_steps_in_javascript_are_pythons(name, pairs):
    case, losses, model, there = pairs[name]
    np.testing.assert_allclose(there["losses"], losses, rtol=1e-9, atol=1e-12)
    values = np.concatenate([parameter.value.ravel() for parameter in model.parameters])
    np.testing.assert_allclose(there["values"], values, rtol=1e-9, atol=1e-12)
    assert losses[-1] < losses[0]  # something was learnt
    assert abs(values - case["start"]).max() > 1e-2
    x = np.array(case["steps"][0]["x"]).reshape(N, D)[:3]
    np.testing.assert_allclose(there["code"], model.encode(x).ravel(), rtol=1e-9, atol=1e-12)
    back = model.decode(model.encode(x))
    np.testing.assert_allclose(there["back"], back.ravel(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(there["error"], ae.functions.squared_error(back, x), rtol=1e-9)


FORMULAS = [
    "y[n,j] = sum(i, x[n,i] * W[i,j]) + b[j]", "y[n] = x[n,0] / mean(i, x[n,i]**2)", "y[n] = x[n,0] - (x[n,1] - x[n,2])",
    "y[n,i] = -x[n,i]**2 if x[n,i] > 0.5 and x[n,i] < 0.9 or i == 2 else 2 / (1 / exp(-x[n,i]))",
    "y = sum(n, sum(i, abs(x[n,i] - sum(n, x[n,i]) / N)**3))", "y[j,i] = W[i,j] * sum(i, W[i,j])", "y[n,a] = sum(i, x[n,i] * W[i,a]) - b[a]",
    "y[n] = x[n,0] * s**3 + exp(s) / s**2 - exp(s) * s", "y[n] = x[n, floor(2.5)] + max(x[n,0], x[n,1]) * min(x[n,0], 0.3)",
]  # fmt: skip


@needs_node
def test_loops_compute_what_the_language_says():
    rng = np.random.default_rng(0)
    values = {"s": np.array(0.7), "x": rng.random((3, 5)), "W": rng.standard_normal((5, 7)), "b": rng.standard_normal(7)}
    sizes = {"N": 3, "D": 5, "H": 7}
    shapes = {"s": [], "x": ["N", "D"], "W": ["D", "H"], "b": ["H"]}
    loops, calls, expected = Loops(), [], []
    letters = {"n": "N", "i": "D", "j": "H", "a": "H"}
    for text in FORMULAS:
        equation = read(text)
        call = loops.call("formula", equation, {**shapes, "y": [letters[index] for index in equation.indices]})
        expected.append(evaluate(equation, values, tuple(sizes[letters[index]] for index in equation.indices)))
        calls.append([call.loop, expected[-1].size, call.reads, [sizes[size] for size in call.sizes]])
    script = page.script_of(loops) + """
        const [calls, values] = JSON.parse(require("fs").readFileSync(0, "utf8"));
        console.log(JSON.stringify(calls.map(([loop, size, reads, sizes]) => {
          const out = new Float64Array(size);
          LOOPS[loop](out, ...reads.map((name) => Float64Array.from(values[name])), ...sizes);
          return Array.from(out);
        })));"""
    results = node(script, [calls, {name: value.ravel().tolist() for name, value in values.items()}])
    for text, result, right in zip(FORMULAS, results, expected, strict=True):
        np.testing.assert_allclose(result, right.ravel(), rtol=1e-12, err_msg=text)


def test_what_is_not_translated_is_refused():
    with pytest.raises(ValueError, match=r"expected a formula of sums, means and .*, got 'erf'"):
        Loops().call("gelu", read("y[n] = erf(x[n])"), {"x": ["N"], "y": ["N"]})


def test_pca_beside_the_network_is_pca():
    for each in data.sets():
        raw = np.frombuffer(base64.b64decode(each["x"]), "<u2" if each["levels"] > 255 else "u1")
        x = (each["least"] + raw / each["levels"] * (each["most"] - each["least"])).reshape(each["shape"])
        pca = each["pca"]
        directions = np.reshape(pca["directions"], (x.shape[1], pca["components"]))
        centred = x - pca["mean"]
        for width in range(pca["components"] + 1):
            kept = directions[:, :width]
            error = ae.functions.squared_error(centred @ kept @ kept.T, centred)
            assert error == pytest.approx(pca["errors"][width], abs=2e-5), (each["name"], width)


def test_the_command_writes_one_page_as_large_as_is_said_that_names_no_address(tmp_path, capsys):
    path = tmp_path / "playground.html"
    assert main(["playground", "--out", str(path), "--json"]) == 0
    text = path.read_text(encoding="utf-8")
    assert json.loads(capsys.readouterr().out) == {"page": str(path), "bytes": path.stat().st_size}
    (said,) = re.findall(r"a file of (\d+) KB, which downloads nothing", (ROOT / "docs" / "playground.md").read_text(encoding="utf-8"))
    assert round(path.stat().st_size, -5) == 1000 * int(said)
    assert "http" not in text.replace("http-equiv", "")
    assert main(["playground", "--out", str(tmp_path / "no" / "page.html")]) == 2
