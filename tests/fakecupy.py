"""A stand-in for CuPy: NumPy's numbers, CuPy's manners, on a machine without a GPU.

`cupy` here passes for the module once a test has put it at ``sys.modules["cupy"]``. It has what the manifest of the real
CuPy has, no more, and calls bind as they do there. An array keeps its data on the host and behaves as if they were on a
device: nothing turns it into a NumPy array by itself, the two libraries don't mix, reductions give arrays without
dimensions, and fresh memory holds NaN.

Where CuPy would do something in silence that the package is not to rely on, the stand-in refuses it: NumPy's functions
for device arrays, duplicate and too large indices, host arrays as arguments.

    with recording() as seen:
        ...
    seen.launches, seen.synchronisations, seen.uploads, seen.created

count what a GPU would have been asked for: kernels started (every element-wise operation, reduction, product and copy),
times the host waited for a result, arrays brought to the device, and the type of every array made there.
"""

import contextlib
import inspect
import json
import pathlib
import types

import numpy as np

MANIFEST = json.loads((pathlib.Path(__file__).parent / "data" / "cupy-manifest.json").read_text())

# What CuPy makes of one call, as far as it isn't one kernel (counted on the real one, with an empty device).
LAUNCHES = {"empty": 0, "empty_like": 0, "asnumpy": 0, "var": 3, "std": 4}
ABOUT_ARRAYS = {"can_cast", "result_type", "promote_types", "ndim", "shape", "size", "broadcast_shapes", "isscalar",
                "issubdtype", "iscomplexobj", "isrealobj", "may_share_memory", "shares_memory"}  # fmt: skip
WAITING = {"nonzero", "flatnonzero", "argwhere", "unique"}  # the size of the result must be known
FROM_NOTHING = {"arange", "empty", "eye", "full", "identity", "linspace", "logspace", "ones", "tri", "zeros"}
BY_HAND = {"array", "asarray", "asnumpy", "is_available"}


class Record:
    """What happened on the device while it was kept."""

    def __init__(self):
        self.events, self.created = [], []

    def names(self, kind):
        return [name for what, name in self.events if what == kind]

    launches = property(lambda self: len(self.names("launch")))
    synchronisations = property(lambda self: len(self.names("wait")))
    uploads = property(lambda self: len(self.names("upload")))

    def counts(self):
        return self.launches, self.synchronisations, self.uploads


_records = []


@contextlib.contextmanager
def recording():
    """Yield a Record of what the device is asked for inside the block."""
    record = Record()
    _records.append(record)
    try:
        yield record
    finally:
        _records.remove(record)


def _note(kind, name, times=1):
    for record in _records:
        record.events.extend([(kind, name)] * times)


class OutOfMemoryError(MemoryError):
    """As CuPy's; raised for an array of more than `memory.limit` bytes."""

    __module__ = "cupy.cuda.memory"


memory = types.SimpleNamespace(limit=None)


# Between host and device


def _on_device(result, name):
    """Return what a function of NumPy returned as CuPy would: arrays, and numbers too, as device arrays."""
    if isinstance(result, (tuple, list)):
        return type(result)(_on_device(part, name) for part in result)
    if not isinstance(result, (np.ndarray, np.generic, bool, int, float)):
        return result
    host = np.asarray(result)
    if memory.limit is not None and host.base is None and host.nbytes > memory.limit:
        raise OutOfMemoryError(f"Out of memory allocating {host.nbytes:,} bytes (allocated so far: 0 bytes).")
    for record in _records:
        record.created.append((name, host.dtype.name, host.shape))
    array = object.__new__(ndarray)
    array._host = host
    return array


def _bare(thing):
    """Return a device array's data, and anything else as it is; so for each in a tuple or list."""
    if isinstance(thing, (tuple, list)):
        return type(thing)(map(_bare, thing))
    return thing._host if isinstance(thing, ndarray) else thing


