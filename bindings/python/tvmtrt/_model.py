"""Models, partitions, builds and calibrations: from a file to what a session runs."""

from __future__ import annotations

import ctypes as c
import json
import os
from typing import Any, Iterable, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from ._library import DOT, JSON, SVG, TEXT, Argument, Handle, Shape, Shared, call, get, string, text
from ._options import OptionsLike, to_options
from ._tensor import ArrayIn, Borrowed, Stream, borrow

Path = Union[str, "os.PathLike[str]"]
Inputs = Union[Mapping[str, ArrayIn], Sequence[ArrayIn]]


class Value(NamedTuple):
    """What an input or output holds.

    dims has None where an extent is not fixed, extents says as text which symbol it is; dlpack_dtype is DLPack's code, bits and lanes.
    """

    name: str
    dtype: str
    dims: tuple[Optional[int], ...]
    extents: tuple[str, ...]
    text: str
    dlpack_dtype: tuple[int, int, int]


class _Ports(Shared):
    """An object with inputs and outputs."""

    @property
    def inputs(self) -> list[Value]:
        return self._values("input")

    @property
    def outputs(self) -> list[Value]:
        return self._values("output")

    def _values(self, side: str) -> list[Value]:
        count = get(f"{self._noun}_{side}_count", self)
        return [_value(get(f"{self._noun}_{side}", self, i)) for i in range(count)]


def _value(value: int) -> Value:
    dims, axes, dtype = get("value_dims", value), range(get("value_rank", value)), get("value_dtype", value)
    return Value(
        name=string("value_name", value) or "",
        dtype=string("value_dtype_name", value) or "",
        dims=tuple(None if dims[a] < 0 else dims[a] for a in axes),
        extents=tuple(string("value_dim_text", value, a) or "" for a in axes),
        text=string("value_text", value) or "",
        dlpack_dtype=(dtype.code, dtype.bits, dtype.lanes),
    )


class Model(_Ports):
    """A model from a file, or from bytes (`folder`: where its external data lies)."""

    _noun = "model"

    def __init__(self, source: Union[Path, bytes, bytearray], folder: Optional[Path] = None, options: OptionsLike = None) -> None:
        settings = to_options(options)
        if isinstance(source, (bytes, bytearray)):
            place = None if folder is None else os.fsencode(folder)
            super().__init__("model_load_memory", bytes(source), len(source), place, settings)
        else:
            super().__init__("model_load", os.fsencode(source), settings)

    @property
    def metadata(self) -> dict[str, str]:
        """The texts that the file carries beside the graph, by key."""
        keys = [get("model_metadata_key", self, i) for i in range(get("model_metadata_count", self))]
        return {key.decode(): string("model_metadata", self, key) or "" for key in keys}


class Partition(_Ports):
    """A model split between TensorRT and our kernels; shapes: input name to dims, where None leaves a dim as the model has it."""

    _noun = "partition"

    def __init__(self, model: Model, shapes: Optional[Mapping[str, Iterable[Optional[int]]]] = None, options: OptionsLike = None) -> None:
        given = [(n.encode(), [-1 if d is None else int(d) for d in dims]) for n, dims in (shapes or {}).items()]
        array = (Shape * len(given))(*[Shape(n, (c.c_int64 * len(d))(*d), len(d)) for n, d in given])
        super().__init__("partition", model, array, len(given), to_options(options))

    def explain(self) -> str:
        """Where each node went and why, as text."""
        return text("partition_explain", self, TEXT)

    def explain_json(self) -> Any:
        return json.loads(text("partition_explain", self, JSON))

    def explain_dot(self) -> str:
        """The graph in graphviz's language."""
        return text("partition_explain", self, DOT)

    def explain_svg(self) -> str:
        """A picture of the graph, for browsers."""
        return text("partition_explain", self, SVG)

    @property
    def regions(self) -> int:
        """How many regions are meant for TensorRT."""
        count: int = get("partition_region_count", self)
        return count

    def region_json(self, region: int) -> Any:
        """The graph of a region in the layout of TVM's JSON runtime."""
        return json.loads(text("partition_region_json", self, region))


