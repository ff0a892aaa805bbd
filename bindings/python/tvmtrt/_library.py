"""Finds libtvmtrt.so, declares its functions, and turns its errors into exceptions. Knows nothing of models or arrays."""

from __future__ import annotations

import ctypes as c
import enum
import os
import weakref
from types import TracebackType
from typing import Any, Optional, Type, TypeVar

SONAME = "libtvmtrt.so.0"


class DLDevice(c.Structure):
    _fields_ = [("device_type", c.c_int32), ("device_id", c.c_int32)]


class DLDataType(c.Structure):
    _fields_ = [("code", c.c_uint8), ("bits", c.c_uint8), ("lanes", c.c_uint16)]


class DLTensor(c.Structure):
    _fields_ = [
        ("data", c.c_void_p),
        ("device", DLDevice),
        ("ndim", c.c_int32),
        ("dtype", DLDataType),
        ("shape", c.POINTER(c.c_int64)),
        ("strides", c.POINTER(c.c_int64)),
        ("byte_offset", c.c_uint64),
    ]


class DLManagedTensorVersioned(c.Structure):
    pass


DLManagedTensorVersioned._fields_ = [
    ("major", c.c_uint32),
    ("minor", c.c_uint32),
    ("manager_ctx", c.c_void_p),
    ("deleter", c.CFUNCTYPE(None, c.c_void_p)),
    ("flags", c.c_uint64),
    ("dl_tensor", DLTensor),
]


class Shape(c.Structure):
    _fields_ = [("name", c.c_char_p), ("dims", c.POINTER(c.c_int64)), ("rank", c.c_size_t), ("dtype", DLDataType)]


class Argument(c.Structure):
    _fields_ = [("name", c.c_char_p), ("tensor", c.c_void_p), ("managed", c.c_void_p)]


RegionFilter = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.POINTER(c.c_char_p), c.POINTER(c.c_char_p), c.c_size_t)
LogCallback = c.CFUNCTYPE(None, c.c_void_p, c.c_uint32, c.c_char_p)
ProgressCallback = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.c_char_p, c.c_char_p, c.c_size_t, c.c_size_t)
Finalizer = c.CFUNCTYPE(None, c.c_void_p)

_P, _TEXT, _SIZE, _U32 = c.c_void_p, c.c_char_p, c.c_size_t, c.c_uint32
_DIMS, _SHAPES, _ARGUMENTS = c.POINTER(c.c_int64), c.POINTER(Shape), c.POINTER(Argument)

