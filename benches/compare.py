"""Times onnxruntime and tvmtrt side by side in one process; benches/compare sets the stage."""

import json
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
for folder in ("bindings/python", "scripts", "tests/python"):
    sys.path.insert(0, os.path.join(ROOT, folder))

import cases  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import tvmtrt  # noqa: E402

THREADS = 2
ROUNDS, RUNS = 7, 3
FIRST = """
import sys, time
sys.path.insert(0, sys.argv[1])
import numpy as np, tvmtrt
x = np.ones((1, 3, 224, 224), np.float32)
start = time.perf_counter()
partition = tvmtrt.Partition(tvmtrt.Model(sys.argv[2]), {"input": x.shape})
tvmtrt.Session(tvmtrt.Build(partition)).run([x])
print(time.perf_counter() - start)
"""


def network(name):
    """Model path, inputs and wanted outputs of the network's first case; the recogniser's is 320 wide."""
    folder = cases.Folder("networks", name)
    if name != "recogniser":
        return folder.model, *next((i, o) for _, i, o in folder.cases())
    return folder.model, {"x": np.random.default_rng(1).uniform(-1, 1, (1, 3, 48, 320)).astype(np.float32)}, None


def side_by_side(work):
    """Median milliseconds of each piece of work, taken in turn; the pause lets the threads of the other one go to sleep."""
    times = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, run in work.items():
            time.sleep(0.05)
            run()
            for _ in range(RUNS):
                start = time.perf_counter()
                run()
                times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(t) for name, t in times.items()}


def compare(name):
    path, inputs, wanted = network(name)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    theirs = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    partition = tvmtrt.Partition(tvmtrt.Model(path), {n: a.shape for n, a in inputs.items()})
    ours = tvmtrt.Session(tvmtrt.Build(partition))
    wanted = wanted or dict(zip([o.name for o in theirs.get_outputs()], theirs.run(None, inputs)))
    for output, array in ours.run(inputs).items():
        wrong = cases.differs(array, wanted[output])
        assert not wrong, f"{name}: {output}: {wrong}"
    ms = side_by_side({"onnxruntime": lambda: theirs.run(None, inputs), "tvmtrt": lambda: ours.run(inputs)})
    ratio = ms["tvmtrt"] / ms["onnxruntime"]
    return {"network": name, "onnxruntime_ms": ms["onnxruntime"], "tvmtrt_ms": ms["tvmtrt"], "ratio": ratio, "regions": partition.regions}


def first_result():
    """Seconds from a model file to resnet18's first result, in a fresh process; the best of five."""
    command = [sys.executable, "-c", FIRST, os.path.join(ROOT, "bindings", "python"), network("resnet18")[0]]
    return min(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(5))


def stripped_size():
    """MB of the library without its symbols."""
    library, copy = os.path.join(ROOT, "target/release/libtvmtrt.so"), os.path.join(cases.CACHE, "stripped.so")
    subprocess.run(["strip", "-o", copy, library], check=True)
    return os.path.getsize(copy) / 1e6


def main():
    rows = [compare(name) for name in ("resnet18", "mobilenet_v2", "recogniser")]
    print(f"onnxruntime {onnxruntime.__version__} with {THREADS} threads; tvmtrt {tvmtrt.version()}; medians of {ROUNDS * RUNS} runs")
    print(f"{'network':14} {'onnxruntime ms':>15} {'tvmtrt ms':>11} {'ratio':>7} {'regions':>8}")
    for r in rows:
        print(f"{r['network']:14} {r['onnxruntime_ms']:15.2f} {r['tvmtrt_ms']:11.2f} {r['ratio']:7.2f} {r['regions']:8}")
    report = {"networks": rows, "resnet18_first_result_s": first_result(), "stripped_library_mb": stripped_size()}
    print(f"resnet18: first result after {report['resnet18_first_result_s']:.2f} s; library without symbols {report['stripped_library_mb']:.1f} MB")
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as f:
            json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
