"""What a call costs beside the work: networks of almost no work, with few and with many inputs and outputs, through the Python client and through
onnxruntime. Where torch is there with a GPU, on its tensors as well, with an engine.

    cargo build --release && .cache/venv/bin/python benches/calls.py
"""

import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bindings", "python"))

import numpy as np  # noqa: E402
import tvmtrt  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

SHAPE = (2, 64)


def network(width):
    """The sums of the first two, three and more inputs, and the first input's double."""
    port = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE)  # noqa: E731
    nodes = [helper.make_node("Add", [f"y{i - 1}" if i else "x0", f"x{i}"], [f"y{i}"]) for i in range(width)]
    graph = helper.make_graph(nodes, "calls", [port(f"x{i}") for i in range(width)], [port(f"y{i}") for i in range(width)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def session(model, offload):
    build = tvmtrt.Build(tvmtrt.Partition(tvmtrt.Model(model), options={"offload": offload}), {"builder_optimization_level": 0})
    assert (build.engines > 0) == (offload == "on"), build.engines
    return tvmtrt.Session(build, {"threads": 1})


def microseconds(run, behind=lambda: None):
    """Median and least of 25 times of 100 calls; `behind` is done between those."""
    times = []
    for _ in range(26):
        begin = time.perf_counter()
        for _ in range(100):
            run()
        times.append((time.perf_counter() - begin) * 1e4)
        behind()
    return f"{statistics.median(times[1:]):.1f} ({min(times[1:]):.1f})"


def on_the_host(width):
    import onnxruntime

    model, options = network(width), onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    other = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    ours = session(model, "off")
    x = {f"x{i}": np.random.default_rng(i).random(SHAPE, np.float32) for i in range(width)}
    y = {f"y{i}": np.empty(SHAPE, np.float32) for i in range(width)}
    for name, wanted in zip(y, other.run(None, x)):
        np.testing.assert_allclose(ours.run(x)[name], wanted, rtol=1e-5)
    ways = {"onnxruntime": lambda: other.run(None, x), "run": lambda: ours.run(x), "run into arrays": lambda: ours.run(x, y), "bound": ours.bind(x, y)}
    print(f"host, {width}: " + ", ".join(f"{name} {microseconds(way)}" for name, way in ways.items()), flush=True)


def on_a_gpu(width, torch):
    ours = session(network(width), "on")
    stream = torch.cuda.Stream()
    ours.set_stream(stream.cuda_stream)
    with torch.cuda.stream(stream):
        x = {f"x{i}": torch.rand(SHAPE, device="cuda") for i in range(width)}
        y, z = ({f"y{i}": torch.empty(SHAPE, device="cuda") for i in range(width)} for _ in range(2))
        turn = iter(range(10**9))
        ways = {"run": lambda: ours.run(x, y), "run into others each time": lambda: ours.run(x, (y, z)[next(turn) % 2]), "bound": ours.bind(x, y)}
        print(f"GPU, {width}: " + ", ".join(f"{name} {microseconds(way, torch.cuda.synchronize)}" for name, way in ways.items()), flush=True)
        torch.testing.assert_close(y[f"y{width - 1}"], sum(x.values()) + x["x0"])


print("microseconds of a call, median and least, by the number of inputs and of outputs")
for count in (1, 4, 64):
    on_the_host(count)
try:
    import torch
except ImportError:
    sys.exit()
if torch.cuda.is_available():
    for count in (1, 4, 64):
        on_a_gpu(count, torch)
