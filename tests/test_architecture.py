"""The house: imports go downward only, no code asks for a concrete model's class, and importing the package is cheap."""

import ast
import functools
import graphlib
import pathlib
import subprocess
import sys

import pytest

import aescratch as ae
from aescratch.models import MODELS
from conftest import CORE

PACKAGE = pathlib.Path(ae.__file__).parent

# From the bottom up: a room may import the rooms below it, and its own files. A room is a folder, or a file at the root.
FLOORS = [
    {"backend"},
    {"foundations"},
    {"functions"},
    {"initializers", "losses", "penalties", "divergences", "corruptions", "optimizers"},
    {"layers"},
    {"activations", "codes", "dropout", "batch_norm"},
    {"training"},
    {"plots", "datasets"},
    {"models"},
    {"inspection"},
    {"estimator", "testing"},
    {"aescratch"},  # the package's own __init__, its face
    {"classroom"},
    {"programs"},
    {"__main__"},
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def module_files():
    """Every file of the package except the exercises, which belong to their readers."""
    return sorted(path for path in PACKAGE.rglob("*.py") if "path" not in path.relative_to(PACKAGE).parts)


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in module_files()}


def room_of(module):
    return module.split(".")[1] if "." in module else "aescratch"


def imports_of(tree):
    """The modules of the package that a file imports: at its top, inside functions, for type checkers alone, by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "aescratch")
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield "aescratch.relative"  # not done here: a reader should see where from
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aescratch":
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in submodules)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("aescratch."):
            yield node.value  # a table of what is imported by its name


def is_own_package(module, there):
    """Whether a name is that of the module itself or of a package that it lies in, which a logger has."""
    return there != "aescratch" and f"{module}.".startswith(f"{there}.")


# The trees themselves aren't kept: they would be most of what the tests' process holds, through which others search.
@functools.cache
def imports_in(module):
    return frozenset(imports_of(tree_of(MODULES[module])))


def arrows(module):
    """The other modules of the package that a module imports."""
    return {there for there in imports_in(module) & MODULES.keys() if not is_own_package(module, there)}


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downward_only(module):
    here = room_of(module)
    assert here in FLOOR, f"{here} has no floor yet: give it one in this test and on the page about the house"
    assert "aescratch.relative" not in imports_in(module)
    up = {there for there in arrows(module) if room_of(there) != here and FLOOR[room_of(there)] >= FLOOR[here]}
    assert not up


def circle(graph):
    """A way that leads from a module back to it, or nothing."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_no_import_leads_back_to_where_it_came_from():
    assert not circle({module: arrows(module) for module in MODULES})


def test_files_are_short_enough_to_be_read_in_one_go():
    assert not {module for module, path in MODULES.items() if len(path.read_text(encoding="utf-8").splitlines()) > 400}


@pytest.mark.parametrize(
    "text",
    [
        "import aescratch.programs.tour",
        "def draw():\n    from aescratch.programs.tour import findings",
        "if TYPE_CHECKING:\n    from aescratch.programs.tour.findings import learned",
        "from aescratch.programs import tour",
        "importlib.import_module('aescratch.programs.tour')",
    ],
)
def test_an_import_is_seen_wherever_it_stands(text):
    assert any(room_of(there) == "programs" for there in imports_of(ast.parse(text)))


def test_a_planted_circle_is_seen():
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a", "e"}, "d": {"a"}})) == {"a", "b", "c"}
    assert not circle({"a": {"b", "c"}, "b": {"c"}})


def libraries_of(tree):
    """The libraries that a file imports, and the calls that import one by a name."""
    modules, calls = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
        elif isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            calls += [ast.unparse(node)] if called in ("import_module", "__import__") else []
    return {module.split(".")[0] for module in modules}, calls


@functools.cache
def libraries_in(path):
    return libraries_of(tree_of(path))