def _refuse_host_arrays(things, name):
    for thing in things:
        if isinstance(thing, np.ndarray):
            raise TypeError(f"Unsupported type {type(thing)} [{name}]")
        parts = thing if isinstance(thing, (tuple, list)) else ()
        if not all(isinstance(part, (ndarray, int, np.integer)) for part in parts):
            raise TypeError(f"Unsupported type {type(thing)} [{name}]")


def _signature(text):
    return None if text is None else inspect.signature(eval(f"lambda {text[1:-1]}: None"))  # a file of ours


def _call(name, function, args, named):
    """Call a function of NumPy for device arrays, and count what CuPy would do for it."""
    named = {key: value for key, value in named.items() if value is not None}
    bare = [_bare(argument) for argument in args]
    result = function(*bare, **{key: _bare(value) for key, value in named.items()})
    if name in ABOUT_ARRAYS:
        return result
    if "out" in named:
        _note("launch", name)
        return named["out"]
    if name in WAITING or (name == "where" and len(args) == 1):
        _note("wait", name)
    parts = result if isinstance(result, (tuple, list)) else [result]
    if not any(np.may_share_memory(part, data) for part in parts for data in bare if isinstance(data, np.ndarray)):
        first = args[0] if args else ()
        one_by_one = name in ("concatenate", "stack") and len(first) <= 8  # more of them go in one kernel
        _note("launch", name, len(first) if one_by_one else LAUNCHES.get(name, 1))
    return _on_device(result, name)


# The array


class ndarray:
    """A device array."""

    __module__ = "cupy"
    __slots__ = ("__weakref__", "_host")
    __hash__ = None
    __array_ufunc__ = None  # CuPy would answer np.exp(x) itself, but the package is to ask array_module(x)

    def __init__(self, shape, dtype=float):
        self._host = _poisoned(np.empty(shape, dtype))

    dtype = property(lambda self: self._host.dtype)
    shape = property(lambda self: self._host.shape)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    nbytes = property(lambda self: self._host.nbytes)
    itemsize = property(lambda self: self._host.itemsize)
    strides = property(lambda self: self._host.strides)
    T = property(lambda self: _on_device(self._host.T, "T"))
    mT = property(lambda self: _on_device(self._host.mT, "mT"))

    @property
    def flags(self):
        flags = self._host.flags
        return types.SimpleNamespace(
            c_contiguous=flags.c_contiguous, f_contiguous=flags.f_contiguous, owndata=flags.owndata
        )

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    # To the host: each of these waits

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array "
            "explicitly."
        )

    def __array_function__(self, function, kinds, args, named):
        raise TypeError(f"numpy.{function.__name__} of a device array; ask array_module(x) for the function")

    def get(self, stream=None, order="C", out=None, blocking=True):
        _note("wait", "get")
        if out is None:
            return self._host.copy(order)
        out[...] = self._host
        return out

    def item(self):
        _note("wait", "item")
        return self._host.item()

    def tolist(self):
        _note("wait", "tolist")
        return self._host.tolist()

    def tobytes(self, order="C"):
        _note("wait", "tobytes")
        return self._host.tobytes(order)

    def __float__(self):
        _note("wait", "float")
        return float(self._host)

    def __int__(self):
        _note("wait", "int")
        return int(self._host)

    def __bool__(self):
        _note("wait", "bool")
        return bool(self._host)

    def __repr__(self):
        _note("wait", "repr")
        return repr(self._host)

    def __str__(self):
        _note("wait", "str")
        return str(self._host)

    def __format__(self, specification):
        _note("wait", "format")
        return format(self._host if self.ndim else self._host[()], specification)

    # From the host

    def set(self, arr, stream=None):
        if not isinstance(arr, np.ndarray) or (arr.shape, arr.dtype) != (self.shape, self.dtype):
            raise ValueError(f"expected a NumPy array of {self.dtype} {self.shape}")
        _note("upload", "set")
        self._host[...] = arr

    # Copies

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        return cupy.array, (self.get(),)

    def astype(self, dtype, order="K", casting=None, subok=None, copy=True):
        if not copy and np.dtype(dtype) == self.dtype:
            return self
        return _call("astype", lambda host: host.astype(dtype, order), [self], {})

    # Items

    def __getitem__(self, key):
        key, indices = _index(key)
        if not indices:
            return _on_device(self._host[_as_view(key)], "getitem")
        if any(index.dtype == bool for index in indices):
            _note("wait", "x[mask]")
        _note("launch", "x[indices]", len(indices))
        return _on_device(self._host[key].copy(), "getitem")

    def __setitem__(self, key, value):
        if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim):
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        key, indices = _index(key)
        if any(index.dtype != bool for index in indices):
            chosen = np.arange(self.size).reshape(self.shape)[key]
            if len(np.unique(chosen)) != chosen.size:
                raise AssertionError("x[i] = v with the same index twice leaves either value on a GPU")
        _note("launch", "setitem", max(len(indices), 1))
        self._host[key] = _bare(value)

    def fill(self, value):
        self[...] = value


