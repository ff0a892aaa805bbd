"""The C API of libtvmtrt.so for Python: numpy arrays in and out, errors as exceptions. One file over ctypes; needs only numpy.

    import tvmtrt
    model = tvmtrt.Model("resnet18.onnx")
    partition = tvmtrt.Partition(model, {"input": [1, 3, 224, 224]})
    print(partition.explain())
    session = tvmtrt.Session(tvmtrt.Build(partition))
    outputs = session.run({"input": picture})          # {"output": array}

The library is TVMTRT_LIBRARY, or the one in this repository's target/release, or what the loader finds. include/tvmtrt.h documents the calls.
"""

import ctypes as c
import itertools
import json
import os
import traceback
import typing

import numpy as np

try:
    from ml_dtypes import bfloat16 as _bfloat16
except ImportError:
    _bfloat16 = None  # such a tensor comes as uint16 then

_HERE = os.path.dirname(os.path.abspath(__file__))
_P = c.c_void_p
CPU = 1
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
_BFLOAT = 4


class _Device(c.Structure):
    _fields_ = [("type", c.c_int32), ("id", c.c_int32)]


class _DataType(c.Structure):
    _fields_ = [("code", c.c_uint8), ("bits", c.c_uint8), ("lanes", c.c_uint16)]


class _Tensor(c.Structure):
    """DLPack's DLTensor."""

    _fields_ = [
        ("data", _P),
        ("device", _Device),
        ("ndim", c.c_int32),
        ("dtype", _DataType),
        ("shape", c.POINTER(c.c_int64)),
        ("strides", c.POINTER(c.c_int64)),
        ("byte_offset", c.c_uint64),
    ]


class _Managed(c.Structure):
    """DLPack's DLManagedTensorVersioned."""


_Managed._fields_ = [
    ("major", c.c_uint32),
    ("minor", c.c_uint32),
    ("context", _P),
    ("deleter", c.CFUNCTYPE(None, c.POINTER(_Managed))),
    ("flags", c.c_uint64),
    ("tensor", _Tensor),
]


class _Argument(c.Structure):
    _fields_ = [("name", c.c_char_p), ("tensor", c.POINTER(_Tensor)), ("managed", c.POINTER(c.POINTER(_Managed)))]


class _Shape(c.Structure):
    _fields_ = [("name", c.c_char_p), ("dims", c.POINTER(c.c_int64)), ("rank", c.c_size_t), ("dtype", _DataType)]


