#!/usr/bin/env python3
"""Small models for each ONNX operator in each version of its definition, in .cache/cases/<name>/.

    .cache/venv/bin/python tests/models/make_onnx_cases.py

Four sources. `onnx_*`: the ONNX package's own node tests, with its own outputs. `onnx_*_opset<v>`: the same models stamped with each
older opset from 7 that defines their operator differently, where they are still valid, with onnxruntime's outputs. `pytorch_*` and
`simple_*`: the ONNX package's stored models. `hand_*`: the models of hand_made.py. `*_fixed`: the same
case with its axes, shapes and the like as weights. `operators` and `opset` in a case's index tell what is in it.
"""

import collections
import os
import re
import shutil
import warnings

import numpy as np
import onnx
import onnx.backend.test
from onnx import defs, numpy_helper
from onnx.backend.test.loader import load_model_tests

import common
import hand_made

FOLDER = os.path.join(common.CACHE, "cases")
STORED = os.path.join(os.path.dirname(onnx.backend.test.__file__), "data")
OPERATORS = set(
    """Abs Add And AveragePool BatchNormalization Cast Ceil Clip Concat Constant ConstantOfShape Conv Div Dropout Elu Equal Erf Exp Expand
    Flatten Floor Gather Gelu Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual HardSigmoid HardSwish Identity LayerNormalization LeakyRelu
    Less LessOrEqual Log MatMul Max MaxPool Min Mul Neg Not Or Pow PRelu Range Reciprocal ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape
    Shape Sigmoid Size Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Where
    Atan ConvTranspose DepthToSpace GridSample LRN Pad Resize SpaceToDepth Upsample""".split()
)
OPERATORS |= set(
    """Compress ConvInteger DequantizeLinear DynamicQuantizeLinear GatherElements GatherND If Loop MatMulInteger NonMaxSuppression NonZero
    QLinearConv QLinearMatMul QuantizeLinear ReverseSequence Scan Scatter ScatterElements ScatterND""".split()
)
# Pointwise functions, normalisations, reductions, and what is made from places.
OPERATORS |= set(
    """Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CastLike Celu Cos Cosh
    CumProd CumSum Einsum EyeLike GroupNormalization Hardmax InstanceNormalization IsInf IsNaN LogSoftmax LpNormalization Mean
    MeanVarianceNormalization Mish Mod OneHot RMSNormalization ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceProd ReduceSumSquare
    Round Selu Shrink Sign Sin Sinh Softsign Swish Tan ThresholdedRelu TopK Trilu Xor""".split()
)
OLDEST = 7
# Dropout draws at random here; the other answers are the machine's own (overflow in a cast, division of integers by zero), or, of
# corners that are aligned in a result whose extent was rounded, ONNX's alone: runtimes align them with the extent that the result has.
LEFT_OUT = re.compile(r"training_dropout(?!_zero)|_FLOAT8|_FLOAT4|_U?INT[24]\b|_E8M0|div_by_zero|downsample_scales_\w+_align_corners")


def used(graph):
    """Every operator of the graph and of the graphs inside its nodes."""
    found = set()
    for n in graph.node:
        found.add(n.op_type if n.domain in ("", "ai.onnx") else f"{n.domain}.{n.op_type}")
        for a in n.attribute:
            for body in [a.g] * a.HasField("g") + list(a.graphs):
                found |= used(body)
    return found


def opset(model):
    return next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))


def numeric(array):
    return isinstance(array, (np.ndarray, np.generic)) and array.dtype.name in common.DTYPES


def fed(graph):
    """The names that the caller feeds: old models list their weights among the inputs too."""
    weights = {w.name for w in graph.initializer}
    return [i.name for i in graph.input if i.name not in weights]


class Writer:
    def __init__(self):
        self.count, self.refused = collections.Counter(), collections.Counter()

    def put(self, source, name, model, data_sets, **header):
        """Write one case unless its model or data is beyond the list above."""
        operators, names = used(model.graph), fed(model.graph)
        outputs = [o.name for o in model.graph.output]
        if not operators <= OPERATORS or opset(model) < OLDEST or LEFT_OUT.search(name):
            return False
        if not all(numeric(a) for side in data_sets for part in side for a in part):
            self.refused["element type"] += 1
            return False
        cases = []
        for i, (fed_arrays, wanted) in enumerate(data_sets):
            assert len(fed_arrays) == len(names) and len(wanted) == len(outputs), name
            cases.append({"name": str(i), "inputs": list(zip(names, fed_arrays)), "outputs": list(zip(outputs, wanted))})
        folder = os.path.join(FOLDER, name)
        assert not os.path.exists(folder), name
        common.write(folder, model.SerializeToString(), cases, operators=sorted(operators), opset=opset(model), **header)
        self.count[source] += 1
        self.put_fixed(source, name, model, data_sets, **header)
        return True

    def put_fixed(self, source, name, model, data_sets, **header):
        """The case once more, as exporters write it: axes, shapes and the like are weights, not inputs."""
        names = fed(model.graph)
        listed = [i for i, a in enumerate(data_sets[0][0]) if i and a.ndim <= 1 and a.size <= 8]
        fixed = [i for i in listed if data_sets[0][0][i].dtype == np.int64 or names[i] == "scales"]
        if source == "hand-made" or not fixed or len(data_sets) > 1:
            return
        copy, arrays = onnx.ModelProto(), data_sets[0][0]
        copy.CopyFrom(model)
        for i in reversed(fixed):
            copy.graph.initializer.append(numpy_helper.from_array(arrays[i], names[i]))
            del copy.graph.input[[n.name for n in copy.graph.input].index(names[i])]
        rest = [a for i, a in enumerate(arrays) if i not in fixed]
        self.put(source + ", fixed", name + "_fixed", copy, [(rest, data_sets[0][1])], **header)


