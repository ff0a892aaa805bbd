"""How a case lies on disk, for tests in any language.

A case is a folder with `model.onnx`, `index.json` and one raw little-endian file for each tensor:

    {"model": "model.onnx", "oracle": "onnxruntime 1.31.1", "operators": ["Conv"], "opset": 13,
     "cases": [{"name": "n1", "inputs": [{"name": "x", "dtype": "float32", "shape": [1, 3, 8, 8], "file": "n1.input.0.bin"}],
                "outputs": [...]}]}

"oracle" is whose outputs they are. dtype is numpy's name (bfloat16 too; a bool is one byte). Inputs and outputs stand in the model's
order. "model" may point outside the folder. A case may carry keys of its own, such as "texts".
"""

import functools
import hashlib
import json
import os
import shutil

import numpy as np
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(ROOT, ".cache")
RUNTIME = f"onnxruntime {onnxruntime.__version__}"
DTYPES = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool".split()


def session(model, threads=0):
    """An onnxruntime session on the CPU; `model` is a path or bytes."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def write(folder, model, cases, **header):
    """Write one case folder; each case is a dict with `name`, `inputs` and `outputs` as lists of (name, array)."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    if isinstance(model, bytes):
        with open(os.path.join(folder, "model.onnx"), "wb") as f:
            f.write(model)
        model = "model.onnx"
    listed = []
    for case in cases:
        entry = dict(case)
        for side in ("inputs", "outputs"):
            entry[side] = [tensor(folder, f"{case['name']}.{side[:-1]}.{i}.bin", *t) for i, t in enumerate(case[side])]
        listed.append(entry)
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as f:
        json.dump({"model": model, "oracle": RUNTIME, **header, "cases": listed}, f, indent=1, ensure_ascii=False)


def tensor(folder, file, name, array):
    array = np.asarray(array)
    assert array.dtype.name in DTYPES, array.dtype
    array.astype(array.dtype.newbyteorder("<")).tofile(os.path.join(folder, file))
    return {"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "file": file}


def up_to_date(folder, *sources):
    """Whether `folder` was made by these very sources; calls of `made` record it."""
    stamp = os.path.join(folder, ".made-from")
    return os.path.exists(stamp) and open(stamp).read() == digest(sources)


def made(folder, *sources):
    with open(os.path.join(folder, ".made-from"), "w") as f:
        f.write(digest(sources))


@functools.cache
def digest(sources):
    h = hashlib.sha256(RUNTIME.encode())
    for path in (__file__, *sources):
        with open(path, "rb") as f:
            h.update(f.read())
    return h.hexdigest()