class Error(Exception):
    """A call failed; `code` is one of the TVMTRT_ERROR_ numbers of the header."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def _load():
    places = [os.environ.get("TVMTRT_LIBRARY"), os.path.join(_HERE, "..", "..", "target", "release", "libtvmtrt.so")]
    return c.CDLL(next((p for p in places if p and os.path.exists(p)), "libtvmtrt.so.0"))


_lib = _load()


def _call(name, *arguments):
    """Call a function that returns an error or NULL."""
    function = getattr(_lib, "tvmtrt_" + name)
    function.restype = _P
    error = function(*arguments)
    if error:
        try:
            raise Error(_get("error_code", c.c_uint32, _P(error)), _get("error_message", c.c_char_p, _P(error)).decode())
        finally:
            _get("error_delete", None, _P(error))


def _get(name, kind, *arguments):
    """Call a function that cannot fail."""
    function = getattr(_lib, "tvmtrt_" + name)
    function.restype = kind
    return function(*arguments)


def _text(name, *arguments):
    """Call a function whose last argument receives a text."""
    out = _P()
    _call(name, *arguments, c.byref(out))
    if not out:
        return None
    try:
        return c.string_at(_get("text_data", _P, out), _get("text_size", c.c_size_t, out)).decode()
    finally:
        _get("text_delete", None, out)


def _string(name, *arguments):
    """Call a function that lends a string or NULL."""
    found = _get(name, c.c_char_p, *arguments)
    return None if found is None else found.decode()


class Value(typing.NamedTuple):
    """What an input or output holds; dims has None where an extent is not fixed, extents says as text which symbol it is."""

    name: str
    dtype: str
    dims: tuple
    extents: tuple
    text: str


def _values(owner, side):
    """The inputs or outputs of a model, partition or build."""
    found = []
    for i in range(_get(f"{owner.KIND}_{side}_count", c.c_size_t, owner)):
        value = _P(_get(f"{owner.KIND}_{side}", _P, owner, c.c_size_t(i)))
        dims = _get("value_dims", c.POINTER(c.c_int64), value)
        axes = range(_get("value_rank", c.c_size_t, value))
        dims = tuple(None if dims[a] < 0 else dims[a] for a in axes)
        extents = tuple(_string("value_dim_text", value, c.c_size_t(a)) for a in axes)
        found.append(Value(*(_string(f"value_{part}", value) for part in ("name", "dtype_name")), dims, extents, _string("value_text", value)))
    return found


class _Handle:
    """Owns one object of the library."""

    KIND = ""

    def __init__(self, create, *arguments):
        self._as_parameter_ = _P()
        _call(create, *arguments, c.byref(self._as_parameter_))

    def __del__(self):
        if getattr(self, "_as_parameter_", None):
            _get(self.KIND + "_delete", None, self._as_parameter_)


class _Ports(_Handle):
    """An object with inputs and outputs."""

    @property
    def inputs(self):
        return _values(self, "input")

    @property
    def outputs(self):
        return _values(self, "output")


def version():
    return _string("version")


class Options(_Handle):
    """Options(offload="off", threads=2): keys and values as options_manual() lists them."""

    KIND = "options"

    def __init__(self, values=None, **more):
        self._as_parameter_ = _P(_get("options_new", _P))
        for key, value in {**(values or {}), **more}.items():
            _call("options_set", self, key.encode(), _option(value).encode())

    def on_progress(self, function):
        """Have function(region, phase, done, total) called while engines are built; False stops the build with Error (cancelled)."""

        def called(_, region, phase, done, total):
            try:
                return function(region.decode(), phase.decode(), done, total) is not False
            except BaseException:  # it must not unwind into the library
                traceback.print_exc()
                return False

        # Kept until all that was made with these options is gone.
        key = next(_keys)
        _kept[key] = _Progress(called)
        _call("options_set_progress_callback", self, _kept[key], _P(key), _forget)


_Progress = c.CFUNCTYPE(c.c_int32, _P, c.c_char_p, c.c_char_p, c.c_size_t, c.c_size_t)
_kept, _keys = {}, itertools.count(1)
_forget = c.CFUNCTYPE(None, _P)(lambda key, kept=_kept: kept.pop(key, None) and None)


def _option(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def _options(options):
    return options if options is None or isinstance(options, Options) else Options(options)


def options_manual():
    return _text("options_keys", c.c_uint32(0))


def tensorrt_info(options=None):
    """Which TensorRT was found, and each place tried."""
    return _text("tensorrt_info", _options(options), c.c_uint32(0))


class Model(_Ports):
    """A model from a file, or from bytes (`folder`: where its external data lies)."""

    KIND = "model"

    def __init__(self, source, folder=None, options=None):
        if isinstance(source, (bytes, bytearray)):
            place = None if folder is None else os.fsencode(folder)
            super().__init__("model_load_memory", c.c_char_p(bytes(source)), c.c_size_t(len(source)), place, _options(options))
        else:
            super().__init__("model_load", os.fsencode(source), _options(options))

    def metadata(self, key):
        """The text under a key of the file's metadata, or None."""
        return _string("model_metadata", self, key.encode())


class Partition(_Ports):
    """A model split between TensorRT and our kernels; shapes: input name to dims, where None leaves a dim as the model has it."""

    KIND = "partition"

    def __init__(self, model, shapes=None, options=None):
        given = [(n.encode(), [-1 if d is None else int(d) for d in dims]) for n, dims in (shapes or {}).items()]
        array = (_Shape * len(given))(*[_Shape(n, (c.c_int64 * len(d))(*d), len(d)) for n, d in given])
        super().__init__("partition", model, array, c.c_size_t(len(given)), _options(options))

    def explain(self):
        """Where each node went and why, as text."""
        return _text("partition_explain", self, c.c_uint32(0))

    def explain_json(self):
        return json.loads(_text("partition_explain", self, c.c_uint32(1)))

    @property
    def regions(self):
        """How many regions are meant for TensorRT."""
        return _get("partition_region_count", c.c_size_t, self)


class Calibration(_Handle):
    """Ranges of tensors for engines in int8, from data like those that they will see: add inputs some hundred times, then write the table.

        calibration = tvmtrt.Calibration(partition)
        for picture in pictures:
            calibration.add({"input": picture})
        calibration.write("ranges.json")
        build = tvmtrt.Build(partition, {"precision": "int8", "calibration": "ranges.json"})
    """

    KIND = "calibration"

    def __init__(self, partition, options=None):
        super().__init__("calibration_new", partition, _options(options))

    def add(self, inputs):
        """Run once. inputs: name to array, or arrays in order."""
        feeds, given = _feeds(inputs)
        _call("calibration_add", self, feeds, c.c_size_t(len(feeds)))

    def write(self, path):
        _call("calibration_write", self, os.fsencode(path))


