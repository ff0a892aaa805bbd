"""The package has every function and constant of include/tvmtrt.h, with the header's types. No list of exceptions: there are none."""

import ctypes as c
import re
from pathlib import Path

import tvmtrt
from tvmtrt import _library

HEADER = (Path(__file__).resolve().parents[3] / "include" / "tvmtrt.h").read_text(encoding="utf-8")
CODE = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S)
CALLBACKS = {
    "tvmtrt_region_filter_t": _library.RegionFilter,
    "tvmtrt_log_callback_t": _library.LogCallback,
    "tvmtrt_progress_callback_t": _library.ProgressCallback,
    "tvmtrt_finalizer_t": _library.Finalizer,
}
PLAIN = {"size_t": c.c_size_t, "uint32_t": c.c_uint32, "int32_t": c.c_int32, "DLDataType": _library.DLDataType, "void": None, **CALLBACKS}
POINTERS = {
    "char": c.c_char_p,
    "int64_t": c.POINTER(c.c_int64),
    "tvmtrt_shape_t": c.POINTER(_library.Shape),
    "tvmtrt_argument_t": c.POINTER(_library.Argument),
}


def prototypes():
    found = re.findall(r"(?:TVMTRT_MUST_USE\s+)?((?:const )?\w+ \**)tvmtrt_(\w+)\(([^;{}]*)\);", CODE)
    return {name: (kind(result), [kind(p.rsplit(" ", 1)[0] + " " + "*" * p.count("*")) for p in split(parameters)]) for result, name, parameters in found}


def split(parameters):
    return [] if parameters.strip() == "void" else [" ".join(p.split()) for p in parameters.split(",")]


def kind(text):
    word = re.sub(r"\bconst\b|\*", "", text).strip()
    return {0: PLAIN.get(word, word), 1: POINTERS.get(word, c.c_void_p)}.get(text.count("*"), c.c_void_p)


def test_functions():
    declared = prototypes()
    assert len(declared) >= 70
    assert sorted(_library.FUNCTIONS) == sorted(declared)
    # Texts that are read by address and length.
    declared["text_data"] = (c.c_void_p, declared["text_data"][1])
    wrong = {n: (_library.FUNCTIONS[n], d) for n, d in declared.items() if _library.FUNCTIONS[n] != d}
    assert not wrong


def test_every_function_is_used():
    """By name, or through a helper that puts a noun or a side before it."""
    folder = Path(_library.__file__).parent
    code = "".join(p.read_text(encoding="utf-8") for p in folder.glob("*.py"))
    code = code[: code.index("FUNCTIONS: dict")] + code[code.index("def _path") :]
    shared = {"_input", "_output", "_input_count", "_output_count", "_clone", "_delete"}
    nouns = ("model", "partition", "build")
    for name in _library.FUNCTIONS:
        rest = name[len(name.split("_")[0]) :]
        by_noun = name.startswith(nouns) and rest in shared or rest == "_delete"
        by_callback = name.startswith("options_set_") and f'"{name[len("options_set_"):]}"' in code
        assert by_noun or by_callback or f'"{name}"' in code, name


def test_constants():
    for prefix, kinds in (("TVMTRT_ERROR_", tvmtrt.ErrorCode), ("TVMTRT_LOG_", tvmtrt.LogLevel)):
        declared = {n: int(v) for n, v in re.findall(rf"#define {prefix}(\w+) (\d+)", HEADER)}
        assert declared == {e.name: e.value for e in kinds}
    assert dict(re.findall(r"#define TVMTRT_FORMAT_(\w+) (\d+)", HEADER)) == {n: str(getattr(_library, n)) for n in ("TEXT", "JSON", "DOT", "SVG")}
    assert _library.SONAME.endswith("." + re.search(r"#define TVMTRT_ABI (\d+)", HEADER)[1])


def test_structures():
    """Fields by name, in the header's order; their sizes follow from their types, which the scenario uses."""
    for name, structure in {
        "tvmtrt_shape_t": _library.Shape,
        "tvmtrt_argument_t": _library.Argument,
        "DLTensor": _library.DLTensor,
        "DLDevice": _library.DLDevice,
        "DLDataType": _library.DLDataType,
    }.items():
        body = re.search(r"typedef struct \{([^{}]*)\} " + name + ";", CODE)[1]
        assert re.findall(r"(\w+);", body) == [f[0] for f in structure._fields_], name


def test_version():
    assert tvmtrt.__version__ == tvmtrt.version() == ".".join(map(str, tvmtrt.version_info()))
