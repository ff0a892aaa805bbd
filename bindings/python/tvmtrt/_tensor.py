"""Between arrays and the library's tensors, both ways and without copies. Knows nothing of names or sessions."""

from __future__ import annotations

import ctypes as c
import math
import struct
import sys
from typing import Any, Optional, Protocol, Sequence, Union, runtime_checkable

import numpy as np
import numpy.typing as npt

from ._library import DLManagedTensorVersioned, DLTensor

try:
    from ml_dtypes import bfloat16 as _bfloat16
except ImportError:
    _bfloat16 = None  # numpy then has such tensors as uint16

_CPU, _CUDA, _CUDA_MANAGED = 1, 2, 13
_BFLOAT = 4
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
_LETTERS = {code: letter for letter, code in _CODES.items()}
_READ_ONLY = 1
DEFAULT_STREAM = 1  # DLPack's number of what CUDA calls NULL

# A DLTensor with its extents and strides behind it, by rank. ctypes takes three times as long for the same bytes.
_PACK = [struct.Struct(f"=QiiiBBHQQQ{2 * rank}q").pack_into for rank in range(65)]
_HEAD = c.sizeof(DLTensor)
_ROOM = [c.c_uint64 * (_HEAD // 8 + 2 * rank) for rank in range(65)]

# DLPack's code and bits by numpy's or torch's type, and back to numpy's.
_ELEMENTS: dict[Any, tuple[int, int]] = {}
_DTYPES: dict[tuple[int, int], np.dtype[Any]] = {}


@runtime_checkable
class SupportsDLPack(Protocol):
    """What speaks DLPack: numpy and torch do, and `Tensor`."""

    def __dlpack__(self) -> Any: ...

    def __dlpack_device__(self) -> tuple[Any, int]: ...


ArrayIn = Union[npt.ArrayLike, SupportsDLPack]
ArrayOut = Union["npt.NDArray[Any]", SupportsDLPack]


class Borrowed:
    """A DLTensor that looks at an array, which it keeps alive. `address` is for the library."""

    __slots__ = ("address", "owners")

    def __init__(self, address: int, *owners: Any) -> None:
        self.address = address
        self.owners = owners


class Stream:
    """Of a GPU, in DLPack's numbers. `torchs` says whether torch's own work on that GPU is queued there, too: its tensors are ready then."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._torchs: dict[int, bool] = {}

    def torchs(self, torch: Any, device: Any) -> bool:
        known = self._torchs.get(device.index)
        if known is None:
            known = self._torchs[device.index] = (torch.cuda.current_stream(device).cuda_stream or DEFAULT_STREAM) == self.number
        return known


def is_on_gpu(array: Any) -> bool:
    return not isinstance(array, np.ndarray) and _speaks_dlpack(array) and int(array.__dlpack_device__()[0]) in (_CUDA, _CUDA_MANAGED)


def _speaks_dlpack(array: Any) -> bool:
    """As isinstance with the protocol says it, which takes ten times as long."""
    return hasattr(array, "__dlpack__") and hasattr(array, "__dlpack_device__")


def borrow(array: Any, stream: Optional[Stream] = None, write: bool = False) -> Borrowed:
    """A look at an array, or at what speaks DLPack; other input, such as a list, becomes an array. `stream`: what reads tensors on a GPU."""
    if isinstance(array, np.ndarray):
        return _borrow_numpy(array, write)
    torch = sys.modules.get("torch")
    if torch and type(array) is torch.Tensor and (found := _borrow_torch(torch, array, stream)):
        return found
    if _speaks_dlpack(array):
        return _borrow_dlpack(array, stream.number if stream and is_on_gpu(array) else None, write)
    if write:
        raise TypeError(f"an output goes into a numpy array or what speaks DLPack, not {type(array).__name__}")
    return _borrow_numpy(np.asarray(array), write)


def _borrow_numpy(array: npt.NDArray[Any], write: bool) -> Borrowed:
    element = _ELEMENTS.get(array.dtype) or _element(array.dtype)
    if write and not array.flags.writeable:
        raise ValueError("an output's array is read-only")
    strides = None if array.flags.c_contiguous else _strides(array)
    return _packed(array, array.ctypes.data, _CPU, 0, element, array.shape, strides)


def _packed(owner: Any, data: int, kind: int, device: int, element: tuple[int, int], shape: Sequence[int], strides: Optional[Sequence[int]]) -> Borrowed:
    rank = len(shape)
    tensor = _ROOM[rank]()
    address = c.addressof(tensor)
    extents = address + _HEAD
    steps = 0 if strides is None else extents + 8 * rank
    _PACK[rank](tensor, 0, data, kind, device, rank, *element, 1, extents, steps, 0, *shape, *(shape if strides is None else strides))
    return Borrowed(address, tensor, owner)


def _borrow_torch(torch: Any, tensor: Any, stream: Optional[Stream]) -> Optional[Borrowed]:
    """As DLPack has it, for which torch takes 20 us. None where DLPack knows what to wait for or how to refuse."""
    element, device = _ELEMENTS.get(tensor.dtype) or _torch_element(tensor.dtype), tensor.device
    if element is None or tensor.layout is not torch.strided or tensor.requires_grad or tensor.is_neg():
        return None
    kind = {"cpu": _CPU, "cuda": _CUDA}.get(device.type)
    if kind is None or kind == _CUDA and not (stream and stream.torchs(torch, device)):
        return None
    strides = None if tensor.is_contiguous() else tensor.stride()
    return _packed(tensor, tensor.data_ptr(), kind, device.index or 0, element, tensor.shape, strides)


def _torch_element(dtype: Any) -> Optional[tuple[int, int]]:
    name = str(dtype).replace("torch.", "")
    try:
        return _ELEMENTS.setdefault(dtype, (_BFLOAT, 16) if name == "bfloat16" else _element(np.dtype(name)))
    except TypeError:
        return None


def _element(dtype: np.dtype[Any]) -> tuple[int, int]:
    code = _BFLOAT if dtype.name == "bfloat16" else _CODES.get(dtype.kind)
    if code is None or not dtype.isnative:
        raise TypeError(f"an array of {dtype} has no DLPack type")
    return _ELEMENTS.setdefault(dtype, (code, 8 * dtype.itemsize))


def _strides(array: npt.NDArray[Any]) -> list[int]:
    if any(s % array.itemsize for s in array.strides):
        raise TypeError(f"strides {array.strides} are no multiples of {array.itemsize} bytes")
    return [s // array.itemsize for s in array.strides]


_capsule_is = c.pythonapi.PyCapsule_IsValid
_capsule_is.restype, _capsule_is.argtypes = c.c_int, [c.py_object, c.c_char_p]
_capsule_pointer = c.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = c.c_void_p, [c.py_object, c.c_char_p]


def _borrow_dlpack(array: Any, stream: Optional[int], write: bool) -> Borrowed:
    """The capsule is not consumed: when it is dropped, it gives the memory back itself."""
    more = {} if stream is None else {"stream": stream}
    try:
        capsule = array.__dlpack__(max_version=(1, 0), **more)
    except TypeError:  # from before DLPack 1.0
        capsule = array.__dlpack__(**more)
    if _capsule_is(capsule, b"dltensor"):
        return Borrowed(_capsule_pointer(capsule, b"dltensor"), capsule, array)
    managed = _versioned(capsule)
    if write and managed.flags & _READ_ONLY:
        raise ValueError("an output's tensor is read-only")
    return Borrowed(c.addressof(managed) + DLManagedTensorVersioned.dl_tensor.offset, capsule, array)


def _versioned(capsule: Any) -> DLManagedTensorVersioned:
    if not _capsule_is(capsule, b"dltensor_versioned"):
        raise BufferError("__dlpack__ gave no DLPack capsule, or one that is used up")
    managed = DLManagedTensorVersioned.from_address(_capsule_pointer(capsule, b"dltensor_versioned"))
    if managed.major != 1:
        raise BufferError(f"DLPack {managed.major}.{managed.minor} is not known here, only 1.x")
    return managed


def _dtype(code: int, bits: int) -> np.dtype[Any]:
    if code == _BFLOAT:
        return np.dtype(np.uint16)
    return np.dtype(bool) if code == _CODES["b"] else np.dtype(f"{_LETTERS[code]}{bits // 8}")


class Tensor:
    """An output in memory of the library, which lives as long as this object or what looks at it through numpy or DLPack."""

    __slots__ = ("_managed", "_tensor", "__weakref__")

    def __init__(self, address: int) -> None:
        """Takes over the managed tensor at `address`."""
        self._managed = DLManagedTensorVersioned.from_address(address)
        self._tensor: DLTensor = self._managed.dl_tensor

    def __del__(self, address_of: Any = c.addressof) -> None:  # at the interpreter's end modules are empty
        self._managed.deleter(address_of(self._managed))

    @property
    def shape(self) -> tuple[int, ...]:
        t = self._tensor
        return tuple(t.shape[: t.ndim])

    @property
    def dtype(self) -> str:
        """The element type's name, as numpy has it; bfloat16 too."""
        return "bfloat16" if self._tensor.dtype.code == _BFLOAT else self._numpy_dtype().name

    def _numpy_dtype(self) -> np.dtype[Any]:
        t = self._tensor.dtype
        key = t.code, t.bits
        return _DTYPES.get(key) or _DTYPES.setdefault(key, _dtype(*key))

    def _look(self) -> npt.NDArray[Any]:
        """An array over the memory, bfloat16 as uint16; it keeps this object alive."""
        shape, dtype = self.shape, self._numpy_dtype()
        if 0 in shape:
            return np.empty(shape, dtype)
        memory = (c.c_uint8 * (math.prod(shape) * dtype.itemsize)).from_address(self._tensor.data + self._tensor.byte_offset)
        memory.owner = self  # type: ignore[attr-defined]
        return np.ndarray(shape, dtype, memory)  # type: ignore[arg-type]

    def numpy(self) -> npt.NDArray[Any]:
        """An array over the same memory. bfloat16 is ml_dtypes' where that is installed, else uint16."""
        array = self._look()
        return array.view(_bfloat16) if _bfloat16 and self._tensor.dtype.code == _BFLOAT else array

    def __array__(self, dtype: Optional[npt.DTypeLike] = None, copy: Optional[bool] = None) -> npt.NDArray[Any]:
        return np.array(self.numpy(), dtype, copy=copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._tensor.device.device_type, self._tensor.device.device_id

    def __dlpack__(
        self,
        *,
        stream: Optional[Any] = None,
        max_version: Optional[tuple[int, int]] = None,
        dl_device: Optional[tuple[int, int]] = None,
        copy: Optional[bool] = None,
    ) -> Any:
        """A capsule over the same memory, made by numpy."""
        capsule = self._look().__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)  # type: ignore[call-overload,arg-type,unused-ignore]
        if self.dtype == "bfloat16":  # numpy has no such type: only its name in the capsule is wrong
            old = _capsule_is(capsule, b"dltensor")
            tensor = DLTensor.from_address(_capsule_pointer(capsule, b"dltensor")) if old else _versioned(capsule).dl_tensor
            tensor.dtype.code = _BFLOAT
        return capsule

    def __repr__(self) -> str:
        return f"tvmtrt.Tensor({self.dtype}{list(self.shape)})"
