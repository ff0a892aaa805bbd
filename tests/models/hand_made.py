"""Models made by hand: every old form of an operator's attributes and inputs, shapes known only at run time, and odd but legal graphs.

models() yields (name, model, data sets); a data set is a list of arrays in the order of the model's inputs. make_onnx_cases.py writes them.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

LAST = 22  # an opset that every onnxruntime of the last years knows


class Maker:
    def __init__(self):
        self.found, self.rng = [], np.random.default_rng(5)

    def f(self, *shape, low=-2.0, high=2.0):
        return self.rng.uniform(low, high, shape).astype(np.float32)

    def add(self, name, version, nodes, feeds, outputs=("y",), weights=None, dims=None, more=(), old_weights=False):
        """nodes: (operator, inputs, outputs, attributes); names are split at spaces, `-` is an absent input. feeds and weights: name to
        array. dims: name to the declared shape, where it is not the first feed's. more: further feeds."""
        names = lambda text: ["" if n == "-" else n for n in text.split()]  # noqa: E731
        made = [helper.make_node(op, names(i), names(o), **a) for op, i, o, a in nodes]
        weights = {k: np.asarray(v) for k, v in (weights or {}).items()}
        declared = dict(feeds, **weights) if old_weights else feeds
        kind = lambda a: helper.np_dtype_to_tensor_dtype(a.dtype)  # noqa: E731
        inputs = [helper.make_tensor_value_info(n, kind(a), (dims or {}).get(n, a.shape)) for n, a in declared.items()]
        results = [helper.make_empty_tensor_value_info(o) for o in outputs]
        graph = helper.make_graph(made, name, inputs, results, [numpy_helper.from_array(v, k) for k, v in weights.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], ir_version=3 if old_weights else 8)
        self.found.append((name, model, [list(s.values()) for s in (feeds, *more)]))

    def one(self, name, versions, op, feeds, weights=None, outputs="y", **attributes):
        """One node whose inputs are the feeds, then the weights, at each of the versions."""
        for v in versions:
            inputs = " ".join([*feeds, *(weights or {})])
            self.add(f"{name}_opset{v}", v, [(op, inputs, outputs, attributes)], feeds, outputs.split(), weights)


def ints(*values):
    return np.array(values, np.int64)


