"""The house: imports go downward only, cupy is imported in one place, and importing the package is cheap."""

import ast
import pathlib
import subprocess
import sys

import pytest

import aescratch as ae

PACKAGE = pathlib.Path(ae.__file__).parent

# From the bottom up; what stands on one line may not import its neighbours, a folder its own files.
STOREYS = [
    {"kernels"},
    {"backend"},
    {"parts", "recipes", "validation", "declared"},
    {"functions"},
    {"initializers"},
    {"losses", "penalties", "corruptions", "schedules"},
    {"optimizers"},
    {"lbfgs"},
    {"layers"},
    {"activations"},
    {"files", "history"},
    {"checkpoints"},
    {"training"},
    {"models"},
    {"recording"},
    {"tracing", "gradcheck", "measures", "plots", "datasets"},
    {"exercises", "estimator", "testing"},
    {"tour", "bench"},
    {"cli"},
]
HEIGHT = {name: height for height, storey in enumerate(STOREYS) for name in storey}


def module_files():
    outside = {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
    return sorted(path for path in PACKAGE.rglob("*.py") if path not in outside)


def storey_of(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported_storeys(path):
    """The storeys of the package that a file imports when it is imported, not inside its functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside_functions = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if id(node) in inside_functions:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("aescratch."))
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                yield storey_of(path)
            elif module == "aescratch":
                yield from (alias.name for alias in node.names if alias.name in HEIGHT)
            elif module.startswith("aescratch."):
                yield module.split(".")[1]


@pytest.mark.parametrize("path", module_files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downward_only(path):
    here = storey_of(path)
    assert here in HEIGHT, f"{here} has no storey yet: give it one in this test and in design order"
    for there in imported_storeys(path):
        assert there == here or HEIGHT[there] < HEIGHT[here], f"{path.name} in {here} imports {there}"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_backend_names_cupy_as_a_module(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    dynamic = [call for call in calls if call.startswith(("importlib.import_module", "__import__")) and "cupy" in call]
    assert not [module for module in modules if module.split(".")[0] in ("cupy", "cupyx")]
    assert not dynamic or path.name == "backend.py"


def test_no_file_reaches_for_the_network():
    forbidden = {"urllib", "http", "socket", "requests", "ftplib", "pooch"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not forbidden & {name.split(".")[0] for name in names}, path


def test_importing_the_package_imports_numpy_and_little_else():
    code = "import sys, aescratch; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in loaded
    assert not {"matplotlib", "scipy", "cupy", "tqdm", "torch", "sklearn", "multiprocessing", "socket"} & set(loaded)


def test_every_public_name_is_there_and_documented():
    for name in ae.__all__:
        assert getattr(ae, name).__doc__, f"ae.{name} has no docstring"


def test_every_file_opens_with_prose():
    for path in PACKAGE.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
