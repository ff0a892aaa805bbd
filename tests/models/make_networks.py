#!/usr/bin/env python3
"""Make resnet18 and mobilenet_v2 with seeded weights, and onnxruntime's outputs on two inputs, in .cache/networks/.

    .cache/venv/bin/python tests/models/make_networks.py

The weights are scaled by fan-in and the batch-norm statistics are those of a real batch, so every layer keeps a sane spread and an
error in any layer shows in the output. resnet18 is as PyTorch exports it (GlobalAveragePool, Flatten, Gemm); mobilenet_v2 has
ReduceMean, MatMul and Add, and its dynamic version the Shape-Gather-Concat-Reshape chain of older exports.
"""

import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import common

FOLDER = os.path.join(common.CACHE, "networks")
RESNET18 = [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]  # channels, stride of each block
# expand, channels, repeat, stride of the first
MOBILENET_V2 = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


class Builder:
    """A graph under construction; every method takes and returns tensor names."""

    def __init__(self, seed, opset, gain):
        self.rng, self.opset, self.gain = np.random.default_rng(seed), opset, gain
        self.nodes, self.weights, self.channels = [], {}, {"input": 3}

    def weight(self, name, array):
        self.weights[name] = array
        return name

    def node(self, op, inputs, **attributes):
        name = f"/{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name + "_output_0"], name=name, **attributes))
        return self.nodes[-1].output[0]

    def ints(self, *values):
        return self.node("Constant", [], value=numpy_helper.from_array(np.array(values, np.int64)))

    def conv(self, x, channels, kernel, stride=1, groups=1):
        fan_in = self.channels[x] // groups * kernel * kernel
        shape = (channels, self.channels[x] // groups, kernel, kernel)
        w = self.rng.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
        w = self.weight(f"conv{len(self.weights)}.weight", w)
        y = self.node("Conv", [x, w], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4, dilations=[1, 1], group=groups)
        return self.norm(y, channels)

    def norm(self, x, channels):
        p = f"bn{len(self.weights)}."
        draw = {"weight": self.rng.uniform(0.5, self.gain, channels), "bias": self.rng.normal(0, 0.3, channels)}
        draw |= {"running_mean": np.zeros(channels), "running_var": np.ones(channels)}
        names = [self.weight(p + k, v.astype(np.float32)) for k, v in draw.items()]
        y = self.node("BatchNormalization", [x, *names], epsilon=1e-5, momentum=0.9)
        self.channels[y] = channels
        return y

    def relu(self, x):
        return self.same(x, self.node("Relu", [x]))

    def relu6(self, x):
        low, high = (self.node("Constant", [], value=numpy_helper.from_array(np.array(v, np.float32))) for v in (0, 6))
        return self.same(x, self.node("Clip", [x, low, high]))

    def add(self, a, b):
        return self.same(a, self.node("Add", [a, b]))

    def same(self, x, y):
        self.channels[y] = self.channels[x]
        return y

    def dense(self, features, classes, transposed):
        w = self.rng.normal(0, 6 / np.sqrt(features), (classes, features)).astype(np.float32)
        b = self.rng.normal(0, 0.1, classes).astype(np.float32)
        return self.weight("fc.weight", w if transposed else np.ascontiguousarray(w.T)), self.weight("fc.bias", b)

    def model(self, batch, output):
        self.nodes[-1].output[0] = "output"
        sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("input", [batch, 3, 224, 224]), ("output", output))]
        weights = [numpy_helper.from_array(v, k) for k, v in self.weights.items()]
        graph = helper.make_graph(self.nodes, "main_graph", sides[:1], sides[1:], weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8, producer_name="tvmtrt tests")


def resnet18(batch):
    b = Builder(18, opset=17, gain=1.5)
    x = b.relu(b.conv("input", 64, 7, 2))
    x = b.same(x, b.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], dilations=[1, 1], ceil_mode=0))
    for channels, stride in RESNET18:
        y = b.conv(b.relu(b.conv(x, channels, 3, stride)), channels, 3)
        x = b.relu(b.add(y, x if stride == 1 else b.conv(x, channels, 1, stride)))
    x = b.node("Flatten", [b.node("GlobalAveragePool", [x])], axis=1)
    b.node("Gemm", [x, *b.dense(512, 1000, True)], alpha=1.0, beta=1.0, transB=1)
    return b.model(batch, [batch, 1000])