# Every function of tvmtrt.h without its `tvmtrt_`: what it returns and takes. tests/test_header.py holds the header against it.
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "version": (_TEXT, []),
    "version_major": (_U32, []),
    "version_minor": (_U32, []),
    "version_patch": (_U32, []),
    "error_code": (_U32, [_P]),
    "error_message": (_TEXT, [_P]),
    "error_delete": (None, [_P]),
    "text_data": (_P, [_P]),
    "text_size": (_SIZE, [_P]),
    "text_delete": (None, [_P]),
    "options_new": (_P, []),
    "options_set": (_P, [_P, _TEXT, _TEXT]),
    "options_get": (_P, [_P, _TEXT, _P]),
    "options_keys": (_P, [_U32, _P]),
    "options_from_env": (_P, [_P]),
    "options_set_region_filter": (_P, [_P, RegionFilter, _P, Finalizer]),
    "options_set_log_callback": (_P, [_P, LogCallback, _P, Finalizer]),
    "options_set_progress_callback": (_P, [_P, ProgressCallback, _P, Finalizer]),
    "options_delete": (None, [_P]),
    "value_name": (_TEXT, [_P]),
    "value_dtype": (DLDataType, [_P]),
    "value_dtype_name": (_TEXT, [_P]),
    "value_rank": (_SIZE, [_P]),
    "value_dims": (_DIMS, [_P]),
    "value_dim_text": (_TEXT, [_P, _SIZE]),
    "value_text": (_TEXT, [_P]),
    "model_load": (_P, [_TEXT, _P, _P]),
    "model_load_memory": (_P, [_P, _SIZE, _TEXT, _P, _P]),
    "model_metadata_count": (_SIZE, [_P]),
    "model_metadata_key": (_TEXT, [_P, _SIZE]),
    "model_metadata": (_TEXT, [_P, _TEXT]),
    "partition": (_P, [_P, _SHAPES, _SIZE, _P, _P]),
    "partition_explain": (_P, [_P, _U32, _P]),
    "partition_region_count": (_SIZE, [_P]),
    "partition_region_json": (_P, [_P, _SIZE, _P]),
    "build": (_P, [_P, _P, _P]),
    "build_save": (_P, [_P, _TEXT, _P]),
    "build_load": (_P, [_TEXT, _P, _P]),
    "build_load_memory": (_P, [_P, _SIZE, _P, _P]),
    "build_region_state": (_P, [_P, _SIZE, _P]),
    "build_engine_count": (_SIZE, [_P]),
    "build_engine_data": (_P, [_P, _SIZE]),
    "build_engine_size": (_SIZE, [_P, _SIZE]),
    "build_engine_layers": (_P, [_P, _SIZE, _P]),
    "session_new": (_P, [_P, _P, _P]),
    "session_set_stream": (_P, [_P, _P]),
    "session_synchronize": (_P, [_P]),
    "session_profile": (_P, [_P, _ARGUMENTS, _SIZE, _SIZE, _U32, _P]),
    "session_delete": (None, [_P]),
    "run": (_P, [_P, _ARGUMENTS, _SIZE, _ARGUMENTS, _SIZE]),
    "calibration_new": (_P, [_P, _P, _P]),
    "calibration_add": (_P, [_P, _ARGUMENTS, _SIZE]),
    "calibration_write": (_P, [_P, _TEXT]),
    "calibration_delete": (None, [_P]),
    "tensorrt_info": (_P, [_P, _U32, _P]),
}
for _noun in ("model", "partition", "build"):
    for _side in ("input", "output"):
        FUNCTIONS[f"{_noun}_{_side}_count"] = (_SIZE, [_P])
        FUNCTIONS[f"{_noun}_{_side}"] = (_P, [_P, _SIZE])
    FUNCTIONS[f"{_noun}_clone"] = (_P, [_P])
    FUNCTIONS[f"{_noun}_delete"] = (None, [_P])


def _path() -> str:
    """TVMTRT_LIBRARY; the library beside this file, as wheels have it; that of the repository around it; what the loader finds."""
    asked = os.environ.get("TVMTRT_LIBRARY")
    if asked:
        return asked
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.join(here, "..", "..", "..")
    places = [os.path.join(here, SONAME)]
    if os.path.exists(os.path.join(root, "include", "tvmtrt.h")):
        places.append(os.path.normpath(os.path.join(root, "target", "release", "libtvmtrt.so")))
    return next((p for p in places if os.path.exists(p)), SONAME)


def _load(path: str) -> c.CDLL:
    try:
        library = c.CDLL(path)
    except OSError as e:
        raise ImportError(f"libtvmtrt cannot be opened: {e}; TVMTRT_LIBRARY can name the file") from e
    for name, (restype, argtypes) in FUNCTIONS.items():
        try:
            function = getattr(library, "tvmtrt_" + name)
        except AttributeError:
            raise ImportError(f"{path} has no function tvmtrt_{name}: it is older than this package") from None
        function.restype, function.argtypes = restype, argtypes
    return library


#: The file of the library that is used.
LIBRARY_PATH: str = _path()
_library = _load(LIBRARY_PATH)


