"""Write tests/data/cupy-manifest.json: what the real CuPy has, so that tests can hold the package and a stand-in to it.

To be run by hand where a CuPy wheel is installed; it needs neither a GPU nor CUDA:

    python -m venv /tmp/cupy && /tmp/cupy/bin/pip install cupy-cuda12x
    /tmp/cupy/bin/python tests/make_cupy_manifest.py

Signatures are written without annotations and with None for every default: what matters is which calls bind.
"""

import inspect
import json
import pathlib
import re

PATH = pathlib.Path(__file__).parent / "data" / "cupy-manifest.json"
KEYWORDS = ("out", "dtype", "casting", "where", "order", "subok", "signature")  # of NumPy's ufuncs


def plain(parameters):
    """Return parameters as the text of a signature."""
    bare = [
        p.replace(annotation=p.empty, default=p.empty if p.default is p.empty or "*" in str(p) else None)
        for p in parameters
    ]
    return str(inspect.Signature(bare))


def function_signature(function):
    try:
        return plain(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None


def method_signature(method):
    """Return the signature that Cython writes into the first line of a method's docstring, without self."""
    first = (method.__doc__ or "").strip().partition("\n")[0]
    found = re.match(r"[\w.]+\((.*)\)", first)
    if not found:
        return None
    names = []
    for parameter in found.group(1).split(", "):
        name, has_default, _ = parameter.partition("=")
        names.append(name.split()[-1] + ("=None" if has_default else ""))  # "int axis=-1" is axis=None
    return f"({', '.join(names[1:])})"


def accepts(ufunc, keyword):
    """Return whether a ufunc takes a keyword; it is looked at before a GPU is asked for."""
    try:
        ufunc(1.0, **{keyword: None})
    except TypeError as error:
        return "Wrong arguments" not in str(error)
    except Exception:
        return True
    return True


def public(thing):
    return [name for name in dir(thing) if not name.startswith("_")]


def manifest(cupy):
    found = {name: getattr(cupy, name) for name in public(cupy)}
    ufuncs = {name: thing for name, thing in found.items() if isinstance(thing, cupy.ufunc)}
    functions = {
        name: thing for name, thing in found.items()
        if name not in ufuncs and callable(thing) and not inspect.isclass(thing)
    }  # fmt: skip
    array = {name: getattr(cupy.ndarray, name) for name in dir(cupy.ndarray)}
    methods = {name: thing for name, thing in array.items() if not name.startswith("_") and callable(thing)}
    return {
        "version": cupy.__version__,
        "ufuncs": {name: [thing.nin, thing.nout] for name, thing in ufuncs.items()},
        "ufunc_keywords": [keyword for keyword in KEYWORDS if accepts(cupy.sqrt, keyword)],
        "functions": {name: function_signature(thing) for name, thing in functions.items()},
        "names": [name for name in found if name not in ufuncs and name not in functions],
        "methods": {name: method_signature(thing) for name, thing in methods.items()},
        "attributes": [name for name in array if not name.startswith("_") and name not in methods],
        "operators": [name for name in array if name.startswith("__")],
        "cuda": public(cupy.cuda),
        "cuda.memory": public(cupy.cuda.memory),
        "cuda.runtime": public(cupy.cuda.runtime),
    }


if __name__ == "__main__":
    import cupy

    PATH.write_text(json.dumps(manifest(cupy), indent=0, sort_keys=True) + "\n")
    print(f"wrote {PATH}: CuPy {cupy.__version__}")
