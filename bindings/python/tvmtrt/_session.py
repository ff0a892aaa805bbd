"""Runs. One thread at a time for one session; make as many sessions from a build as threads run it."""

from __future__ import annotations

import ctypes as c
import json
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from ._library import JSON, TEXT, Argument, Handle, call, text
from ._model import Build, Inputs, feeds
from ._options import OptionsLike, to_options
from ._tensor import DEFAULT_STREAM, ArrayOut, Stream, Tensor, borrow, is_on_gpu

Outputs = Union[Mapping[str, ArrayOut], Sequence[str], None]


class Session(Handle):
    """Runs a build."""

    _noun = "session"

    def __init__(self, build: Build, options: OptionsLike = None) -> None:
        super().__init__("session_new", build, to_options(options))
        self._memory = build._memory
        self._outputs = [v.name for v in build.outputs]
        self._stream: Optional[int] = None

    def run(self, inputs: Inputs, outputs: Outputs = None) -> dict[str, Any]:
        """Run once.

        inputs: name to array, or arrays in order. outputs: name to array to fill, the rest are made; or the names that are wanted.
        Returns name to array: the caller's own, or a numpy array over the library's memory.

        With tensors on a GPU the work is queued on the stream of `set_stream`, or CUDA's default one; if all outputs are there, it may be
        under way when this returns: what was made on other streams must live until it is done.
        """
        given = outputs if isinstance(outputs, Mapping) else ()
        return {n: a if n in given else a.numpy() for n, a in self.run_tensors(inputs, outputs).items()}

    def run_tensors(self, inputs: Inputs, outputs: Outputs = None) -> dict[str, Any]:
        """As `run`, but outputs that are made come as `Tensor`, for DLPack."""
        fill: Mapping[str, ArrayOut] = outputs if isinstance(outputs, Mapping) else {}
        if isinstance(outputs, Mapping) or outputs is None:
            names = self._outputs if set(fill) <= set(self._outputs) else list(fill)  # the library names what it does not know
        else:
            names = list(outputs)
        made = {n: c.c_void_p() for n in names if n not in fill}
        self._call(inputs, names, fill, made)()
        return {n: fill[n] if n in fill else Tensor(made[n].value or 0) for n in names}

    def bind(self, inputs: Inputs, outputs: Mapping[str, ArrayOut]) -> Callable[[], None]:
        """A run on these arrays, to be called as often as wanted: it takes a few microseconds of Python, however many they are.

        What is in the inputs may change between calls, on a GPU by work on the stream of `set_stream`; where the arrays lie must not.
        Outputs that are not named are not made.
        """
        return self._call(inputs, list(outputs), outputs, {})

    def _call(self, inputs: Inputs, names: list[str], fill: Mapping[str, ArrayOut], made: Mapping[str, c.c_void_p]) -> Callable[[], None]:
        """A call of the library that fills these arrays and gets a tensor for each of the others. It keeps alive what it uses."""
        self._choose_stream([*(inputs.values() if isinstance(inputs, Mapping) else inputs), *fill.values()])
        stream = self._now()
        arguments, given = feeds(inputs, stream)
        targets = {n: borrow(a, stream, write=True) for n, a in fill.items()}
        results = (Argument * len(names))(
            *[Argument(n.encode(), targets[n].address) if n in targets else Argument(n.encode(), None, c.addressof(made[n])) for n in names]
        )
        count, wanted = len(given), len(names)

        def run() -> None:
            call("run", self, arguments, count, results, wanted)

        run.uses = given, targets  # type: ignore[attr-defined]
        return run

    def _choose_stream(self, arrays: list[Any]) -> None:
        """Tensors of frameworks are ready in the order of CUDA's default stream, where the caller names no other."""
        if self._stream is None and any(is_on_gpu(a) for a in arrays):
            self.set_stream(0)

    def _now(self) -> Optional[Stream]:
        return None if self._stream is None else Stream(self._stream)

    def set_stream(self, stream: int) -> None:
        """Queue the session's work on a stream of the caller's: a cudaStream_t as a number, such as torch.cuda.current_stream().cuda_stream."""
        call("session_set_stream", self, stream or None)
        self._stream = stream or DEFAULT_STREAM

    def synchronize(self) -> None:
        """Wait for all work that the session has queued."""
        call("session_synchronize", self)

    def profile(self, inputs: Inputs, runs: int = 100) -> str:
        """Where the time of a run goes, as text: layers of engines and steps of own kernels, with the nodes that they came from."""
        return self._profile(inputs, runs, TEXT)

    def profile_json(self, inputs: Inputs, runs: int = 100) -> Any:
        return json.loads(self._profile(inputs, runs, JSON))

    def _profile(self, inputs: Inputs, runs: int, form: int) -> str:
        self._choose_stream(list(inputs.values() if isinstance(inputs, Mapping) else inputs))
        arguments, given = feeds(inputs, self._now())
        return text("session_profile", self, arguments, len(given), runs, form)
