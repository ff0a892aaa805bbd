#!/usr/bin/env python3
"""Networks exported by a training framework, against the outputs stored beside them: benches/check_exported.py FOLDER

FOLDER holds <name>.onnx with <name>.npz or <name>.<case>.npz (keys input_<tensor>, output_<tensor>). Prints a line for each case; fails if one
is off by more than 1e-3 of an element plus 1e-4 of the largest, which two correct float32 implementations stay within.
"""

import glob
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bindings", "python"))
import tvmtrt  # noqa: E402


def main():
    folder, worst = sys.argv[1], 0.0
    for path in sorted(glob.glob(os.path.join(folder, "*.onnx"))):
        stem = path[: -len(".onnx")]
        partition = tvmtrt.Partition(tvmtrt.Model(path))
        session = tvmtrt.Session(tvmtrt.Build(partition))
        for case in sorted(glob.glob(glob.escape(stem) + ".npz") + glob.glob(glob.escape(stem) + ".n*.npz")):
            stored = np.load(case)
            inputs = {k[len("input_") :]: stored[k] for k in stored if k.startswith("input_")}
            for name, got in session.run(inputs).items():
                want = stored["output_" + name]
                bound = 1e-3 * np.abs(want) + 1e-4 * np.abs(want).max()
                used = float((np.abs(got - want) / bound).max())
                worst = max(worst, used)
                shape = "x".join(str(d) for d in want.shape)
                print(f"{os.path.basename(case):28} {name:18} {shape:10} spread {want.std():.3f}  largest error {np.abs(got - want).max():.2e}"
                      f"  {used:.2f} of the bound  regions {partition.regions}")
    if worst > 1:
        sys.exit("an output is out of bounds")


if __name__ == "__main__":
    main()