def old_forms(m):
    """What later versions moved from attributes to inputs, or gave another meaning."""
    x = {"x": m.f(2, 3, 4, 5)}
    m.one("clip_attributes", (7, 10), "Clip", x, min=-0.5, max=1.0)
    m.one("clip_attribute_min", (7,), "Clip", x, min=0.0)
    m.one("clip_inputs", (11, 12, LAST), "Clip", x, {"low": np.float32(-0.5), "high": np.float32(1)})
    m.add("clip_max_only", 13, [("Clip", "x - high", "y", {})], x, weights={"high": np.float32(0.25)})
    m.one("squeeze_attribute", (7, 11), "Squeeze", {"x": m.f(1, 3, 1, 5)}, axes=[0, 2])
    m.one("squeeze_attribute_negative", (11,), "Squeeze", {"x": m.f(1, 3, 1, 5)}, axes=[-2])
    m.one("squeeze_all", (7, 11, 13, LAST), "Squeeze", {"x": m.f(1, 3, 1, 5)})
    m.one("squeeze_input", (13, LAST), "Squeeze", {"x": m.f(1, 3, 1, 5)}, {"axes": ints(0, -2)})
    m.one("unsqueeze_attribute", (7, 11), "Unsqueeze", {"x": m.f(3, 5)}, axes=[0, 3])
    m.one("unsqueeze_attribute_negative", (11,), "Unsqueeze", {"x": m.f(3, 5)}, axes=[-1, 1])
    m.one("unsqueeze_input", (13, LAST), "Unsqueeze", {"x": m.f(3, 5)}, {"axes": ints(-1, 0)})
    for op in ("ReduceMean", "ReduceSum", "ReduceMax"):
        versions = (7, 11) + ((13,) if op != "ReduceSum" else ())
        m.one(f"{op}_attribute", versions, op, x, axes=[2, 3], keepdims=0)
        m.one(f"{op}_attribute_keep", versions, op, x, axes=[1])
        m.one(f"{op}_all", versions + (18, LAST), op, x, keepdims=0)
        m.one(f"{op}_input", (18, LAST), op, x, {"axes": ints(-1, 1)}, keepdims=0)
        m.one(f"{op}_no_op", (18, LAST), op, x, {"axes": ints()}, noop_with_empty_axes=1)
    m.one("slice_attributes", (7, 9), "Slice", x, starts=[1, -3], ends=[2, 1000], axes=[1, 3])
    m.one("slice_attributes_no_axes", (7,), "Slice", x, starts=[0, 1, 1], ends=[2, 3, -1])
    cut = {"starts": ints(1, -1), "ends": ints(3, -(2**62)), "axes": ints(1, -1), "steps": ints(1, -2)}
    m.one("slice_steps", (10, 11, 13, LAST), "Slice", x, dict(cut, axes=ints(1, 3)))
    m.one("slice_negative_axes", (11, LAST), "Slice", x, cut)
    m.one("slice_empty", (11, LAST), "Slice", x, {"starts": ints(3), "ends": ints(1)})
    for axis in (0, 1, 2, 3):
        m.one(f"softmax_axis{axis}", (7, 11, 13, LAST), "Softmax", x, axis=axis)
    m.one("softmax_default", (7, 11, 13, LAST), "Softmax", x)
    m.one("softmax_large", (13,), "Softmax", {"x": m.f(4, 9, low=-300, high=300)})
    m.one("dropout_attribute", (7, 10), "Dropout", x, ratio=0.5)
    m.one("dropout_input", (12, 13, LAST), "Dropout", x, {"ratio": np.float32(0.5)})
    m.one("dropout_mask", (10, 12, LAST), "Dropout", x, outputs="y mask")
    m.one("flatten_default", (7, 9, 11, 13, LAST), "Flatten", x)
    for axis in (0, 2, 4):
        m.one(f"flatten_axis{axis}", (7, LAST), "Flatten", x, axis=axis)
    m.one("flatten_negative", (11, LAST), "Flatten", x, axis=-1)
    m.one("reshape", (7, 13, 14, LAST), "Reshape", x, {"shape": ints(0, -1, 10)})
    m.one("reshape_allow_zero", (14, LAST), "Reshape", {"x": m.f(0, 3)}, {"shape": ints(3, 0, 2)}, allowzero=1)
    m.one("concat_negative", (11, 13), "Concat", {"a": m.f(2, 3), "b": m.f(2, 1), "c": m.f(2, 4)}, axis=-1)
    m.one("concat_one", (7, LAST), "Concat", {"a": m.f(2, 3)}, axis=0)
    m.one("gather_negative_index", (11, 13), "Gather", {"x": m.f(5, 3)}, {"i": np.array([[0, -1], [2, -5]], np.int32)}, axis=0)
    m.one("gather_scalar_index", (7, 11, LAST), "Gather", {"x": m.f(5, 3)}, {"i": np.array(2)}, axis=1)
    m.one("shape_slice", (15, LAST), "Shape", x, start=-3, end=3)
    m.one("identity", (7, 13, LAST), "Identity", x)
    m.one("constant_of_shape", (9, LAST), "ConstantOfShape", {}, {"s": ints(2, 3)}, value=numpy_helper.from_array(np.array([7], np.int32)))
    m.one("constant_of_shape_default", (9,), "ConstantOfShape", {"s": ints(2, 0, 3)})
    for name, value in {"float": 1.5, "int": 3, "floats": [1.0, 2.0], "ints": [4, 5, 6]}.items():
        m.one(f"constant_{name}", (12, LAST), "Constant", {}, **{f"value_{name}": value})
    for to in (TensorProto.FLOAT16, TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL, TensorProto.DOUBLE):
        m.one(f"cast_to{to}", (7, 9, 13, LAST), "Cast", {"x": np.array([-2.7, -0.5, 0, 0.49, 1.5, 300.2], np.float32)}, to=to)
    m.one("pow_mixed", (12, 13, 15), "Pow", {"x": m.f(3, 4, low=0.1)}, {"e": np.array([2], np.int64)})
    m.one("pow_cube", (7, 15), "Pow", {"x": m.f(3, 4)}, {"e": np.array(3, np.float32)})
    m.one("equal_float", (11, 13), "Equal", {"a": np.float32([1, 2, np.nan]), "b": np.float32([1, 3, np.nan])})
    m.one("where_broadcast", (9, 16), "Where", {"c": np.array([[True], [False]]), "a": m.f(2, 3), "b": m.f(3)})
    m.one("expand", (8, 13), "Expand", {"x": m.f(3, 1)}, {"s": ints(2, 1, 4)})


