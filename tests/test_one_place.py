"""A formula is one place: SiLU, a penalty and a loss are added to a copy of the package as the how-to page says, and
pass the package's own tests without any other edit.
"""

import collections
import os
import re
import subprocess
import sys

import pytest
from copied_package import ROOT, copy_package
from copied_package import run_python as run

PAGE = ROOT / "docs" / "how-to" / "own-formula.md"
FAMILIES = ("activations", "penalties", "losses")  # in the order of the page
RECORDS_BEGIN, RECORDS_END = "# Everything else about these formulas\n", ")  # fmt: skip\n"
NEW = "silu or SiLU or log_sparsity or LogSparsity or log_cosh or LogCosh"
# How many cases of its own each file has, at least, for what is new.
CASES = {
    "test_functions.py": 25, "test_second_opinions.py": 44, "test_layers.py": 8, "test_tracing.py": 12,
    "test_kernels.py": 16, "test_files.py": 10, "test_check_layer.py": 2, "test_cli.py": 1, "test_explanation.py": 4,
    "test_cli_check.py": 4, "test_backend.py": 4, "test_cupy.py": 4, "test_meaning_formulas.py": 4,
}  # fmt: skip
WHOLE = (
    "test_functions.py::test_every_function_of_the_sheet_has_a_record",
    "test_tracing.py::test_every_function_of_the_sheet_has_its_formula",
    "test_second_opinions.py::test_every_part_that_the_sheet_describes_is_looked_at",
    "test_meaning_check.py::test_every_right_model_is_accepted",
    "test_docs.py::test_the_reference_leaves_no_public_name_out",
    "test_architecture.py::test_files_are_short_enough_to_be_read_in_one_go",
    "test_architecture.py::test_nobody_outside_models_asks_for_a_concrete_model",
    "test_architecture.py::test_every_public_name_is_there_and_documented",
)


def blocks():
    """The page's code that isn't a doctest: of each family its functions, then its record."""
    code = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    code = [block for block in code if ">>>" not in block.partition("\n")[0]]
    return dict(zip(FAMILIES, zip(code[::2], code[1::2], strict=True), strict=True))


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the package, with what the page adds in the three files that it names."""
    folder = copy_package(tmp_path_factory.mktemp("copy"))
    for family, (functions, record) in blocks().items():
        path = folder / "aescratch" / "functions" / f"{family}.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(RECORDS_BEGIN) == text.count(RECORDS_END) == 1
        text = text.replace(RECORDS_BEGIN, f"{functions}\n\n{RECORDS_BEGIN}").replace(RECORDS_END, record + RECORDS_END)
        path.write_text(text, encoding="utf-8")
    return folder


def test_what_the_page_adds_is_new():
    for functions, _ in blocks().values():
        for name in re.findall(r"^def (\w+)\(", functions, re.MULTILINE):
            assert not any(f"def {name}(" in path.read_text(encoding="utf-8") for path in (ROOT / "aescratch").rglob("*.py"))


@pytest.mark.in_turn(3)
def test_the_packages_own_tests_have_cases_for_it_and_pass(extended):
    files = [f"tests/{file}" for file in CASES]
    done = run(extended, "-m", "pytest", "-q", "-rp", "-p", "no:cacheprovider", "-k", NEW, *files)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    passed = collections.Counter(re.findall(r"^PASSED tests/(\w+\.py)::", done.stdout, re.MULTILINE))
    assert {file: passed[file] for file, least in CASES.items() if passed[file] < least} == {}


@pytest.mark.in_turn(1)
def test_the_packages_tests_of_completeness_pass(extended):
    done = run(extended, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *(f"tests/{name}" for name in WHOLE))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


EVERYTHING = '''
import contextlib
import io

import numpy as np
import aescratch as ae
from aescratch.programs.cli import main

assert {"SiLU", "LogSparsity", "LogCosh"} <= set(ae.__all__)
x = np.random.default_rng(0).random((7, 5))
options = {"activation": ae.SiLU, "code_activation": ae.SiLU, "reconstruction": ae.LogCosh(), "rng": 0}
for model in (
    ae.SparseAutoencoder([5, 4, 3], ae.LogSparsity(0.1), **options),
    ae.ContractiveAutoencoder([5, 3], weight=0.2, code_activation=ae.SiLU, rng=0),
):
    report = ae.check_gradients(model, x)
    assert report.verdict == "pass", str(report)
    meaning = ae.check_meaning(model, x)
    assert meaning.verdict == "pass", str(meaning)
    assert not [finding for finding in meaning.findings if finding.code == "not-looked-at"], str(meaning)
    step = ae.trace(model, x)
    used = {operation.function for operation in step}
    assert {"silu", "silu_backward"} <= used or {"silu_slope", "silu_slope_backward"} <= used, used
    assert all(operation.agrees for operation in step)
    model.save("model.npz")
    again = ae.load("model.npz")
    assert repr(again) == repr(model)
    assert np.array_equal(again.encode(x), model.encode(x))
assert repr(model) != repr(ae.ContractiveAutoencoder([5, 3], weight=0.2, rng=0))
assert "SiLU" in repr(ae.Autoencoder([5, 4, 3], activation=ae.SiLU, rng=0))
np.savetxt("table.csv", x, delimiter=",")
words = "--hidden 4 --code 3 --activation silu --code-activation silu --sparsity log:0.1 --reconstruction log-cosh"
assert main(["train", "sparse", "table.csv", "--epochs", "2", "--out", "trained", *words.split()]) == 0
assert main(["check", "sparse", *words.split()]) == 0
with contextlib.redirect_stdout(io.StringIO()) as help, contextlib.suppress(SystemExit):
    main(["train", "--help"])
assert all(word in help.getvalue() for word in ("silu", "log:WEIGHT", "log-cosh")), help.getvalue()
'''


def test_it_can_be_trained_checked_traced_saved_and_asked_for_on_the_command_line(extended):
    done = run(extended, "-c", EVERYTHING)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_a_record_or_a_layer_of_a_name_that_is_taken_is_refused(tmp_path):
    folder = copy_package(tmp_path / "copy")
    path = folder / "aescratch" / "functions" / "penalties.py"
    right = path.read_text(encoding="utf-8")
    twice = right + "\n\nRECORDS = (*RECORDS, RECORDS[-1])\n"
    for text, message in (
        (twice, "expected a formula with a new name in aescratch.functions.penalties"),
        (right.replace('layer="L1Sparsity"', 'layer="Autoencoder"'), "expected a unique name for a layer"),
    ):
        path.write_text(text, encoding="utf-8")
        done = run(folder, "-c", "import aescratch")
        assert done.returncode == 1
        assert message in done.stderr


def test_the_page_of_derivations_gets_its_sections(extended):
    pytest.importorskip("docutils", reason="needs Sphinx: pip install -e '.[docs]'")
    code = (
        "import site_records as made, pathlib; text = [pathlib.Path('docs/explanation/derivations.md').read_text('utf-8')];"
        "made.fill_derivations(None, '', text); print(text[0])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(extended), str(extended / "docs" / "_ext")])}
    page = subprocess.run(
        [sys.executable, "-c", code], cwd=extended, env=environment, capture_output=True, text=True, encoding="utf-8",
        check=True,
    ).stdout  # fmt: skip
    for title in ("silu, silu_slope", "log_sparsity", "log_cosh"):
        assert page.count(f"\n### {title}\n\n") == 1
    assert page.index("### gelu_tanh") < page.index("### silu, ") < page.index("### top_k")
    assert "{derivations}" not in page
