"""Kernels for the GPU, tested without one: their text compiled by a C++ compiler, and by NVIDIA's where it is installed.

Each formula that becomes a kernel is compiled as C++ for the CPU, run over arrays that hold zeros, NaN and large numbers
too, and compared with NumPy's evaluation of the same formula.
"""

import ctypes
import inspect
import re
import shutil
import subprocess

import numpy as np
import pytest

from aescratch import activations, backend, functions
from aescratch.backend import kernels
from aescratch.optimizers import rules

N, D = 7, 5
SPECIAL = [0.0, -0.0, np.nan, 30.0, -30.0]
FLOATS = {"float32": ("float", ctypes.c_float), "float64": ("double", ctypes.c_double)}
# C's exp and tanh differ from NumPy's in the last place; where a formula subtracts, that grows.
PLACES = 64


@backend.fused
def extremes(a, b):
    """NumPy's maximum and minimum, NaN on either side included, of which the sheet needs only one."""
    xp = backend.array_module(a)
    return xp.maximum(a, b), xp.minimum(a, b)


def fused_formulas():
    """Every formula that a GPU evaluates in one kernel, by name, and one that isn't the package's."""
    found = {"extremes": extremes}
    for module in (*functions.FAMILIES, rules):
        for name, thing in vars(module).items():
            if hasattr(thing, "__wrapped__") and thing.__module__ == module.__name__:
                found[name.strip("_")] = thing
    for thing in vars(activations).values():
        if getattr(thing, "takes_bias", False):
            found[f"biased_{thing.whole.__name__}"] = backend.biased(thing.whole)
    return found


FORMULAS = fused_formulas()
every_formula = pytest.mark.parametrize("name", FORMULAS)
both_types = pytest.mark.parametrize("dtype", FLOATS)


def numbers(name):
    """The arguments of a formula that are numbers."""
    return [p.name for p in inspect.signature(FORMULAS[name]).parameters.values() if p.annotation == "float"]


def kernel_of(name, dtype):
    return kernels.write_kernel(FORMULAS[name], tuple(inspect.signature(FORMULAS[name]).parameters), dtype)


def arguments_of(name, dtype, special):
    """Arguments by name: numbers in (0, 1), and random arrays, with special numbers in the first row if wanted."""
    rng = np.random.default_rng(0)
    given = {}
    for argument in inspect.signature(FORMULAS[name]).parameters:
        if argument in numbers(name):
            given[argument] = float(rng.uniform(0.1, 0.9))
        else:
            x = rng.normal(0, 2, (N, D)).astype(dtype)
            if special:
                x[0] = SPECIAL[len(given) :] + SPECIAL[: len(given)]  # not in the same place in every array
            given[argument] = x * x if argument == "v" else x  # a mean of squares
    return given


def numpys(name, given):
    """What NumPy makes of it: the arguments, which the formula may have changed, and what it returned."""
    given = {argument: np.array(value) if isinstance(value, np.ndarray) else value for argument, value in given.items()}
    with np.errstate(all="ignore"):
        returned = FORMULAS[name](**given)
    returned = () if returned is None else returned if isinstance(returned, tuple) else (returned,)
    return given, [np.asarray(array) for array in returned]


def cpp_of(name, dtype):
    """A kernel as a C++ function of (entries, inputs..., outputs...): arrays by pointer, numbers by value."""
    kernel, float_name = kernel_of(name, dtype), FLOATS[dtype][0]
    source = kernel.source()
    reads = [part.split()[1] for part in source["in_params"].split(", ") if part]
    writes = [part.split()[1] for part in source["out_params"].split(", ")]
    is_number = [argument in [*numbers(name), "n"] for argument in kernel.inputs]
    head = [f"T {r}_" if number else f"const T* {r}_" for r, number in zip(reads, is_number, strict=True)]
    load = [f"T {r} = {r}_{'' if number else '[i]'};" for r, number in zip(reads, is_number, strict=True)]
    refer = [f"T& {w} = {w}_[i];" for w in writes]
    body = source["operation"] if "operation" in source else f"y = {source['map_expr']};"
    preamble = source["preamble"].replace(kernels.PREAMBLE, "").replace("summand", f"{name}_summand")
    body = body.replace("summand", f"{name}_summand")
    return f"""{preamble}
extern "C" void {name}_{float_name}(int entries, {", ".join(head + [f"T* {w}_" for w in writes])}) {{
  for (int i = 0; i < entries; ++i) {{
{chr(10).join(load + refer)}
{body}
  }}
}}"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """All kernels, for both types, compiled for the CPU."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs g++")
    folder = tmp_path_factory.mktemp("kernels")
    text = f"#include <cmath>\n#define __device__\nusing namespace std;\n{kernels.PREAMBLE}"
    for dtype, (float_name, _) in FLOATS.items():
        functions_ = "\n".join(cpp_of(name, dtype) for name in FORMULAS)
        text += f"namespace in_{float_name} {{ typedef {float_name} T;\n{functions_}\n}}\n"
    (folder / "kernels.cpp").write_text(text)
    # -ffp-contract=off: no fused multiply-adds, which NumPy doesn't make either
    subprocess.run(
        [compiler, "-std=c++17", "-O1", "-ffp-contract=off", "-shared", "-fPIC", "-o", "kernels.so", "kernels.cpp"],
        cwd=folder, check=True,
    )  # fmt: skip
    return ctypes.CDLL(str(folder / "kernels.so"))


