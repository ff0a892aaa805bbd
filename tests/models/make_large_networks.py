#!/usr/bin/env python3
"""Make the large networks with seeded weights, and onnxruntime's outputs on two inputs, in .cache/networks-large/.

    .cache/venv/bin/python tests/models/make_large_networks.py

resnet50, vit_b_16 and a BERT-like encoder as PyTorch exports them, and the nine light networks of package `onnx`. Weights are scaled by
fan-in and batch norms hold the statistics of real pictures, so an error in any layer shows in the output, whose spread is printed.
"""

import os

import numpy as np
import onnx

import common
import make_light
import transformers
from make_networks import Builder, calibrate, picture, spread

FOLDER = os.path.join(common.CACHE, "networks-large")
RESNET50 = [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]  # channels inside, blocks, stride of the first


def resnet50():
    b = Builder(50, opset=17, gain=1.5)
    x = b.relu(b.conv("input", 64, 7, 2))
    x = b.same(x, b.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], dilations=[1, 1], ceil_mode=0))
    for channels, blocks, first in RESNET50:
        for i in range(blocks):
            stride = first if i == 0 else 1
            y = b.conv(b.relu(b.conv(b.relu(b.conv(x, channels, 1)), channels, 3, stride)), 4 * channels, 1)
            x = b.relu(b.add(y, b.conv(x, 4 * channels, 1, stride) if i == 0 else x))
    x = b.node("Flatten", [b.node("GlobalAveragePool", [x])], axis=1)
    b.node("Gemm", [x, *b.dense(2048, 1000, True)], alpha=1.0, beta=1.0, transB=1)
    return b.model(1, [1, 1000])


def write(name, model, data, inputs):
    """Stores the model, its inputs and what onnxruntime makes of them; tells the outputs' spread."""
    onnx.checker.check_model(model)
    serial = model.SerializeToString()
    run = common.session(serial)
    cases = []
    for i, given in enumerate(inputs):
        outputs = list(zip([o.name for o in run.get_outputs()], run.run(None, given)))
        cases.append({"name": f"{'ab'[i]}{len(next(iter(given.values())))}", "inputs": list(given.items()), "outputs": outputs})
    spread(name, [c["outputs"][0][1].reshape(len(c["inputs"][0][1]), -1) for c in cases], data)
    common.write(os.path.join(FOLDER, name), serial, cases, opset=model.opset_import[0].version)


def pictures(rng, data):
    return [{data: picture(1, rng)} for _ in range(2)]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    sources = [os.path.join(here, f) for f in ("make_large_networks.py", "make_light.py", "transformers.py", "make_networks.py")]
    if common.up_to_date(FOLDER, *sources):
        return
    rng = np.random.default_rng(11)
    model = resnet50()
    calibrate(model, picture(8, rng))
    write("resnet50", model, True, pictures(rng, "input"))
    write("vit_b_16", transformers.vit_b_16(), False, pictures(rng, "input"))
    for name, batch, sizes in (("encoder", 1, (1, 1)), ("encoder_dynamic", "N", (1, 3))):
        write(name, transformers.encoder(batch), False, [transformers.sentence(n, rng) for n in sizes])
    for seed, (name, path) in enumerate(make_light.paths().items()):
        model, data = make_light.filled(path, seed)
        make_light.calibrate(model, data, picture(1, rng))
        write(name, model, False, pictures(rng, data))
    common.made(FOLDER, *sources)


if __name__ == "__main__":
    main()
