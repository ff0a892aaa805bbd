"""The nine networks of package `onnx` (backend/test/data/light) with weights that are not all alike.

Their weights are constants of one value there, so most errors would not show. Here each is drawn, scaled by its fan-in; statistics of batch
norms are those of a picture; and the network ends before its Softmax, which would hide errors of the small classes.
"""

import glob
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import common


def paths():
    found = sorted(glob.glob(os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", "light_*.onnx")))
    assert len(found) == 9, found
    return {os.path.basename(p).removesuffix(".onnx"): p for p in found}


def readers(graph):
    """For each tensor its reader and place there, seen through Unsqueeze."""
    first = {}
    for node in graph.node:
        for i, name in enumerate(node.input):
            first.setdefault(name, (node, i))
    through = {n.input[0]: first[n.output[0]] for n in graph.node if n.op_type == "Unsqueeze"}
    return first | through


def draw(rng, shape, node, place, relu):
    """Values for a weight by what reads it."""
    if node.op_type in ("Conv", "Gemm") and place == 1:
        # Each filter sums to zero: what all rectified channels have in common would soon be all that is left of a picture.
        fan_in = np.prod(shape[1:])
        weights = rng.normal(0, np.sqrt((3 if relu else 1) / fan_in), shape)
        return weights - weights.mean(tuple(range(1, len(shape))), keepdims=True)
    if node.op_type == "Mul" or node.op_type == "BatchNormalization" and place == 1:
        return rng.uniform(0.5, 1.5, shape)
    if node.op_type == "BatchNormalization" and place == 4:
        return np.ones(shape)
    return rng.normal(0, 0.1, shape)


def filled(path, seed):
    """The model without Softmax, its constant weights drawn."""
    model, rng = onnx.load(path), np.random.default_rng(seed)
    graph = model.graph
    known = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    first = readers(graph)
    after_relu = {n.op_type for n in graph.node} & {"Relu"}
    made, shapes = {}, set()
    for node in graph.node:
        if node.op_type == "ConstantOfShape":
            shape = tuple(int(d) for d in known[node.input[0]])
            shapes.add(node.input[0])
            made[node.output[0]] = draw(rng, shape, *first[node.output[0]], after_relu).astype(np.float32)
    for name, value in known.items():
        node, place = first.get(name, (None, None))
        if value.dtype == np.float32 and node is not None:
            # Real biases would drown what such weights make of a picture.
            made[name] = draw(rng, value.shape, node, place, after_relu).astype(np.float32)
    nodes = [n for n in graph.node if n.op_type not in ("ConstantOfShape", "Softmax")]
    values = {k: v for k, v in known.items() if k not in shapes} | made
    softmax = [n.input[0] for n in graph.node if n.op_type == "Softmax"]
    output = softmax[0] if softmax else graph.output[0].name
    (data,) = [i for i in graph.input if i.name not in known and i.name not in made]
    weights = [numpy_helper.from_array(v, k) for k, v in values.items()]
    shape = [d.dim_value for d in graph.output[0].type.tensor_type.shape.dim]
    wanted = helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
    short = helper.make_graph(nodes, graph.name, [data], [wanted], weights)
    return helper.make_model(short, opset_imports=list(model.opset_import), ir_version=8, producer_name="tvmtrt tests"), data.name


def calibrate(model, data, x):
    """Give each batch norm the mean and variance of its input over the pictures `x`, which are run as one batch."""
    trial = onnx.ModelProto()
    trial.CopyFrom(model)
    nodes, measured = [], []
    for node in trial.graph.node:
        if node.op_type == "BatchNormalization":
            source, mean, var = node.input[0], node.input[3], node.input[4]
            own = {k: f"{mean}_{k}" for k in ("mean", "column", "off", "square", "var")}
            nodes += [
                helper.make_node("ReduceMean", [source], [own["mean"]], axes=[0, 2, 3], keepdims=0),
                helper.make_node("Unsqueeze", [own["mean"]], [own["column"]], axes=[1, 2]),
                helper.make_node("Sub", [source, own["column"]], [own["off"]]),
                helper.make_node("Mul", [own["off"], own["off"]], [own["square"]]),
                helper.make_node("ReduceMean", [own["square"]], [own["var"]], axes=[0, 2, 3], keepdims=0),
            ]
            measured += [(own["mean"], mean), (own["var"], var)]
            node.input[3:] = [own["mean"], own["var"]]
        nodes.append(node)
    del trial.graph.node[:]
    trial.graph.node.extend(nodes)
    trial.graph.output.extend(helper.make_tensor_value_info(m, TensorProto.FLOAT, None) for m, _ in measured)
    values = common.session(trial.SerializeToString()).run([m for m, _ in measured], {data: x}) if measured else []
    found = {name: v for (_, name), v in zip(measured, values)}
    for w in model.graph.initializer:
        if w.name in found:
            w.CopyFrom(numpy_helper.from_array(found[w.name], w.name))
