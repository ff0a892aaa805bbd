#!/usr/bin/env python3
"""Makes classifier.onnx and the numbers in scenario.json, which are committed: tests/clients/make_scenario.py [--check]

--check compares what is committed with what onnxruntime computes now, and changes nothing. Steps and words of the scenario are written by hand.
"""

import json
import os
import re
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "classifier.onnx")
SCENARIO = os.path.join(HERE, "scenario.json")
LABELS = "cat,cow,dog,elk,fox,gnu,hen,owl,pig,yak"


def model():
    """Two convolutions, a pool, a mean and a product: pictures of 16 x 16 to scores of ten classes and the best one."""
    random = np.random.default_rng(5)
    weights = {
        "w1": random.normal(0, 0.4, (8, 3, 3, 3)),
        "b1": random.normal(0, 0.2, 8),
        "w2": random.normal(0, 0.25, (16, 8, 3, 3)),
        "b2": random.normal(0, 0.2, 16),
        "w3": random.normal(0, 0.7, (10, 16)),
        "b3": random.normal(0, 0.3, 10),
    }
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], name="first", pads=[1, 1, 1, 1]),
        node("Relu", ["c1"], ["r1"], name="first_relu"),
        node("MaxPool", ["r1"], ["p1"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p1", "w2", "b2"], ["c2"], name="second", pads=[1, 1, 1, 1]),
        node("Relu", ["c2"], ["r2"], name="second_relu"),
        node("GlobalAveragePool", ["r2"], ["m"], name="mean"),
        node("Flatten", ["m"], ["f"], name="flatten"),
        node("Gemm", ["f", "w3", "b3"], ["g"], name="classes", transB=1),
        node("Softmax", ["g"], ["scores"], name="scores", axis=1),
        node("ArgMax", ["scores"], ["best"], name="best", axis=1, keepdims=0),
    ]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "classifier",
        [info("x", TensorProto.FLOAT, ["batch", 3, 16, 16])],
        [info("scores", TensorProto.FLOAT, ["batch", 10]), info("best", TensorProto.INT64, ["batch"])],
        [numpy_helper.from_array(w.astype(np.float32), n) for n, w in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tvmtrt")
    made.metadata_props.add(key="labels", value=LABELS)
    return made


def picture(batch):
    """Element i of picture p is ((i * (37 + 11 * p)) mod 97) / 48 - 1, in float64, then narrowed."""
    step = 37 + 11 * np.arange(batch)[:, None]
    return ((np.arange(3 * 16 * 16) * step % 97) / 48 - 1).astype(np.float32).reshape(batch, 3, 16, 16)


def runs(path):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = []
    for batch in (1, 3):
        scores, best = session.run(["scores", "best"], {"x": picture(batch)})
        found.append({"batch": batch, "scores": [float(f"{v:.7g}") for v in scores.ravel()], "best": best.tolist()})
    return found


def main():
    with open(SCENARIO, encoding="utf-8") as f:
        scenario = json.load(f)
    if "--check" in sys.argv:
        assert model().SerializeToString() == onnx.load(MODEL).SerializeToString(), "classifier.onnx is not what this file makes"
        for now, then in zip(runs(MODEL), scenario["runs"], strict=True):
            assert now["best"] == then["best"] and now["batch"] == then["batch"], (now, then)
            np.testing.assert_allclose(now["scores"], then["scores"], rtol=1e-5)
        return
    onnx.save(model(), MODEL)
    numbers = ",\n    ".join(json.dumps(r) for r in runs(MODEL))
    with open(SCENARIO, encoding="utf-8") as f:
        text = f.read()
    with open(SCENARIO, "w", encoding="utf-8") as f:
        f.write(re.sub(r'(?<="runs": \[\n).*?(?=\n  \],\n)', f"    {numbers}", text, flags=re.S))


main()