def _index(key):
    """Return a key for the host's array, and the index arrays in it; those of the host are brought to the device."""
    parts = key if isinstance(key, tuple) else (key,)
    for part in parts:
        if isinstance(part, (list, np.ndarray)):
            _note("upload", "index")
    bare = tuple(np.asarray(part) if isinstance(part, list) else _bare(part) for part in parts)
    return bare, [part for part in bare if isinstance(part, np.ndarray)]


def _as_view(key):
    """Return a key without index arrays so that even a single entry comes as a view, as on a device."""
    return key if any(part is Ellipsis for part in key) else (*key, Ellipsis)


def _poisoned(host):
    """Return an array filled with useless values, like uninitialised memory."""
    host.fill(np.nan if host.dtype.kind in "fc" else True if host.dtype == bool else 77)
    return host


def _method(name, signature):
    signature = _signature(signature)

    def method(self, *args, **named):
        if signature is not None:
            signature.bind(*args, **named)
        _refuse_host_arrays((*args, *named.values()), name)
        return _call(name, lambda host, *rest, **more: getattr(host, name)(*rest, **more), [self, *args], named)

    method.__name__ = name
    return method


for _name, _text in MANIFEST["methods"].items():
    if _name not in vars(ndarray) and hasattr(np.ndarray, _name) and _name not in ("dump", "dumps", "tofile"):
        setattr(ndarray, _name, _method(_name, _text))


# The functions


class ufunc:
    """An element-wise function: arrays and numbers, and no keywords but CuPy's."""

    __module__ = "cupy"

    def __init__(self, name):
        self.__name__, self._numpys = name, getattr(np, name)
        self.nin, self.nout = MANIFEST["ufuncs"][name]

    def __call__(self, *args, **named):
        if wrong := {key: value for key, value in named.items() if key not in MANIFEST["ufunc_keywords"]}:
            raise TypeError(f"Wrong arguments {wrong}")
        if not self.nin <= len(args) <= self.nin + self.nout:
            raise TypeError(f"Wrong number of arguments for {self.__name__!r}: {len(args)}")
        for argument in (*args, named.get("out")):
            if not isinstance(argument, (ndarray, bool, int, float, complex, np.generic, type(None))):
                raise TypeError(f"Unsupported type {type(argument)}")
        if len(args) > self.nin:
            args, named = args[: self.nin], {**named, "out": args[self.nin]}
        return _call(self.__name__, self._numpys, args, named)


def _function(name, signature):
    numpys, signature = getattr(np, name), _signature(signature)

    def function(*args, **named):
        if signature is not None:
            signature.bind(*args, **named)
        _refuse_host_arrays((*args, *named.values()), name)
        if name in FROM_NOTHING and any(isinstance(argument, ndarray) for argument in (*args, *named.values())):
            raise TypeError(f"'ndarray' object cannot be interpreted as an integer [{name}]")
        made = _call(name, numpys, args, named)
        if name in ("empty", "empty_like"):
            _poisoned(made._host)
        return made

    function.__name__, function.__module__ = name, "cupy"
    return function


