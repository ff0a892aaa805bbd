"""Between arrays and the library's tensors, both ways and without copies. Knows nothing of names or sessions."""

from __future__ import annotations

import ctypes as c
import weakref
from typing import Any, Optional, Protocol, Union, runtime_checkable

import numpy as np
import numpy.typing as npt

from ._library import DLDataType, DLDevice, DLManagedTensorVersioned, DLTensor

try:
    from ml_dtypes import bfloat16 as _bfloat16
except ImportError:
    _bfloat16 = None  # numpy then has such tensors as uint16

_CPU, _CUDA, _CUDA_MANAGED = 1, 2, 13
_BFLOAT = 4
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
_LETTERS = {code: letter for letter, code in _CODES.items()}
_READ_ONLY = 1


@runtime_checkable
class SupportsDLPack(Protocol):
    """What speaks DLPack: numpy and torch do, and `Tensor`."""

    def __dlpack__(self) -> Any: ...

    def __dlpack_device__(self) -> tuple[Any, int]: ...


ArrayIn = Union[npt.ArrayLike, SupportsDLPack]
ArrayOut = Union["npt.NDArray[Any]", SupportsDLPack]


class Borrowed:
    """A DLTensor that looks at an array, which it keeps alive. `address` is for the library."""

    def __init__(self, address: int, *owners: Any) -> None:
        self.address = address
        self.owners = owners


def is_on_gpu(array: Any) -> bool:
    return not isinstance(array, np.ndarray) and isinstance(array, SupportsDLPack) and int(array.__dlpack_device__()[0]) in (_CUDA, _CUDA_MANAGED)


def borrow(array: Any, stream: Optional[int] = None, write: bool = False) -> Borrowed:
    """A look at an array, or at what speaks DLPack; other input, such as a list, becomes an array. `stream`: of a GPU, in DLPack's numbers."""
    if isinstance(array, np.ndarray):
        return _borrow_numpy(array, write)
    if isinstance(array, SupportsDLPack):
        return _borrow_dlpack(array, stream if is_on_gpu(array) else None, write)
    if write:
        raise TypeError(f"an output goes into a numpy array or what speaks DLPack, not {type(array).__name__}")
    return _borrow_numpy(np.asarray(array), write)


def _borrow_numpy(array: npt.NDArray[Any], write: bool) -> Borrowed:
    code = _BFLOAT if array.dtype.name == "bfloat16" else _CODES.get(array.dtype.kind)
    size = array.itemsize
    if code is None or not array.dtype.isnative:
        raise TypeError(f"an array of {array.dtype} has no DLPack type")
    if any(s % size for s in array.strides):
        raise TypeError(f"strides {array.strides} are no multiples of {size} bytes")
    if write and not array.flags.writeable:
        raise ValueError("an output's array is read-only")
    shape = (c.c_int64 * array.ndim)(*array.shape)
    strides = (c.c_int64 * array.ndim)(*[s // size for s in array.strides])
    tensor = DLTensor(array.ctypes.data, DLDevice(_CPU, 0), array.ndim, DLDataType(code, 8 * size, 1), shape, strides, 0)
    return Borrowed(c.addressof(tensor), tensor, array)


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


def _delete(address: int) -> None:
    managed = DLManagedTensorVersioned.from_address(address)
    if managed.deleter:
        managed.deleter(address)


class Tensor:
    """An output in memory of the library, which lives as long as this object or what looks at it through numpy or DLPack."""

    def __init__(self, address: int) -> None:
        """Takes over the managed tensor at `address`."""
        weakref.finalize(self, _delete, address)
        self._tensor: DLTensor = DLManagedTensorVersioned.from_address(address).dl_tensor

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._tensor.shape[: self._tensor.ndim])

    @property
    def dtype(self) -> str:
        """The element type's name, as numpy has it; bfloat16 too."""
        return "bfloat16" if self._tensor.dtype.code == _BFLOAT else self._numpy_dtype().name

    def _numpy_dtype(self) -> np.dtype[Any]:
        t = self._tensor.dtype
        if t.code == _BFLOAT:
            return np.dtype(np.uint16)
        return np.dtype(bool) if t.code == _CODES["b"] else np.dtype(f"{_LETTERS[t.code]}{t.bits // 8}")

    def _look(self) -> npt.NDArray[Any]:
        """An array over the memory, bfloat16 as uint16; it keeps this object alive."""
        shape, dtype = self.shape, self._numpy_dtype()
        if 0 in shape:
            return np.empty(shape, dtype)
        t = self._tensor
        strides = [s * dtype.itemsize for s in t.strides[: t.ndim]] if t.strides else None
        elements = 1 + sum((n - 1) * s for n, s in zip(shape, t.strides)) if t.strides else int(np.prod(shape))
        memory = (c.c_uint8 * (elements * dtype.itemsize)).from_address(t.data + t.byte_offset)
        memory.owner = self  # type: ignore[attr-defined]
        return np.ndarray(shape, dtype, memory, 0, strides)  # type: ignore[arg-type]

    def numpy(self) -> npt.NDArray[Any]:
        """An array over the same memory. bfloat16 is ml_dtypes' where that is installed, else uint16."""
        array = self._look()
        return array.view(_bfloat16) if self.dtype == "bfloat16" and _bfloat16 else array

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