def mobilenet_v2(batch):
    b = Builder(2, opset=13, gain=3)  # so that some values pass 6
    x = b.relu6(b.conv("input", 32, 3, 2))
    for expand, channels, repeat, first_stride in MOBILENET_V2:
        for stride in [first_stride] + [1] * (repeat - 1):
            wide = b.channels[x] * expand
            y = x if expand == 1 else b.relu6(b.conv(x, wide, 1))
            y = b.conv(b.relu6(b.conv(y, wide, 3, stride, wide)), channels, 1)
            x = b.add(x, y) if stride == 1 and b.channels[x] == channels else y
    x = b.relu6(b.conv(x, 1280, 1))
    w, bias = b.dense(1280, 1000, False)
    if isinstance(batch, str):
        rows = b.node("Unsqueeze", [b.node("Gather", [b.node("Shape", [x]), b.node("Constant", [], value_int=0)], axis=0), b.ints(0)])
        x = b.node("GlobalAveragePool", [x])
        x = b.node("Reshape", [x, b.node("Concat", [rows, b.ints(-1)], axis=0)])
    else:
        x = b.node("ReduceMean", [x], axes=[2, 3], keepdims=0)
    b.node("Add", [b.node("MatMul", [x, w]), bias])
    return b.model(batch, [batch, 1000])


def picture(n, rng):
    """Smooth pictures plus noise: white noise alone averages out in the pooling."""
    coarse, at = rng.normal(0, 1, (n, 3, 8, 8)), np.linspace(0, 7, 224)
    low = np.minimum(at.astype(int), 6)
    mix = np.zeros((224, 8))
    mix[np.arange(224), low], mix[np.arange(224), low + 1] = 1 - (at - low), at - low
    smooth = np.einsum("yi,ncij,xj->ncyx", mix, coarse, mix)
    return (smooth + rng.normal(0, 0.3, smooth.shape) + rng.normal(0, 0.5, (n, 3, 1, 1))).astype(np.float32)


def calibrate(model, x):
    """Give each batch norm the mean and variance of its input over one batch, and centre the output with the last bias."""
    trial = onnx.ModelProto()
    trial.CopyFrom(model)
    trial.opset_import[0].version = 17  # its batch norm has a training mode, and ReduceMean still has its axes as an attribute
    trial.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "N"
    norms = [n for n in trial.graph.node if n.op_type == "BatchNormalization"]
    for n in norms:
        mean, var = n.input[3:]
        n.output.extend([mean + "_now", var + "_now"])
        del n.attribute[:]
        n.attribute.extend(helper.make_attribute(k, v) for k, v in {"training_mode": 1, "momentum": 0.0, "epsilon": 1e-5}.items())
        trial.graph.output.extend(helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in n.output[1:])
    values = common.session(trial.SerializeToString()).run(None, {"input": x})
    found = {o.name.removesuffix("_now"): v for o, v in zip(trial.graph.output, values)}
    for w in model.graph.initializer:
        if w.name in found:
            w.CopyFrom(numpy_helper.from_array(found[w.name], w.name))
        elif w.name == "fc.bias":
            w.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(w) - found["output"].mean(0), w.name))


def spread(name, outputs, classes=True):
    """Assert and print that the oracle's outputs tell inputs apart, and classes where the model was calibrated for that."""
    rows = np.concatenate(outputs)
    std, apart = float(rows.std()), float(np.abs(rows[0] - rows[1]).mean())
    assert np.isfinite(rows).all() and 0.1 < std < 50, (name, std)
    assert apart > 0.1 * std, f"{name}: two inputs differ by {apart} only"
    assert not classes or len({int(r.argmax()) for r in rows}) > 1, f"{name}: all inputs give one class"
    print(f"{name}: outputs: standard deviation {std:.3f}, mean distance of two {apart:.3f}, top classes {[int(r.argmax()) for r in rows]}")


def main():
    if common.up_to_date(FOLDER, __file__):
        return
    for build in (resnet18, mobilenet_v2):
        for batch, sizes in ((1, (1, 1)), ("N", (1, 3))):
            name = build.__name__ + ("_dynamic" if batch == "N" else "")
            rng = np.random.default_rng(7)
            model = build(batch)
            calibrate(model, picture(8, rng))
            onnx.checker.check_model(model, full_check=True)
            data = model.SerializeToString()
            run = common.session(data)
            cases = []
            for i, n in enumerate(sizes):
                x = picture(n, rng)
                (y,) = run.run(None, {"input": x})
                cases.append({"name": f"{'ab'[i]}{n}", "inputs": [("input", x)], "outputs": [("output", y)]})
            spread(name, [c["outputs"][0][1] for c in cases])
            common.write(os.path.join(FOLDER, name), data, cases, opset=model.opset_import[0].version)
    common.made(FOLDER, __file__)


if __name__ == "__main__":
    main()