def array(obj, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, blocking=False):
    if isinstance(obj, ndarray):
        return _call("array", lambda host: np.array(host, dtype, copy=copy, order=order, ndmin=ndmin), [obj], {})
    _note("upload", "array")
    return _on_device(np.array(obj, dtype, order=order, ndmin=ndmin), "array")


def asarray(a, dtype=None, order=None, *, copy=None, blocking=False):
    return array(a, dtype, copy, order or "K")


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    return a.get(stream, order, out, blocking) if isinstance(a, ndarray) else np.asarray(a, order=order)


def is_available():
    return cupy.cuda.is_available()


array.__module__ = "cupy"  # where a pickle looks for it


# Kernels of the package's own, run from their text: a statement a line, which Python reads as C does

IN_C = {
    "fabs": np.abs, "sign": np.sign, "maximum": np.maximum, "minimum": np.minimum,
    **{name: getattr(np, name) for name in ("exp", "log1p", "tanh", "sqrt", "copysign")},
}  # fmt: skip


def _parameters(text):
    """The names in "T a, T b", all of which must be of the one type that the arrays have."""
    parts = [part.split() for part in text.split(",")] if text else []
    assert all(kind == "T" and name != "i" for kind, name in parts), text
    return [name for _, name in parts]


def _run(lines, variables):
    """Run statements such as "T t0 = a * b;", which leave their variables among the variables."""
    for line in lines:
        statement = line.strip().removesuffix(";").removeprefix("T ").removeprefix("bool ")
        exec(statement, {"__builtins__": {}, **IN_C}, variables)


def _kernel_arguments(name, args):
    """The type of a kernel's arrays, and its arguments: arrays as NumPy's, numbers in that type."""
    for argument in args:
        if not isinstance(argument, (ndarray, int, float, np.number)):
            raise TypeError(f"Unsupported type {type(argument)} [{name}]")
    types_seen = {argument.dtype for argument in args if isinstance(argument, ndarray)}
    if len(types_seen) != 1:
        raise TypeError(f"Type is mismatched. {name} {sorted(map(str, types_seen))}")
    dtype = types_seen.pop().type
    return dtype, [argument._host if isinstance(argument, ndarray) else dtype(argument) for argument in args]


class ElementwiseKernel:
    """As CuPy's, for arrays of one type T."""

    __module__ = "cupy"

    def __init__(self, in_params, out_params, operation, name="kernel", preamble=""):
        assert name.isidentifier()
        self.inputs, self.outputs, self.name = _parameters(in_params), _parameters(out_params), name
        self.operation = operation

    def __call__(self, *args):
        nin, nout = len(self.inputs), len(self.outputs)
        if len(args) not in (nin, nin + nout):
            raise TypeError(f"Wrong number of arguments for {self.name!r}: {len(args)}")
        dtype, bare = _kernel_arguments(self.name, args)
        given = bare[nin:]
        shape = np.broadcast_shapes(*(np.shape(part) for part in bare))
        if any(out.shape != shape for out in given):
            raise ValueError("Out shape is mismatched")
        variables = {"T": dtype, **dict(zip(self.inputs + self.outputs, bare, strict=False))}
        _run(self.operation.split("\n"), variables)
        _note("launch", self.name)
        results = [np.broadcast_to(variables[name], shape) for name in self.outputs]
        for out, result in zip(given, results, strict=False):
            out[...] = result
        outs = list(args[nin:]) or [_on_device(np.array(result, dtype), self.name) for result in results]
        return outs[0] if nout == 1 else tuple(outs)


