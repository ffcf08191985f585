"""The house: imports go downward only, nobody asks for a concrete model's class, and importing the package is cheap."""

import ast
import pathlib
import subprocess
import sys

import pytest

import aescratch as ae
from aescratch.models import MODELS

PACKAGE = pathlib.Path(ae.__file__).parent

# From the bottom up; what stands on one line may not import its neighbours, a folder its own files.
STOREYS = [
    {"kernels"},
    {"backend"},
    {"buffers", "recipes", "sources", "validation", "declared"},
    {"parts"},
    {"functions"},
    {"making"},
    {"initializers"},
    {"losses", "penalties", "corruptions", "schedules"},
    {"optimizers"},
    {"lbfgs"},
    {"layers"},
    {"activations", "dropout", "batch_norm"},
    {"contract"},
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


# Nobody outside models/ asks for a concrete model's class


MODEL_NAMES = {
    node.name
    for path in (PACKAGE / "models").glob("*.py")
    if path.stem not in ("base", "statements")
    for node in ast.parse(path.read_text(encoding="utf-8")).body
    if isinstance(node, ast.ClassDef)
}
MODEL_WORDS = {kind.word for kind in MODELS}


def asks_for(node, names):
    """Whether an expression names one of these, as a name, an attribute or a text."""
    parts = {
        getattr(part, "id", None) or getattr(part, "attr", None) or getattr(part, "value", None)
        for part in ast.walk(node)
        if isinstance(part, (ast.Name, ast.Attribute, ast.Constant))
    }
    return bool({part for part in parts if isinstance(part, str)} & names)


def branches_on_models(text):
    """The lines that ask which model something is: by its class, its class's name, or its word."""
    tree = ast.parse(text)
    # In dict[str, Autoencoder] the pair is a type, and not a table.
    types = {id(node.slice) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
    for node in ast.walk(tree):
        asked = []
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("isinstance", "issubclass"):
            asked = node.args[1:]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "register":
            asked = node.args
        elif isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
            # A word is a text: that it stands for a model is told by what it is compared with.
            last_names = {getattr(each, "attr", getattr(each, "id", "")) for each in asked}
            if {"variant", "word"} & last_names and any(asks_for(each, MODEL_WORDS) for each in asked):
                yield node.lineno
        elif isinstance(node, ast.Dict):
            asked = [key for key in node.keys if key is not None]
        elif isinstance(node, (ast.Tuple, ast.List, ast.Set)) and id(node) not in types:
            asked = [item for item in node.elts if isinstance(item, (ast.Name, ast.Attribute))]
        elif isinstance(node, ast.MatchClass):
            asked = [node.cls]
        if any(asks_for(expression, MODEL_NAMES) for expression in asked):
            yield node.lineno


def test_nobody_outside_models_asks_for_a_concrete_model():
    found = []
    for path in module_files():
        inside = path.relative_to(PACKAGE).as_posix()
        if not inside.startswith("models/"):
            found += [f"{inside}:{line}" for line in branches_on_models(path.read_text(encoding="utf-8"))]
    assert not found


@pytest.mark.parametrize(
    "planted",
    [
        "isinstance(model, ae.SoftmaxClassifier)",
        "issubclass(kind, (Model, StackLayer))",
        "type(model) is Autoencoder",
        "model.__class__ == ae.models.sparse.SparseAutoencoder",
        "type(model).__name__ == 'KSparseAutoencoder'",
        "type(model).__name__ in {'KSparseAutoencoder', 'TopK'}",
        "type(model) in [VariationalAutoencoder]",
        "arguments.variant == 'stacked'",
        "arguments.variant in ('contractive', 'mine')",
        "TABLE = {ae.DenoisingAutoencoder: 'denoising', **others}",
        "TABLE = {'DenoisingAutoencoder': draw}",
        "KINDS = (ae.Autoencoder, ae.LinearAutoencoder)",
        "draw.register(LinearAutoencoder)(draw_linear)",
        "match model:\n    case ae.LinearAutoencoder():\n        pass",
    ],
)
def test_a_planted_branch_on_a_model_is_seen(planted):
    assert list(branches_on_models(planted))


@pytest.mark.parametrize(
    "allowed",
    [
        "model = ae.SoftmaxClassifier(ae.Autoencoder(widths), 10)",
        "def draw(model: ae.Autoencoder) -> dict[str, ae.Autoencoder]: ...",
        "make = partial(ae.DenoisingAutoencoder, corruption=noise)",
        "isinstance(part, Dense)",
        "from aescratch.models.autoencoder import Autoencoder",
    ],
)
def test_building_a_model_by_its_name_is_no_branch(allowed):
    assert not list(branches_on_models(allowed))


def test_every_public_name_is_there_and_documented():
    for name in ae.__all__:
        assert getattr(ae, name).__doc__, f"ae.{name} has no docstring"


def test_every_file_opens_with_prose():
    for path in PACKAGE.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
