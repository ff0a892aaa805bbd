"""Reads an artifact by docs/artifact.md alone, with zipfile, json and numpy, and computes the network from what it finds."""

import ctypes
import json
import os
import struct
import tempfile
import zipfile

import numpy as np
from cases import ROOT, Folder

TYPES = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U64": "u8", "U32": "u4",
         "U16": "u2", "U8": "u1", "BOOL": "?"}  # fmt: skip


def offset(path, entry):
    """Where an entry's bytes begin."""
    with open(path, "rb") as f:
        f.seek(entry.header_offset)
        head = f.read(30)
    name, extra = struct.unpack_from("<HH", head, 26)
    return entry.header_offset + 30 + name + extra


def read(path):
    """Manifest, partition, graph, weights by name."""
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None
        end = 0
        for entry in sorted(z.infolist(), key=lambda e: e.header_offset):
            assert entry.compress_type == zipfile.ZIP_STORED and entry.flag_bits == 1 << 11
            assert entry.header_offset == end and offset(path, entry) % 64 == 0, entry.filename
            end = offset(path, entry) + entry.file_size
        manifest, partition, graph = (json.loads(z.read(n + ".json")) for n in ("manifest", "partition", "graph"))
        place = offset(path, z.getinfo("weights.safetensors"))
    assert manifest["format"].split(".")[0] == "1"
    data = np.memmap(path, mode="r")
    length = int(data[place : place + 8].view("<u8")[0])
    header = json.loads(bytes(data[place + 8 : place + 8 + length]))
    first = place + 8 + length
    assert first % 64 == 0
    digests, weights = header.pop("__metadata__"), {}
    for name, tensor in header.items():
        kind = np.dtype("<" + TYPES[tensor["dtype"]])
        begin, end = (first + o for o in tensor["data_offsets"])
        assert begin % kind.itemsize == 0 and len(digests[name]) == 64
        weights[name] = data[begin:end].view(kind).reshape(tensor["shape"])
    return manifest, partition, graph, weights


def convolve(x, w, attrs):
    stride, pad = attrs["strides"], attrs["padding"]
    assert attrs["groups"] == 1 and attrs["dilation"] == [1, 1]
    x = np.pad(x, ((0, 0), (0, 0), (pad[0], pad[2]), (pad[1], pad[3])))
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], (2, 3))[:, :, :: stride[0], :: stride[1]]
    return np.einsum("nchwij,kcij->nkhw", windows, w, optimize=True)


def pool(x, attrs):
    (top, left, bottom, right), size, stride = attrs["padding"], attrs["pool_size"], attrs["strides"]
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=-np.inf)
    return np.lib.stride_tricks.sliding_window_view(x, size, (2, 3))[:, :, :: stride[0], :: stride[1]].max((-1, -2))


OPERATORS = {
    "nn.conv2d": lambda a, x, w: convolve(x, w, a),
    "nn.bias_add": lambda a, x, b: x + b.reshape([-1 if i == a["axis"] % x.ndim else 1 for i in range(x.ndim)]),
    "add": lambda a, x, y: x + y,
    "nn.relu": lambda a, x: np.maximum(x, 0),
    "nn.max_pool2d": lambda a, x: pool(x, a),
    "nn.global_avg_pool2d": lambda a, x: x.mean((2, 3), keepdims=True),
    "mean": lambda a, x: x.mean(tuple(a["axis"]["dims"]), keepdims=a["keepdims"]),
    "reshape": lambda a, x: x.reshape(a["newshape"]["dims"]),
    "nn.batch_flatten": lambda a, x: x.reshape(len(x), -1),
    "nn.dense": lambda a, x, w: x @ w.T,
}


def compute(graph, weights, inputs):
    values = [inputs[i["name"]] for i in graph["inputs"]] + [weights[c["tensor"]] for c in graph["constants"]]
    for node in graph["nodes"]:
        values.append(OPERATORS[node["op"]](node["attrs"], *(values[i] for i in node["inputs"])))
    return {o["name"]: values[o["value"]] for o in graph["outputs"]}


def main():
    folder = Folder("networks", "resnet18")
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "resnet18.tvmtrt")
        save(folder.model, path)
        manifest, partition, graph, weights = read(path)
        assert manifest["writer"].startswith("tvmtrt ") and manifest["options"]["tensorrt_version"] == "10.6"
        known = {n for r in partition["regions"] for n in r["nodes"]} | {s["node"] for s in partition["steps"] if "node" in s}
        assert known == set(range(len(graph["nodes"]))) and partition["regions"]
        for entry, inputs, outputs in folder.cases():
            if any(v.shape[0] != 1 for v in inputs.values()):
                continue
            results = compute(graph, weights, inputs)
            for name, want in outputs.items():
                error = np.abs(results[name] - want).max() / np.abs(want).max()
                assert error < 1e-4, (entry["name"], name, error)
                print(f"resnet18 {entry['name']}, computed from its artifact by numpy: {error:.1e} of the largest output")
    print("ok")


def save(model, path):
    """By the C functions, without the client: what is read must not depend on it."""
    lib = ctypes.CDLL(os.environ.get("TVMTRT_LIBRARY", os.path.join(ROOT, "target/release/libtvmtrt.so")))
    lib.tvmtrt_options_new.restype = ctypes.c_void_p
    lib.tvmtrt_error_message.restype = ctypes.c_char_p

    def call(name, *arguments):
        function = getattr(lib, "tvmtrt_" + name)
        function.restype = ctypes.c_void_p
        error = function(*arguments)
        assert not error, lib.tvmtrt_error_message(ctypes.c_void_p(error)).decode()

    options = ctypes.c_void_p(lib.tvmtrt_options_new())
    # No library: what is planned for TensorRT 10.6 runs on our own code.
    for key, value in {"tensorrt_version": "10.6", "tensorrt_library": "/no/such/folder", "log_level": "off"}.items():
        call("options_set", options, key.encode(), value.encode())
    loaded, partition, build = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    call("model_load", model.encode(), None, ctypes.byref(loaded))
    call("partition", loaded, None, ctypes.c_size_t(0), options, ctypes.byref(partition))
    call("build", partition, options, ctypes.byref(build))
    call("build_save", build, path.encode(), options)
    for name, handle in {"build": build, "partition": partition, "model": loaded, "options": options}.items():
        getattr(lib, f"tvmtrt_{name}_delete")(handle)


if __name__ == "__main__":
    main()
