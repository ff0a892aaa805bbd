"""Every small ONNX model of tests/models through the C API, from file to outputs, against what is stored."""

import collections
import re
import unittest

import cases
import tvmtrt

QUIET = {"log_level": "error"}
# What is not supported, as found in the error's message, with the reason. An entry that nothing meets must go.
REFUSED = {
    r"operators of this model are not supported: Scan of opset 8": "the first form of Scan, with a batch axis",
    r"attribute 'block_size' is": "scales for blocks of elements",
    r"attribute 'antialias' is set": "antialiased resizes",
    r"is 'tf_crop_and_resize'": "cropping resizes",
    r"\(GridSample\): .* not pictures": "grids over volumes",
    r"ranks that depend on data|is split into \d+ equal parts; fix it": "ranks and numbers of parts that only a run gives",
    r"\(MaxPool\): its second result": "positions of maxima",
    r"\(LayerNormalization\): its second or third result": "statistics as results",
    r"\(BatchNormalization\): its results besides the first|\(Dropout\): operand '.*' is computed": "training",
    r"only constants are supported here|are computed by the network from data|the axes depend on data|strides depend on data|axes depend on data|axes are .* computed by":
        "axes, steps, sizes and splits that only a run gives; the same case with constants is there as *_fixed",
}  # fmt: skip
# One unit in the last place of narrow floats, of an element and of the largest: kernels that join operators round once where the
# stored outputs were rounded each time, and sums were rounded at the size of their addends.
UNITS = {"float16": 2**-10, "bfloat16": 2**-7}
UNSUPPORTED = {102, 103, 104, 800}
# Cases whose stored outputs are not what the operator says; one that passes must go.
SKIPS = {"hand_dropout_mask_opset10": "a dropout that drops nothing has a mask of all true; onnxruntime's is all false before version 12"}


def check(folder):
    """None, or how the case fails."""
    partition = tvmtrt.Partition(tvmtrt.Model(folder.model, None, QUIET), {}, {"offload": "off", **QUIET})
    session = tvmtrt.Session(tvmtrt.Build(partition, QUIET), QUIET)
    for entry, inputs, wanted in folder.cases():
        for name, got in session.run(inputs).items():
            unit = UNITS.get(got.dtype.name, 0)
            wrong = cases.differs(got, wanted[name], max(folder.index.get("rtol", 1e-3), unit), max(1e-4, unit))
            if wrong:
                return f"data set {entry['name']}, {name}: {wrong}"
    return None


class OnnxCases(unittest.TestCase):
    def test_all(self):
        failures, passed, met = {}, 0, collections.Counter()
        for folder in cases.folders("cases"):
            try:
                wrong = check(folder)
            except tvmtrt.Error as e:
                wrong = f"error {e.code}: {e}"
                reason = next((r for r in REFUSED if re.search(r, str(e))), None)
                if reason and e.code in UNSUPPORTED:
                    met[reason] += 1
                    continue
            if folder.name in SKIPS:
                wrong = None if wrong else "passes now: take it out of SKIPS"
            elif wrong is None:
                passed += 1
            if wrong:
                failures[folder.name] = wrong
        print(f"ONNX cases: {passed} passed, {len(failures)} failed, {len(SKIPS)} skipped, {met.total()} refused:")
        for pattern, count in met.most_common():
            print(f"  {count} x {REFUSED[pattern]}")
        if failures:
            self.fail("\n".join(["these fail:"] + [f"{k}: {v}" for k, v in failures.items()]))
        self.assertEqual([r for r in REFUSED if r not in met], [], "nothing is refused for these any more")


if __name__ == "__main__":
    unittest.main()
