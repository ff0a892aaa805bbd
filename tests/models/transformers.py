"""vit_b_16 and a BERT-like encoder, node by node as PyTorch exports them, with seeded weights.

Attention is as the exporter writes it: one product for queries, keys and values, split by Gather; both sides of the scores scaled by the
root of the scale; tensors laid out sequence first. LayerNormalization is one node, GELU five.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """A graph under construction; methods take and return tensor names."""

    def __init__(self, seed):
        self.rng, self.nodes, self.weights = np.random.default_rng(seed), [], {}

    def node(self, op, inputs, **attributes):
        name = f"/{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name + "_output_0"], name=name, **attributes))
        return self.nodes[-1].output[0]

    def constant(self, value):
        return self.node("Constant", [], value=numpy_helper.from_array(np.asarray(value)))

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def weight(self, array):
        name = f"w{len(self.weights)}"
        self.weights[name] = np.asarray(array, np.float32)
        return name

    def normal(self, *shape, scale):
        return self.weight(self.rng.normal(0, scale, shape))

    def near_one(self, n):
        return self.weight(self.rng.uniform(0.5, 1.5, n))

    def linear(self, x, inputs, outputs, gain=1.0):
        """As a three-dimensional Linear is exported: a product and a sum, bias first."""
        product = self.node("MatMul", [x, self.normal(inputs, outputs, scale=gain / np.sqrt(inputs))])
        return self.node("Add", [self.normal(outputs, scale=0.1), product])

    def layer_norm(self, x, width, epsilon):
        return self.node("LayerNormalization", [x, self.near_one(width), self.normal(width, scale=0.1)], axis=-1, epsilon=epsilon)

    def gelu(self, x):
        erf = self.node("Erf", [self.node("Div", [x, self.constant(np.float32(np.sqrt(2)))])])
        wide = self.node("Mul", [x, self.node("Add", [erf, self.constant(np.float32(1))])])
        return self.node("Mul", [wide, self.constant(np.float32(0.5))])

    def attention(self, x, batch, length, width, heads, mask=None):
        """`x` and the result are batch first; `batch` is a number, or the name of a tensor that holds it."""
        head = width // heads
        sizes = lambda *dims: self.sizes(batch, *dims)  # noqa: E731
        x = self.node("Transpose", [x], perm=[1, 0, 2])
        x = self.linear(x, width, 3 * width, gain=1.5)
        x = self.node("Reshape", [x, sizes(length, None, 3, width)])
        x = self.node("Transpose", [self.node("Unsqueeze", [x, self.ints(0)])], perm=[3, 1, 2, 0, 4])
        x = self.node("Squeeze", [x, self.ints(3)])
        parts = [self.node("Gather", [x, self.constant(np.int64(i))], axis=0) for i in range(3)]
        parts = [self.node("Transpose", [self.node("Reshape", [p, sizes(length, (heads,), head)])], perm=[1, 0, 2]) for p in parts]
        q, k, v = [self.node("Reshape", [p, sizes(None, heads, length, head)]) for p in parts]
        k = self.node("Transpose", [k], perm=[0, 1, 3, 2])
        root = self.constant(np.float32(head ** -0.25))
        scores = self.node("MatMul", [self.node("Mul", [q, root]), self.node("Mul", [k, root])])
        if mask:
            scores = self.node("Add", [scores, mask])
        x = self.node("MatMul", [self.node("Softmax", [scores], axis=-1), v])
        x = self.node("Reshape", [self.node("Transpose", [x], perm=[2, 0, 1, 3]), sizes((length,), width)])
        weight, bias = self.normal(width, width, scale=1 / np.sqrt(width)), self.normal(width, scale=0.1)
        x = self.node("Gemm", [x, weight, bias], alpha=1.0, beta=1.0, transB=1)
        return self.node("Transpose", [self.node("Reshape", [x, sizes(length, None, width)])], perm=[1, 0, 2])

    def sizes(self, batch, *dims):
        """A shape in which None is the batch and (n,) the batch times n."""
        if isinstance(batch, int):
            return self.ints(*[batch if d is None else batch * d[0] if isinstance(d, tuple) else d for d in dims])
        parts = []
        for d in dims:
            if d is None or isinstance(d, tuple):
                size = batch if d is None else self.node("Mul", [batch, self.constant(np.int64(d[0]))])
                parts.append(self.node("Unsqueeze", [size, self.ints(0)]))
            else:
                parts.append(self.ints(d))
        return self.node("Concat", parts, axis=0)

    def model(self, inputs, outputs):
        """`inputs` and `outputs` are (name, type, shape); outputs are the last results, given by (name, tensor)."""
        for (name, _, _), tensor in outputs:
            for node in self.nodes:
                node.output[:] = [name if o == tensor else o for o in node.output]
                node.input[:] = [name if i == tensor else i for i in node.input]
        sides = [[helper.make_tensor_value_info(*v) for v in side] for side in (inputs, [v for v, _ in outputs])]
        weights = [numpy_helper.from_array(v, k) for k, v in self.weights.items()]
        graph = helper.make_graph(self.nodes, "main_graph", *sides, weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tvmtrt tests")


def vit_b_16():
    """torchvision's: 12 layers that normalise first, width 768, 12 heads, 196 patches and a class token."""
    g, width, length = Graph(16), 768, 197
    w, b = g.normal(width, 3, 16, 16, scale=1 / np.sqrt(768)), g.normal(width, scale=0.1)
    x = g.node("Conv", ["input", w, b], kernel_shape=[16, 16], strides=[16, 16], pads=[0] * 4, dilations=[1, 1], group=1)
    x = g.node("Transpose", [g.node("Reshape", [x, g.ints(1, width, 196)])], perm=[0, 2, 1])
    x = g.node("Concat", [g.normal(1, 1, width, scale=0.5), x], axis=1)
    x = g.node("Add", [x, g.normal(1, length, width, scale=0.1)])
    for _ in range(12):
        x = g.node("Add", [g.attention(g.layer_norm(x, width, 1e-6), 1, length, width, 12), x])
        y = g.gelu(g.linear(g.layer_norm(x, width, 1e-6), width, 3072))
        x = g.node("Add", [x, g.linear(y, 3072, width)])
    x = g.node("Gather", [g.layer_norm(x, width, 1e-6), g.constant(np.int64(0))], axis=1)
    weight, bias = g.normal(1000, width, scale=3 / np.sqrt(width)), g.normal(1000, scale=0.1)
    x = g.node("Gemm", [x, weight, bias], alpha=1.0, beta=1.0, transB=1)
    return g.model([("input", TensorProto.FLOAT, [1, 3, 224, 224])], [(("output", TensorProto.FLOAT, [1, 1000]), x)])