class ErrorCode(enum.IntEnum):
    """What a program decides by: the TVMTRT_ERROR_ numbers of the header."""

    INVALID_ARGUMENT = 1
    NULL_POINTER = 2
    UNKNOWN_NAME = 3
    DUPLICATE_NAME = 4
    MISSING_NAME = 5
    WRONG_DTYPE = 6
    WRONG_SHAPE = 7
    WRONG_COUNT = 8
    WRONG_DEVICE = 9
    UNKNOWN_OPTION = 10
    BAD_OPTION = 11
    IO = 100
    MALFORMED_MODEL = 101
    UNSUPPORTED_OPERATOR = 102
    UNSUPPORTED_MODEL = 103
    BAD_GRAPH = 104
    OFFLOAD_IMPOSSIBLE = 200
    TENSORRT_NOT_FOUND = 300
    TENSORRT_TOO_OLD = 301
    TENSORRT_TOO_NEW = 302
    TENSORRT_BUILD = 303
    TENSORRT_UNSUPPORTED = 304
    CUDA = 400
    OUT_OF_MEMORY = 401
    CPU_CODE = 500
    NOT_IMPLEMENTED = 800
    UNSUPPORTED = 801
    INTERNAL = 900
    CANCELLED = 901


class LogLevel(enum.IntEnum):
    """How important a log line is: the TVMTRT_LOG_ numbers of the header."""

    ERROR = 1
    WARNING = 2
    INFO = 3
    DEBUG = 4


TEXT, JSON, DOT, SVG = 0, 1, 2, 3


class Error(Exception):
    """A call failed. `code` is an ErrorCode, or the number where a newer library has one that this package does not know."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code: int = ErrorCode(code) if code in ErrorCode._value2member_map_ else code


def get(name: str, *arguments: Any) -> Any:
    """Call a function and give what it returns."""
    try:
        return getattr(_library, "tvmtrt_" + name)(*arguments)
    except c.ArgumentError:
        for closed in (a for a in arguments if isinstance(a, Handle) and not a._end.alive):
            raise ValueError(f"this {type(closed).__name__} is closed") from None
        raise


def call(name: str, *arguments: Any) -> None:
    """Call a function that returns an error or NULL."""
    error = get(name, *arguments)
    if error:
        try:
            raise Error(get("error_code", error), get("error_message", error).decode())
        finally:
            get("error_delete", error)


def text(name: str, *arguments: Any) -> str:
    """Call a function whose last argument receives a text."""
    out = c.c_void_p()
    call(name, *arguments, c.byref(out))
    try:
        return c.string_at(get("text_data", out), get("text_size", out)).decode()
    finally:
        get("text_delete", out)


def string(name: str, *arguments: Any) -> Optional[str]:
    """Call a function that lends a string or NULL."""
    found = get(name, *arguments)
    return None if found is None else found.decode()


def version() -> str:
    """The version of the library that is loaded."""
    return string("version") or ""


def version_info() -> tuple[int, int, int]:
    """The version of the library that is loaded, as numbers."""
    return get("version_major"), get("version_minor"), get("version_patch")


_H = TypeVar("_H", bound="Handle")


class Handle:
    """Owns one object of the library: it ends with the last reference, at the end of a `with`, or by `close`."""

    _noun = ""

    def __init__(self, create: str, *arguments: Any) -> None:
        out = c.c_void_p()
        call(create, *arguments, c.byref(out))
        self._own(out.value)

    def _own(self, pointer: Optional[int]) -> None:
        self._end = weakref.finalize(self, get, self._noun + "_delete", pointer)
        self._pointer = pointer

    @property
    def _as_parameter_(self) -> Optional[int]:
        if not self._end.alive:
            raise ValueError("closed")
        return self._pointer

    def close(self) -> None:
        """End the object now. What was made from it lives on."""
        self._end()

    def __enter__(self: _H) -> _H:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()


class Shared(Handle):
    """An object that never changes: threads may share it, and a copy is another handle of the same object."""

    def clone(self: _H) -> _H:
        """Another handle, with a life of its own."""
        other = object.__new__(type(self))
        other._own(get(self._noun + "_clone", self))
        return other

    __copy__ = clone