@pytest.mark.parametrize("special", [False, True])  # beside a NaN a mean would tell nothing
@both_types
@every_formula
def test_a_kernel_computes_what_numpy_computes(library, name, dtype, special):
    float_name, c_float = FLOATS[dtype]
    bound = PLACES * np.finfo(dtype).eps
    kernel, given = kernel_of(name, dtype), arguments_of(name, dtype, special)
    afterwards, returned = numpys(name, given)
    given = {argument: np.array(value) if isinstance(value, np.ndarray) else value for argument, value in given.items()}
    results = [np.full((N, D), 77, dtype) for _ in kernel.results]
    inputs = [N if argument == "n" else given[argument] for argument in kernel.inputs]
    arrays = [*inputs, *(given[argument] for argument in kernel.changed), *results]
    pointers = [a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray) else c_float(a) for a in arrays]
    getattr(library, f"{name}_{float_name}")(N * D, *pointers)
    if kernel.row_sums:
        results = [results[0].sum(axis=1)]
    if kernel.mean:
        results = [results[0].mean(axis=0)]
    assert len(returned) == len(results)
    pairs = [(given[argument], afterwards[argument]) for argument in kernel.changed]
    assert pairs or results
    for ours, theirs in [*pairs, *zip(results, returned, strict=True)]:
        assert ours.dtype == theirs.dtype == dtype
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))
        largest = np.abs(theirs[np.isfinite(theirs)]).max(initial=0)
        np.testing.assert_allclose(ours, theirs, rtol=bound, atol=bound * largest)


@every_formula
def test_a_kernel_reads_its_arguments_as_the_formula_names_them(name):
    kernel = kernel_of(name, "float32")
    arguments = list(inspect.signature(FORMULAS[name]).parameters)
    assert sorted([*kernel.inputs, *kernel.changed]) == sorted(arguments + ["n"] * kernel.takes_n)
    assert kernel.results or kernel.changed


@both_types
def test_a_kernel_computes_in_the_type_of_its_arrays(dtype):
    """erf has a formula of its own for each type; nothing else may know the type, and no number is of another one."""
    texts = {dtype: "\n".join(kernel_of("gelu", dtype).lines) for dtype in FLOATS}
    assert texts["float32"].count("T(") < texts["float64"].count("T(")
    for name in FORMULAS:
        for line in kernel_of(name, dtype).lines:
            assert not re.search("float|double", line)


def test_what_a_kernel_cant_do_is_refused():
    def to_a_power(a):
        return a**3

    def column_sums(a):
        return a.sum(axis=0)

    with pytest.raises(TypeError):
        kernels.write_kernel(to_a_power, ("a",), "float32")
    with pytest.raises(ValueError, match="expected the sum over axis 1 in a kernel, got axis 0"):
        kernels.write_kernel(column_sums, ("a",), "float32")


def test_the_text_of_a_kernel():
    """The one place where a reader sees what a GPU is given."""
    kernel = kernel_of("squared_error", "float32")
    assert kernel.lines == ["T t0 = x_hat - x;", "T t1 = t0 * t0;", "T t2 = T(0.5) * t1;"]
    assert (kernel.inputs, kernel.row_sums, kernel.mean) == (["x_hat", "x"], True, True)
    kernel = kernel_of("roll", "float32")
    assert kernel.lines == ["v = v * mu;", "v = v + grad;", "T t2 = rate * v;", "value = value - t2;"]
    assert (kernel.inputs, kernel.changed, kernel.results) == (["grad", "mu", "rate"], ["v", "value"], [])


@both_types
@pytest.mark.parametrize("architecture", ["sm_75", "sm_90"])
def test_nvidias_compiler_takes_every_kernel(dtype, architecture):
    """Needs CUDA's compiler, as its wheels bring it, and CuPy's bindings to it, but no GPU."""
    nvrtc = pytest.importorskip("cupy_backends.cuda.libs.nvrtc", reason="needs CuPy, whose wheel needs no GPU")
    try:
        nvrtc.getVersion()
    except Exception as error:
        pytest.skip(f"needs CUDA's runtime compiler: {error}")
    text = f"{kernels.PREAMBLE}typedef {FLOATS[dtype][0]} T;\n"
    for name in FORMULAS:
        function = cpp_of(name, dtype).replace('extern "C" void', 'extern "C" __global__ void')
        text += function.replace("for (int i = 0;", "for (int i = blockIdx.x * blockDim.x + threadIdx.x;")
    program = nvrtc.createProgram(text, "kernels.cu", (), ())
    try:
        nvrtc.compileProgram(program, (f"-arch={architecture}", "-std=c++17"))
    except Exception:
        pytest.fail(nvrtc.getProgramLog(program))
    assert nvrtc.getCUBIN(program)[:4] == b"\x7fELF"


@both_types
@every_formula
def test_cupy_takes_the_kernels_as_they_are_declared(name, dtype):
    """Needs CuPy, but no GPU."""
    cupy = pytest.importorskip("cupy", reason="needs CuPy, whose wheel needs no GPU")
    kernel = kernel_of(name, dtype)
    made = (cupy.ReductionKernel if kernel.row_sums else cupy.ElementwiseKernel)(**kernel.source())
    assert made.nin == len(kernel.inputs)
    assert made.nout == (1 if kernel.row_sums else len(kernel.changed) + len(kernel.results))