def test_backend_alone_names_these_libraries_as_modules():
    assert libraries_of(ast.parse("import cupyx.scipy as c\nimportlib.import_module('cupy')")) == (
        {"cupyx"}, ["importlib.import_module('cupy')"],
    )  # fmt: skip
    named, called = {}, {}
    for path in PACKAGE.rglob("*.py"):
        modules, calls = libraries_in(path)
        place = path.relative_to(PACKAGE).as_posix()
        for library in ("cupy", "numba"):
            if modules & {library, f"{library}x"}:
                named.setdefault(library, set()).add(place)
            if any(library in call for call in calls):
                called.setdefault(library, set()).add(place)
    assert named == {}
    assert called["cupy"] == {"backend/arrays.py"}
    assert called["numba"] <= {"backend/compiled.py", "backend/machine_code.py"}


def test_no_file_reaches_for_the_network():
    forbidden = {"urllib", "http", "socket", "requests", "ftplib", "pooch"}
    for path in PACKAGE.rglob("*.py"):
        assert not forbidden & libraries_in(path)[0], path


def test_importing_the_package_imports_numpy_and_little_else():
    code = "import sys, aescratch; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in loaded
    assert not {"matplotlib", "scipy", "cupy", "numba", "tqdm", "torch", "sklearn", "multiprocessing", "socket"} & set(loaded)


# Nobody outside models/ asks for a concrete model's class


MODEL_NAMES = {
    node.name
    for path in (PACKAGE / "models").glob("*.py")
    if path.stem not in ("base", "statements")
    for node in tree_of(path).body
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


# The tests of the core


BEYOND_THE_CORE = {
    "architecture", "bare_python", "beginning", "bench", "blind", "blind_sets", "browser", "browser_jupyterlite", "browser_lens", "browser_mistakes", "browser_network", "browser_playground", "browser_site", "browser_step",
    "causes", "check_layer", "cli",
    "cli_check", "compiled", "complaints", "counts", "course", "courses", "cupy", "datasets", "debugger", "declared", "diagnosis",
    "docs", "dry_run", "ecosystem", "estimator", "exercise_styles", "exercises", "exercises_against_torch", "exercises_ko",
    "explanation", "exports", "fixtures",
    "foreign", "gpu", "gradcheck", "gradcheck_laws", "gradcheck_modes", "grading", "grading_hostile",
    "grading_imports", "grading_judge", "grading_ko", "grading_say", "grading_seeds", "help_ko", "kernels", "korean", "korean_findings", "korean_messages", "korean_output", "korean_reports", "language", "lines", "lines_settings",
    "localise", "lookalikes", "many_processes", "meaning_check", "meaning_formulas", "meaning_learning", "meaning_models",
    "meaning_opinions", "mistakes", "monitor", "numbers", "one_file", "one_place", "packaging", "page_words", "plain_english", "planted", "playground",
    "plots", "probabilistic_variants", "pyodide",
    "probabilistic_variants_against_torch", "quantized_variants", "quantized_variants_against_torch", "quotients",
    "real_graders", "recording", "release", "report", "scaling", "second_opinions", "site", "sources", "statements",
    "student_terminal", "styles", "tab", "testing", "tour",
    "tracing", "turns", "tutorials", "typing", "unflagged", "validation",
}  # fmt: skip


def test_every_file_of_tests_is_of_the_core_or_known_not_to_be():
    """A new file is put into CORE, in conftest.py, if it's about a formula, a layer, a model, a rule, training or files."""
    files = {path.stem for path in pathlib.Path(__file__).parent.glob("test_*.py")}
    beyond = {f"test_{name}" for name in BEYOND_THE_CORE}
    assert not CORE & beyond
    assert files == CORE | beyond


def test_the_core_is_what_is_marked_so(request):
    here = pathlib.Path(__file__).parent
    for item in request.session.items:
        of_the_core = item.path.parent == here and item.path.stem in CORE
        assert (item.get_closest_marker("core") is not None) == of_the_core, item.nodeid


def test_every_public_name_is_there_and_documented():
    for name in ae.__all__:
        assert getattr(ae, name).__doc__, f"ae.{name} has no docstring"


def test_every_file_opens_with_prose():
    for path in PACKAGE.rglob("*.py"):
        assert ast.get_docstring(tree_of(path)), path