class ReductionKernel:
    """As CuPy's, for a sum over rows of what a function in the preamble gives."""

    __module__ = "cupy"

    def __init__(
        self, in_params, out_params, map_expr, reduce_expr, post_map_expr, identity, name="reduce_kernel", preamble=""
    ):
        assert name.isidentifier()
        assert (out_params, reduce_expr, post_map_expr, identity) == ("T y", "a + b", "y = a", "0")
        self.inputs, self.name = _parameters(in_params), name
        assert map_expr == f"summand({', '.join(self.inputs)})"
        head, _, body = preamble[preamble.index("T summand(") :].partition(") {\n")
        *self.lines, last = body.removesuffix("\n}").split("\n")
        self.arguments, self.result = _parameters(head.removeprefix("T summand(")), last.removeprefix("return ")[:-1]

    def __call__(self, *args, axis):
        dtype, bare = _kernel_arguments(self.name, args)
        variables = {"T": dtype, **dict(zip(self.arguments, bare, strict=True))}
        _run(self.lines, variables)
        _note("launch", self.name)
        return _on_device(variables[self.result].sum(axis=axis), self.name)


class Module(types.ModuleType):
    """A module whose errors say what is missing, and whether it is missing in CuPy, too."""

    def __getattr__(self, name):
        known = any(name in MANIFEST[kind] for kind in ("functions", "ufuncs", "names"))
        reason = ", though CuPy has; the stand-in would have to learn it" if known else ""
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}{reason}")


cupy = Module("cupy", "A stand-in for CuPy.")
cupy.ndarray, cupy.ufunc = ndarray, ufunc
cupy.array, cupy.asarray, cupy.asnumpy, cupy.is_available = array, asarray, asnumpy, is_available
for _name in MANIFEST["ufuncs"]:
    if isinstance(getattr(np, _name, None), np.ufunc):
        setattr(cupy, _name, ufunc(_name))
for _name, _text in MANIFEST["functions"].items():
    if _name not in BY_HAND and callable(getattr(np, _name, None)) and not _name.startswith(("from", "load", "save")):
        setattr(cupy, _name, _function(_name, _text))
for _name in MANIFEST["names"]:  # types and numbers, which are NumPy's own
    _thing = getattr(np, _name, None)
    if isinstance(_thing, (float, type(None))) or (isinstance(_thing, type) and issubclass(_thing, (np.generic, np.dtype))):
        setattr(cupy, _name, _thing)

cupy.ElementwiseKernel, cupy.ReductionKernel = ElementwiseKernel, ReductionKernel

cupy.cuda = types.ModuleType("cupy.cuda")
cupy.cuda.is_available = lambda: cupy.cuda.runtime.getDeviceCount() > 0
cupy.cuda.memory = types.ModuleType("cupy.cuda.memory")
cupy.cuda.memory.OutOfMemoryError = OutOfMemoryError
cupy.cuda.runtime = types.ModuleType("cupy.cuda.runtime")
cupy.cuda.runtime.getDeviceCount = lambda: 1
cupy.cuda.runtime.driverGetVersion = lambda: 13000
cupy.cuda.runtime.runtimeGetVersion = lambda: 12090


# Operators, as functions of the same names


def _operator(name, reflected=False, in_place=False):
    def operator(self, other):
        if not isinstance(other, ndarray) and getattr(other, "__array_ufunc__", cupy) is None:
            return NotImplemented  # to the other side, as NumPy's arrays do
        function = getattr(cupy, name)
        if in_place:
            return function(self, other, out=self)
        return function(other, self) if reflected else function(self, other)

    return operator


for _name, _ufunc in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
}.items():  # fmt: skip
    setattr(ndarray, f"__{_name}__", _operator(_ufunc))
    setattr(ndarray, f"__r{_name}__", _operator(_ufunc, reflected=True))
    setattr(ndarray, f"__i{_name}__", _operator(_ufunc, in_place=True))
for _name, _ufunc in {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
    "matmul": "matmul",
}.items():  # fmt: skip
    setattr(ndarray, f"__{_name}__", _operator(_ufunc))
ndarray.__rmatmul__ = _operator("matmul", reflected=True)
for _name, _ufunc in {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}.items():
    setattr(ndarray, f"__{_name}__", lambda self, _ufunc=_ufunc: getattr(cupy, _ufunc)(self))