class Build(_Ports):
    """A partition's engines and kernels, ready to run."""

    _noun = "build"
    _memory: Optional[npt.NDArray[Any]] = None  # what it was loaded from; sessions keep it, too

    def __init__(self, partition: Partition, options: OptionsLike = None) -> None:
        super().__init__("build", partition, to_options(options))

    @classmethod
    def load(cls, source: Union[Path, bytes, bytearray, memoryview], options: OptionsLike = None) -> Build:
        """A build from a file that `save` wrote, or from the bytes of one, which must not change while it or a session of it is used."""
        build, settings = object.__new__(cls), to_options(options)
        if isinstance(source, (bytes, bytearray, memoryview)):
            build._memory = np.frombuffer(source, np.uint8)
            Handle.__init__(build, "build_load_memory", build._memory.ctypes.data, build._memory.size, settings)
        else:
            Handle.__init__(build, "build_load", os.fsencode(source), settings)
        return build

    def save(self, path: Path, options: OptionsLike = None) -> None:
        """Write one file with all that running it needs, here or elsewhere; a name that ends in .so makes a shared object."""
        call("build_save", self, os.fsencode(path), to_options(options))

    def clone(self) -> Build:
        """Another handle, with a life of its own."""
        other = super().clone()
        other._memory = self._memory
        return other

    __copy__ = clone

    @property
    def engines(self) -> int:
        """How many regions have a TensorRT engine."""
        count: int = get("build_engine_count", self)
        return count

    def region_state(self, region: int) -> str:
        """Where a region runs and why."""
        return text("build_region_state", self, region)

    def engine(self, region: int) -> Optional[bytes]:
        """A copy of the serialised TensorRT engine of a region, or None."""
        data = get("build_engine_data", self, region)
        return None if data is None else c.string_at(data, get("build_engine_size", self, region))

    def engine_layers(self, region: int) -> Any:
        """TensorRT's own account of the layers of a region's engine."""
        return json.loads(text("build_engine_layers", self, region))


class Calibration(Handle):
    """Ranges of tensors for engines in int8, from data like those that they will see: add inputs some hundred times, then write the table.

        calibration = tvmtrt.Calibration(partition)
        for picture in pictures:
            calibration.add({"input": picture})
        calibration.write("ranges.json")
        build = tvmtrt.Build(partition, {"precision": "int8", "calibration": "ranges.json"})
    """

    _noun = "calibration"

    def __init__(self, partition: Partition, options: OptionsLike = None) -> None:
        super().__init__("calibration_new", partition, to_options(options))

    def add(self, inputs: Inputs) -> None:
        """Run once. inputs: name to array, or arrays in order."""
        arguments, given = feeds(inputs)
        call("calibration_add", self, arguments, len(given))

    def write(self, path: Path) -> None:
        """Write the table of ranges."""
        call("calibration_write", self, os.fsencode(path))


def feeds(inputs: Inputs, stream: Optional[Stream] = None) -> tuple[Any, list[Borrowed]]:
    """Arguments for inputs, and what must live as long as they are used."""
    named = list(inputs.items()) if isinstance(inputs, Mapping) else [(None, a) for a in inputs]
    given = [borrow(array, stream) for _, array in named]
    return (Argument * len(named))(*[Argument(n.encode() if n else None, b.address) for (n, _), b in zip(named, given)]), given


def tensorrt_info(options: OptionsLike = None) -> str:
    """Which TensorRT is used, its version, and each place that was tried."""
    return text("tensorrt_info", to_options(options), TEXT)


def tensorrt_info_json(options: OptionsLike = None) -> Any:
    return json.loads(text("tensorrt_info", to_options(options), JSON))