def layers(m):
    """Convolutions, pools, products and normalisations with the parameters that differ between libraries."""
    image, weight = {"x": m.f(2, 4, 9, 11)}, lambda *s: {"w": m.f(*s) / np.float32(np.sqrt(np.prod(s[1:])))}
    bias = {"b": m.f(6)}
    for name, w, attributes in (
        ("plain", weight(6, 4, 3, 3), {}),
        ("pads_uneven", weight(6, 4, 3, 3), {"pads": [0, 1, 2, 3]}),
        ("stride_dilation", weight(6, 4, 3, 3), {"pads": [2, 2, 2, 2], "strides": [2, 3], "dilations": [2, 1]}),
        ("groups", weight(6, 2, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
        ("depthwise", weight(4, 1, 5, 3), {"group": 4, "kernel_shape": [5, 3], "pads": [2, 1, 2, 1]}),
        ("depthwise_two", weight(8, 1, 3, 3), {"group": 4, "strides": [2, 2]}),
        ("same_upper", weight(6, 4, 3, 2), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ("same_lower", weight(6, 4, 2, 3), {"auto_pad": "SAME_LOWER"}),
        ("valid", weight(6, 4, 3, 3), {"auto_pad": "VALID", "strides": [2, 1]}),
        ("pointwise", weight(6, 4, 1, 1), {"strides": [2, 2]}),
    ):
        w |= bias if w["w"].shape[0] == 6 else {}
        m.one(f"conv_{name}", (7, 11, 22), "Conv", image, w, **attributes)
    m.one("conv_1d", (11,), "Conv", {"x": m.f(2, 4, 13)}, weight(6, 4, 3), pads=[1, 1], strides=[2])
    m.one("conv_3d", (11,), "Conv", {"x": m.f(1, 2, 5, 6, 7)}, weight(3, 2, 3, 3, 3), pads=[1] * 6)
    m.add("conv_fed_weights", 11, [("Conv", "x w", "y", {})], dict(image, **weight(6, 4, 3, 3)))
    for op, kinds in (("MaxPool", ({}, {"dilations": [2, 1]})), ("AveragePool", ({}, {"count_include_pad": 1}))):
        for i, kind in enumerate(kinds):
            versions = (10, 11, 12, 22) if "dilations" in kind else (7, 10, 11, 22)
            m.one(f"{op}_pads{i}", versions, op, image, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 0, 1], **kind)
            m.one(f"{op}_ceil{i}", (10, 22), op, image, kernel_shape=[3, 3], strides=[2, 3], ceil_mode=1, pads=[1, 1, 1, 1], **kind)
        m.one(f"{op}_same", (7, 11, 22), op, image, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
        m.one(f"{op}_1d", (11,), op, {"x": m.f(2, 3, 9)}, kernel_shape=[2], strides=[2])
    m.one("averagepool_dilated", (19, 22), "AveragePool", image, kernel_shape=[3, 3], dilations=[2, 2])
    m.one("global_pool_3d", (7, 22), "GlobalAveragePool", {"x": m.f(2, 3, 4, 5, 6)})
    norm = {"s": m.f(4, low=0.5), "b": m.f(4), "mean": m.f(4), "var": m.f(4, low=0.5)}
    m.one("batch_norm", (7, 9, 14, 15), "BatchNormalization", image, norm, epsilon=1e-3)
    m.one("batch_norm_2d", (9, 15), "BatchNormalization", {"x": m.f(5, 4)}, norm)
    m.add("batch_norm_training", 15, [("BatchNormalization", "x s b mean var", "y m v", {"training_mode": 1})], image, ("y", "m", "v"), norm)
    for name, a, b, attributes in (
        ("plain", (3, 4), (4, 5), {}), ("a", (4, 3), (4, 5), {"transA": 1}), ("b", (3, 4), (5, 4), {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    ):  # fmt: skip
        for c in ((3, 5), (5,), (3, 1), ()):
            m.one(f"gemm_{name}_bias{len(c)}{c[-1] if c else ''}", (7, 9, 11, 13), "Gemm", {"x": m.f(*a)}, {"w": m.f(*b), "c": m.f(*c)}, **attributes)
        m.one(f"gemm_{name}_no_bias", (11, 13), "Gemm", {"x": m.f(*a)}, {"w": m.f(*b)}, **attributes)
    for a, b in (((3, 4), (4, 5)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 1, 3, 4), (5, 4, 2)), ((2, 3, 4), (4, 5))):
        m.one(f"matmul_{len(a)}d_{len(b)}d_{b[-1]}", (7, 9, 13), "MatMul", {"a": m.f(*a), "b": m.f(*b)})
    for axis in (-1, 1, 2):
        shape = (2, 3, 4, 5)[axis:]
        m.one(f"layer_norm_axis{axis}", (17,), "LayerNormalization", {"x": m.f(2, 3, 4, 5)}, {"s": m.f(*shape), "b": m.f(*shape)}, axis=axis)
    for op in ("Add", "Sub", "Mul", "Div"):
        m.one(f"{op}_ranks", (7, 13, 14), op, {"a": m.f(2, 1, 4, low=0.5), "b": m.f(3, 1, low=0.5)})
        m.one(f"{op}_int64", (7, 13, 14), op, {"a": ints(7, -7, 9), "b": ints(2, 2, -3)})
    sweeps = {"Exp": (-9, 80), "Tanh": (-9, 40), "Erf": (-4, 30), "Sigmoid": (-20, 90), "Sqrt": (0, 1e30)}
    sweeps |= {"HardSwish": (-5, 1e9), "HardSigmoid": (-9, 1e9)}
    for op, (low, extreme) in sweeps.items():
        x = np.concatenate([np.linspace(low, abs(low) or 9, 1001), [0.0, -0.0, extreme, -extreme if low else 0.0]]).astype(np.float32)
        m.one(f"{op}_sweep", (14,), op, {"x": x})


def places(m):
    """Extremes, orders and sums by place, in every old form."""
    x = {"x": m.f(3, 4, 5)}
    few = {"x": m.rng.integers(-2, 3, (3, 4, 5)).astype(np.float32)}
    for op in ("ArgMax", "ArgMin"):
        m.one(f"{op}_default", (7, 11, 13), op, few)
        m.one(f"{op}_last", (12, 13), op, few, axis=-1, select_last_index=1, keepdims=0)
    m.one("topk_attribute", (7,), "TopK", x, k=2, axis=1, outputs="y i")
    m.one("topk_operand", (10,), "TopK", x, {"k": ints(3)}, outputs="y i")
    m.one("topk_smallest", (11,), "TopK", x, {"k": ints(2)}, axis=0, largest=0, outputs="y i")
    m.one("topk_ints", (11,), "TopK", {"x": ints(5, -3, 9, 5, 0)}, {"k": ints(5)}, outputs="y i")
    m.one("hardmax_matrix", (7, 11), "Hardmax", x, axis=1)
    m.one("hardmax_axis", (13,), "Hardmax", few, axis=1)
    m.one("cumsum", (11, 14), "CumSum", x, {"axis": np.array(-2)}, exclusive=1, reverse=1)
    for name, equation, shapes in (
        ("heads", "bqhd,bkhd->bhqk", ((2, 3, 2, 4), (2, 5, 2, 4))), ("implied", "ij,jk", ((3, 4), (4, 5))),
        ("dots", "...ij,...jk->...ik", ((2, 3, 4), (2, 4, 5))), ("three", "ij,jk,kl->li", ((2, 3), (3, 4), (4, 5))), ("trace", "ii", ((4, 4),)),
    ):  # fmt: skip
        m.one(f"einsum_{name}", (12,), "Einsum", {f"x{i}": m.f(*s) for i, s in enumerate(shapes)}, equation=equation)
    for p in (1, 2):
        m.one(f"lp_norm_{p}", (7,), "LpNormalization", {"x": np.concatenate([m.f(3, 4), np.zeros((1, 4), np.float32)])}, axis=1, p=p)
    m.one("mean_variance_norm", (9, 13), "MeanVarianceNormalization", {"x": m.f(2, 3, 4, 5)}, axes=[0, 2, 3])
    scale = {"s": m.f(6), "b": m.f(6)}
    m.one("instance_norm", (7, LAST), "InstanceNormalization", {"x": m.f(2, 6, 4, 5)}, scale, epsilon=1e-3)
    m.one("group_norm", (21,), "GroupNormalization", {"x": m.f(2, 6, 4, 5)}, scale, num_groups=2)
    m.one("eye_like", (9,), "EyeLike", {"x": ints(*range(12)).reshape(3, 4)}, k=-1, dtype=1)
    m.one("one_hot_negative", (9, 11), "OneHot", {"x": ints(0, -1, 2, 7)}, {"d": np.array(4), "v": np.float32([2, 5])}, axis=0)
    m.one("trilu_operand", (14,), "Trilu", {"x": m.f(2, 4, 5), "k": np.array(-1)}, upper=0)
    m.one("prelu_last_axis", (7, 9), "PRelu", x, {"s": m.f(5)})
    m.one("prelu_planes", (7, 16), "PRelu", x, {"s": m.f(4, 1)})
    m.one("log_sum_exp_extremes", (11, 13), "ReduceLogSumExp", {"x": np.float32([[-np.inf, -np.inf], [np.inf, 1], [300, 301]])}, axes=[1])
    m.one("is_inf_positive", (10,), "IsInf", {"x": np.float32([1, np.inf, -np.inf, np.nan])}, detect_negative=0)
    lengths = [("Shape", "x", "s", {}), ("Gather", "s one", "n", {}), ("Range", "zero n one", "y", {})]
    dims, more = {"x": ["N", "T"]}, [{"x": m.f(1, 3)}, {"x": m.f(2, 9)}]
    m.add("range_of_extent", 11, lengths, {"x": m.f(2, 5)}, weights={"zero": np.array(0), "one": np.array(1)}, dims=dims, more=more)


def graphs(m):
    """Whole small graphs: shapes computed at run time, shared and unused values, names that collide."""
    x, dims = {"x": m.f(2, 3, 4, 6)}, {"x": ["N", 3, "H", "W"]}
    more = [{"x": m.f(1, 3, 2, 2)}, {"x": m.f(3, 3, 5, 1)}]
    flatten = [
        ("Shape", "x", "s", {}), ("Gather", "s zero", "n", {"axis": 0}), ("Unsqueeze", "n first", "n1", {}),
        ("Concat", "n1 minus", "shape", {"axis": 0}), ("Reshape", "x shape", "y", {}),
    ]  # fmt: skip
    m.add("flatten_by_shape", 13, flatten, x, weights={"zero": np.array(0), "first": ints(0), "minus": ints(-1)}, dims=dims, more=more)
    sequence = [
        ("Shape", "x", "s", {}), ("Slice", "s zero one", "n", {}), ("Slice", "s two four", "hw", {}), ("Gather", "hw zero_", "h", {}),
        ("Gather", "hw one_", "w", {}), ("Mul", "h w", "l", {}), ("Unsqueeze", "l first", "l1", {}), ("Concat", "n three l1", "shape", {"axis": 0}),
        ("Reshape", "x shape", "flat", {}), ("Transpose", "flat", "y", {"perm": [0, 2, 1]}),
    ]  # fmt: skip
    constants = {"zero": ints(0), "one": ints(1), "two": ints(2), "three": ints(3), "four": ints(4), "first": ints(0)}
    constants |= {"zero_": np.array(0), "one_": np.array(1)}
    m.add("sequence_from_image", 13, sequence, x, weights=constants, dims=dims, more=more)
    expand = [
        ("Shape", "x", "s", {}), ("ConstantOfShape", "s", "zeros", {}), ("Equal", "zeros zero", "c", {}),
        ("Where", "c x zeros", "w", {}), ("Expand", "w s", "y", {}),
    ]  # fmt: skip
    m.add("expand_like", 13, expand, x, weights={"zero": np.float32(0)}, dims=dims, more=more)
    half = [("Shape", "x", "s", {}), ("Gather", "s three", "w", {}), ("Div", "w two", "h", {}), ("Slice", "x start h axis", "y", {})]
    m.add("left_half", 11, half, x, weights={"three": ints(3), "two": ints(2), "start": ints(0), "axis": ints(3)}, dims=dims, more=more)
    m.add("unnamed_dims", 13, [("Relu", "x", "y", {})], x, dims={"x": [None, 3, None, "W"]}, more=more)
    m.add("dims_that_must_agree", 13, [("Add", "a b", "y", {})], {"a": m.f(2, 3), "b": m.f(2, 3)}, dims={"a": ["N", 3], "b": ["N", "M"]})
    residual = [
        ("Conv", "x w b", "c1", {"pads": [1] * 4}), ("BatchNormalization", "c1 s o mean var", "n1", {}), ("Relu", "n1", "r1", {}),
        ("Conv", "r1 w b", "c2", {"pads": [1] * 4}), ("Add", "c2 x", "a", {}), ("Relu", "a", "y", {}),
    ]  # fmt: skip
    weights = {"w": m.f(3, 3, 3, 3) / 3, "b": m.f(3), "s": m.f(3, low=0.5), "o": m.f(3), "mean": m.f(3), "var": m.f(3, low=0.5)}
    m.add("residual_block", 9, residual, x, weights=weights, dims=dims, more=more)
    m.add("residual_block_ir3", 7, residual, x, weights=weights, old_weights=True)
    m.add("squeeze_excite", 11, [
        ("GlobalAveragePool", "x", "g", {}), ("Conv", "g w b", "c", {}),
        ("HardSigmoid", "c", "h", {"alpha": 0.2, "beta": 0.5}), ("Mul", "x h", "y", {}),
    ], x, weights={"w": m.f(3, 3, 1, 1), "b": m.f(3)}, dims=dims, more=more)  # fmt: skip
    m.add("two_outputs_one_inner", 13, [("Relu", "x", "r", {}), ("Exp", "r", "y", {})], x, ("y", "r"))
    m.add("one_value_twice", 13, [("Mul", "x x", "y", {})], x)
    m.add("unused_node", 13, [("Relu", "x", "y", {}), ("Exp", "x", "unused", {})], x)
    m.add("unused_input", 13, [("Relu", "x", "y", {})], dict(x, z=m.f(3)))
    m.add("constants_only", 13, [("Add", "a b", "y", {})], {}, weights={"a": m.f(3), "b": m.f(3)})
    m.add("weight_behind_identity", 13, [("Identity", "w", "v", {}), ("MatMul", "x v", "y", {})], {"x": m.f(3, 4)}, weights={"w": m.f(4, 5)})
    m.add("weight_computed", 13, [("Transpose", "w", "v", {}), ("MatMul", "x v", "y", {})], {"x": m.f(3, 4)}, weights={"w": m.f(5, 4)})
    m.add("half_weights", 13, [("Cast", "w", "v", {"to": 1}), ("Conv", "x v", "y", {})], x, weights={"w": m.f(2, 3, 2, 2).astype(np.float16)})
    m.add("typed_weights", 13, [("Gather", "w i", "v", {}), ("Mul", "x v", "y", {})], {"x": m.f(2, 3)}, weights={"w": m.f(4, 3), "i": ints(3, 1)})
    typed = m.found[-1][1].graph.initializer
    for i, t in enumerate(typed):  # values in float_data and int64_data, not in raw_data
        typed[i].CopyFrom(helper.make_tensor(t.name, t.data_type, t.dims, numpy_helper.to_array(t).flatten()))
    m.add("zero_rows", 13, [("MatMul", "x w", "h", {}), ("Relu", "h", "y", {})], {"x": m.f(0, 4)}, weights={"w": m.f(4, 5)}, dims={"x": ["N", 4]})
    m.add("scalar", 13, [("Add", "x one", "y", {})], {"x": np.array(2.5, np.float32)}, weights={"one": np.float32(1)})
    m.add("gelu_by_erf", 13, [
        ("Div", "x root", "d", {}), ("Erf", "d", "e", {}), ("Add", "e one", "p", {}), ("Mul", "x p", "q", {}), ("Mul", "q half", "y", {}),
    ], {"x": m.f(4, 33, high=4)}, weights={"root": np.float32(np.sqrt(2)), "one": np.float32(1), "half": np.float32(0.5)})  # fmt: skip
    m.add("layer_norm_by_parts", 12, [
        ("ReduceMean", "x", "mean", {"axes": [-1]}), ("Sub", "x mean", "d", {}), ("Pow", "d two", "sq", {}),
        ("ReduceMean", "sq", "var", {"axes": [-1]}), ("Add", "var eps", "ve", {}), ("Sqrt", "ve", "sd", {}), ("Div", "d sd", "n", {}),
        ("Mul", "n s", "m", {}), ("Add", "m b", "y", {}),
    ], {"x": m.f(2, 5, 32)}, weights={"two": np.float32(2), "eps": np.float32(1e-5), "s": m.f(32), "b": m.f(32)},
        dims={"x": ["N", "T", 32]})  # fmt: skip
    m.add("attention", 13, [
        ("MatMul", "x wq", "q", {}), ("MatMul", "x wk", "k", {}), ("MatMul", "x wv", "v", {}),
        ("Transpose", "k", "kt", {"perm": [0, 2, 1]}), ("MatMul", "q kt", "qk", {}), ("Mul", "qk scale", "z", {}),
        ("Softmax", "z", "p", {"axis": -1}), ("MatMul", "p v", "y", {}),
    ], {"x": m.f(2, 7, 16)}, weights={"wq": m.f(16, 8), "wk": m.f(16, 8), "wv": m.f(16, 12), "scale": np.float32(0.35)},
        dims={"x": ["N", "T", 16]}, more=[{"x": m.f(1, 1, 16)}, {"x": m.f(3, 19, 16)}])  # fmt: skip


def models():
    maker = Maker()
    for part in (old_forms, layers, places, graphs):
        part(maker)
    return maker.found