def run(model, feeds):
    """onnxruntime's outputs, or None where it has no such kernel or does not take the model."""
    try:
        return common.session(model.SerializeToString()).run(None, dict(zip(fed(model.graph), feeds)))
    except Exception:  # noqa: BLE001 onnxruntime raises many types
        return None


def versions(operators):
    """The first opset, from OLDEST, of each definition of these operators."""
    found = set()
    for s in defs.get_all_schemas_with_history():
        if s.domain == "" and s.name in operators and not s.deprecated:
            found.add(max(s.since_version, OLDEST))
    return found


def stamped(model, version):
    """A copy that claims another opset, or None where it is not valid there."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.opset_import[0].version = version
    try:
        onnx.checker.check_model(copy, full_check=True)
    except Exception:  # noqa: BLE001 the checker raises many types
        return None
    return copy


def from_package(writer):
    for test in load_model_tests(kind="node"):
        model, sets = test.model, test.data_sets
        name = test.name.replace("test_", "onnx_", 1)
        header = {"oracle": f"onnx {onnx.__version__}", "rtol": test.rtol, "atol": test.atol}
        if not used(model.graph) <= OPERATORS or not writer.put("onnx", name, model, sets, **header) or len(model.graph.node) > 1:
            continue
        for version in sorted(versions({model.graph.node[0].op_type}) - {opset(model)}):
            older = stamped(model, version)
            if version > opset(model) or not older or not all(numeric(a) for a in sets[0][0]):
                continue
            outputs = run(older, sets[0][0])
            if outputs is None:
                writer.refused["onnxruntime does not take it"] += 1
            else:
                writer.put("onnx, older opset", f"{name}_opset{version}", older, [(sets[0][0], outputs)])


def stored(path):
    """The tensor of a stored .pb file."""
    with open(path, "rb") as f:
        return numpy_helper.to_array(onnx.TensorProto.FromString(f.read()))


def from_stored(writer):
    for folder, source in (("pytorch-operator", "pytorch"), ("pytorch-converted", "pytorch"), ("simple", "simple")):
        for test in sorted(os.listdir(os.path.join(STORED, folder))):
            place = os.path.join(STORED, folder, test)
            model = onnx.load(os.path.join(place, "model.onnx"))
            if not used(model.graph) <= OPERATORS or any(not i.type.HasField("tensor_type") for i in model.graph.input):
                continue
            model = stamped(model, max(opset(model), OLDEST))
            if model is None:
                continue
            feeds = [stored(os.path.join(place, "test_data_set_0", f"input_{i}.pb")) for i in range(len(fed(model.graph)))]
            outputs = run(model, feeds)
            if outputs is None:
                writer.refused["onnxruntime does not take it"] += 1
                continue
            writer.put(source, test.replace("test_", f"{source}_", 1), model, [(feeds, outputs)])


def by_hand(writer):
    for name, model, data_sets in hand_made.models():
        sets = []
        for feeds in data_sets:
            outputs = run(model, feeds)
            assert outputs is not None, f"{name}: onnxruntime does not take it"
            sets.append((feeds, outputs))
        for output, array in zip(model.graph.output, sets[0][1]):
            kind = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
            output.CopyFrom(onnx.helper.make_tensor_value_info(output.name, kind, [None] * array.ndim))
        onnx.checker.check_model(model, full_check=True)
        assert writer.put("hand-made", "hand_" + name, model, sets), f"{name}: left out"


def main():
    sources = (__file__, hand_made.__file__)
    if common.up_to_date(FOLDER, *sources):
        return
    warnings.filterwarnings("ignore")
    shutil.rmtree(FOLDER, ignore_errors=True)
    writer = Writer()
    by_hand(writer)
    with np.errstate(all="ignore"):
        from_package(writer)
        from_stored(writer)
    assert all(writer.count.values()) and writer.count.total() > 800, writer.count
    print(f"ONNX cases: {writer.count.total()}:", ", ".join(f"{v} {k}" for k, v in writer.count.items()), "; left out:", dict(writer.refused))
    common.made(FOLDER, *sources)


if __name__ == "__main__":
    main()
