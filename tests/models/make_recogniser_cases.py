#!/usr/bin/env python3
"""Twenty rendered lines of text through the text recogniser with onnxruntime, in .cache/networks/recogniser/.

    scripts/setup && .cache/venv/bin/python tests/models/make_recogniser_cases.py

Each case is one batch of pictures padded to the widest; "texts" holds what onnxruntime's probabilities decode to, "drawn" what was drawn.
"""

import os
import sys

import numpy as np

import common

sys.path.insert(0, os.path.join(common.ROOT, "scripts"))
import recogniser  # noqa: E402

FOLDER = os.path.join(common.CACHE, "networks", "recogniser")
BATCHES = [
    ["Hello, world!"],
    ["7"],
    ["The quick brown fox jumps over the lazy dog"],
    ["Invoice 2024-0317", "Total: $1,284.50"],
    ["tvmtrt", "libtvmtrt.so.0", "ONNX to TensorRT"],
    ["(a+b)*c = 42", "50% off!", "user@example.com", "Room B-12"],
    ["3.14159265358979", "Gate 7", "ABCDEFGHIJKLM", "nopqrstuvwxyz"],
]
CHINESE = [["今天天气很好", "北京欢迎你", "文字识别测试", "第3页 共12页"]]
LATIN_INSTEAD = [["Fragile: this side up", "Open 24 hours", "Platform 9", "Mind the gap"]]


def main():
    chinese = os.path.exists(recogniser.FONTS["chinese"])
    sources = (__file__, recogniser.__file__) + ((recogniser.FONTS["chinese"],) if chinese else ())
    if common.up_to_date(FOLDER, *sources):
        return
    run = common.session(recogniser.MODEL)
    characters = recogniser.alphabet(run.get_modelmeta().custom_metadata_map["character"])
    (x_info,), (y_info,) = run.get_inputs(), run.get_outputs()
    cases, wrong = [], []
    for number, texts in enumerate(BATCHES + (CHINESE if chinese else LATIN_INSTEAD)):
        font = "chinese" if texts in CHINESE else None
        rows = [recogniser.prepare(recogniser.render(t, size=28 + 4 * i, ink=(20, 20, 60 + 40 * i), font=font)) for i, t in enumerate(texts)]
        width = max(r.shape[2] for r in rows)
        x = np.stack([np.pad(r, ((0, 0), (0, 0), (0, width - r.shape[2]))) for r in rows])
        (y,) = run.run(None, {x_info.name: x})
        read = [recogniser.decode(row, characters) for row in y]
        wrong += [(t, r) for t, r in zip(texts, read) if t.replace(" ", "") != r.replace(" ", "")]
        tensors = {"inputs": [(x_info.name, x)], "outputs": [(y_info.name, y)]}
        cases.append({"name": f"n{len(texts)}w{width}_{number}", "texts": read, "drawn": texts, **tensors})
        print(f"recogniser: {x.shape} {read}")
    lines = sum(len(c["texts"]) for c in cases)
    assert lines == 20 and not wrong, wrong
    print(f"recogniser: all {lines} lines read as drawn")
    common.write(FOLDER, os.path.relpath(recogniser.MODEL, FOLDER), cases, opset=12)
    common.made(FOLDER, *sources)


if __name__ == "__main__":
    main()