def encoder(batch):
    """6 layers that normalise last, width 384, 12 heads, 128 tokens with a mask; the batch is a number or a free extent's name."""
    g, width, length, heads = Graph(6), 384, 128, 12
    rows = batch if isinstance(batch, int) else g.node("Gather", [g.node("Shape", ["ids"]), g.constant(np.int64(0))], axis=0)
    tokens = g.node("Gather", [g.normal(8192, width, scale=1), "ids"])
    places = g.node("Gather", [g.normal(512, width, scale=0.5), g.constant(np.arange(length, dtype=np.int64)[None])])
    x = g.layer_norm(g.node("Add", [tokens, places]), width, 1e-5)
    hidden = g.node("Equal", ["mask", g.constant(np.int64(0))])
    hidden = g.node("Unsqueeze", [g.node("Unsqueeze", [hidden, g.ints(1)]), g.ints(1)])
    wide = g.node("Expand", [hidden, g.sizes(rows, None, heads, 1, length)])
    low = g.node("Cast", [wide], to=TensorProto.FLOAT)
    mask = g.node("Where", [wide, g.constant(np.float32(-np.inf)), g.node("Mul", [low, g.constant(np.float32(0))])])
    for _ in range(6):
        x = g.layer_norm(g.node("Add", [x, g.attention(x, rows, length, width, heads, mask)]), width, 1e-5)
        y = g.linear(g.gelu(g.linear(x, width, 1536)), 1536, width)
        x = g.layer_norm(g.node("Add", [x, y]), width, 1e-5)
    first = g.node("Gather", [x, g.constant(np.int64(0))], axis=1)
    pooled = g.node("Gemm", [first, g.normal(width, width, scale=1 / np.sqrt(width)), g.normal(width, scale=0.1)], alpha=1.0, beta=1.0, transB=1)
    pooled = g.node("Tanh", [pooled])
    inputs = [(n, TensorProto.INT64, [batch, length]) for n in ("ids", "mask")]
    shapes = [[batch, length, width], [batch, width]]
    outputs = [((n, TensorProto.FLOAT, s), t) for n, s, t in zip(("last_hidden_state", "pooled"), shapes, (x, pooled))]
    return g.model(inputs, outputs)


def sentence(n, rng):
    """Tokens and masks of n sentences of different lengths."""
    mask = np.ones((n, 128), np.int64)
    for i in range(n):
        mask[i, 128 - 19 * (i + 1) :] = 0
    return {"ids": rng.integers(0, 8192, (n, 128)), "mask": mask}
