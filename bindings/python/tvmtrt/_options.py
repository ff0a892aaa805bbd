"""Options: values by key, and the callbacks. What an option means is the library's business."""

from __future__ import annotations

import ctypes as c
import itertools
import json
import traceback
from typing import Any, Callable, Mapping, Optional, Union

from . import _library
from ._library import JSON, TEXT, Finalizer, Handle, LogCallback, LogLevel, ProgressCallback, RegionFilter, call, get, text

# Callbacks that the library may still call: options and all that was made with them hold a key of this.
_kept: dict[int, Any] = {}
_keys = itertools.count(1)
_forget = Finalizer(lambda key, kept=_kept: kept.pop(key, None) and None)


class Options(Handle):
    """Options(offload="off", threads=2): keys and values as `options_manual` lists them. Set them before use: uses copy them."""

    _noun = "options"

    def __init__(self, values: Optional[Mapping[str, Any]] = None, /, **more: Any) -> None:
        self._own(get("options_new"))
        for key, value in {**(values or {}), **more}.items():
            self[key] = value

    @classmethod
    def from_env(cls) -> "Options":
        """Options as the variables of TVM and MXNet have them now."""
        options = cls()
        call("options_from_env", options)
        return options

    def __setitem__(self, key: str, value: Any) -> None:
        """None goes back to the default. An unknown key is an Error that names the nearest one."""
        word = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        call("options_set", self, key.encode(), None if word is None else word.encode())

    def __getitem__(self, key: str) -> str:
        """The value in canonical form, or the default."""
        return text("options_get", self, key.encode())

    def on_log(self, function: Optional[Callable[[LogLevel, str], Any]]) -> None:
        """Have function(level, message) called for log lines, by any thread, instead of writing them to standard error."""

        def called(_: Any, level: int, message: bytes) -> None:
            assert function
            _guarded(function, None, LogLevel(level), message.decode())

        self._set_callback("log_callback", LogCallback, called if function else None)

    def on_progress(self, function: Optional[Callable[[str, str, int, int], Any]]) -> None:
        """Have function(region, phase, done, total) called while engines are built; False stops the build with Error (CANCELLED)."""

        def called(_: Any, region: bytes, phase: bytes, done: int, total: int) -> bool:
            assert function
            return _guarded(function, False, region.decode(), phase.decode(), done, total) is not False

        self._set_callback("progress_callback", ProgressCallback, called if function else None)

    def filter_regions(self, function: Optional[Callable[[list[str], list[str]], bool]]) -> None:
        """Have function(nodes, operators) decide on each region that would go to TensorRT; False keeps it off."""

        def called(_: Any, nodes: Any, operators: Any, count: int) -> bool:
            assert function
            return bool(_guarded(function, True, [n.decode() for n in nodes[:count]], [o.decode() for o in operators[:count]]))

        self._set_callback("region_filter", RegionFilter, called if function else None)

    def _set_callback(self, name: str, kind: Any, function: Optional[Callable[..., Any]]) -> None:
        if function is None:
            return call(f"options_set_{name}", self, kind(), None, Finalizer())
        key = next(_keys)
        _kept[key] = kind(function)
        try:
            call(f"options_set_{name}", self, _kept[key], key, _forget)
        except _library.Error:
            del _kept[key]
            raise


def _guarded(function: Callable[..., Any], otherwise: Any, *arguments: Any) -> Any:
    """An exception must not go through the library: it is printed."""
    try:
        return function(*arguments)
    except BaseException:
        traceback.print_exc()
        return otherwise


OptionsLike = Union[Options, Mapping[str, Any], None]


def to_options(options: OptionsLike) -> Optional[Options]:
    return options if options is None or isinstance(options, Options) else Options(options)


def options_manual() -> str:
    """Each option's key, type, default, readers and meaning."""
    return text("options_keys", TEXT)


def options_keys() -> list[dict[str, Any]]:
    """The manual as data: `key`, `type`, `default`, `stages`, `doc`, and `min`, `max` or `choices` where there are some."""
    found: list[dict[str, Any]] = json.loads(text("options_keys", JSON))["options"]
    return found