class Build(_Ports):
    """A partition's engines and kernels, ready to run."""

    KIND = "build"

    def __init__(self, partition, options=None):
        super().__init__("build", partition, _options(options))

    @property
    def engines(self):
        """How many regions have a TensorRT engine."""
        return _get("build_engine_count", c.c_size_t, self)

    def region_state(self, region):
        """Where a region runs and why."""
        return _text("build_region_state", self, c.c_size_t(region))

    def engine_layers(self, region):
        """TensorRT's own account of the layers of a region's engine."""
        return json.loads(_text("build_engine_layers", self, c.c_size_t(region)))


class Session(_Handle):
    """Runs a build; one thread at a time, as many sessions for a build as you like."""

    KIND = "session"

    def __init__(self, build, options=None):
        super().__init__("session_new", build, _options(options))
        self.outputs = [v.name for v in build.outputs]

    def run(self, inputs, outputs=None):
        """Run once. inputs: name to array, or arrays in order. outputs: name to array to fill; the rest are made. Returns name to array."""
        feeds, given = _feeds(inputs)
        filled = {n: _borrow(a) for n, a in (outputs or {}).items()}
        made = {n: c.POINTER(_Managed)() for n in self.outputs if n not in filled}
        results = (_Argument * len(self.outputs))(
            *[_Argument(n.encode(), c.pointer(filled[n])) if n in filled else _Argument(n.encode(), None, c.pointer(made[n])) for n in self.outputs]
        )
        _call("run", self, feeds, c.c_size_t(len(feeds)), results, c.c_size_t(len(results)))
        return {n: outputs[n] if n in filled else _take(made[n]) for n in self.outputs}

    def profile(self, inputs, runs=100):
        """Where the time of a run goes, as text: layers of engines and steps of own kernels, with the nodes that they came from."""
        feeds, given = _feeds(inputs)
        return _text("session_profile", self, feeds, c.c_size_t(len(feeds)), c.c_size_t(runs), c.c_uint32(0))

    def profile_json(self, inputs, runs=100):
        feeds, given = _feeds(inputs)
        return json.loads(_text("session_profile", self, feeds, c.c_size_t(len(feeds)), c.c_size_t(runs), c.c_uint32(1)))


def _feeds(inputs):
    """Arguments for inputs, and the tensors that must live as long."""
    named = list(inputs.items()) if isinstance(inputs, dict) else [(None, a) for a in inputs]
    given = [_borrow(np.asarray(a)) for _, a in named]
    return (_Argument * len(named))(*[_Argument(n.encode() if n else None, c.pointer(t)) for (n, _), t in zip(named, given)]), given


def _borrow(array):
    """A DLTensor that looks at an array; it is valid while the array lives."""
    kind = _BFLOAT if array.dtype.name == "bfloat16" else _CODES.get(array.dtype.kind)
    if kind is None or not array.dtype.isnative:
        raise TypeError(f"an array of {array.dtype} has no DLPack type")
    shape, size = (c.c_int64 * array.ndim)(*array.shape), array.itemsize
    if any(s % size for s in array.strides):
        raise TypeError(f"strides {array.strides} are no multiples of {size} bytes")
    strides = (c.c_int64 * array.ndim)(*[s // size for s in array.strides])
    tensor = _Tensor(array.ctypes.data, _Device(CPU, 0), array.ndim, _DataType(kind, 8 * size, 1), shape, strides, 0)
    tensor.array = array
    return tensor


def _take(managed):
    """A copy of a tensor that the library made; the tensor is given back."""
    t = managed.contents.tensor
    letter = {v: k for k, v in _CODES.items()}.get(t.dtype.code, "u")
    dtype = np.dtype(bool) if letter == "b" else np.dtype(f"{letter}{t.dtype.bits // 8}")
    if t.dtype.code == _BFLOAT and _bfloat16:
        dtype = np.dtype(_bfloat16)
    shape = tuple(t.shape[: t.ndim])
    result = np.empty(shape, dtype)
    if result.size:
        if t.strides:
            strides = [s * dtype.itemsize for s in t.strides[: t.ndim]]
        else:
            strides = result.strides
        span = sum(s * (n - 1) for s, n in zip(strides, shape)) + dtype.itemsize
        memory = (c.c_uint8 * span).from_address(t.data + t.byte_offset)
        result[...] = np.ndarray(shape, dtype, memory, 0, strides)
    if managed.contents.deleter:
        managed.contents.deleter(managed)
    return result
