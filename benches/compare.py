"""Times onnxruntime and tvmtrt side by side in one process; benches/compare sets the stage.

For each network: times in turns, medians and minima, with one thread and with several; processor time of a run; the largest error against
onnxruntime; and from a fresh process the time to the first result and the anonymous memory at its peak, held against the bytes of the
weights plus those of the tensors that live at once when the nodes run in the order of the file.
"""

import argparse
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
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import tvmtrt  # noqa: E402

NETWORKS = [("networks", n) for n in ("resnet18", "mobilenet_v2", "recogniser")] + [
    ("networks-large", n)
    for n in (
        "resnet50 vit_b_16 encoder encoder_dynamic light_bvlc_alexnet light_densenet121 light_inception_v1 light_inception_v2"
        " light_resnet50 light_shufflenet light_squeezenet light_vgg19 light_zfnet512"
    ).split()
]


def network(kind, name):
    """Model path, inputs and wanted outputs of the network's first case; the recogniser's is 320 wide."""
    folder = cases.Folder(kind, name)
    if name != "recogniser":
        return folder.model, *next((i, o) for _, i, o in folder.cases())
    return folder.model, {"x": np.random.default_rng(1).uniform(-1, 1, (1, 3, 48, 320)).astype(np.float32)}, None


def runner(path, inputs, threads, name):
    """A session of ours; free extents stay free where the name says so."""
    shapes = None if name.endswith("_dynamic") else {n: a.shape for n, a in inputs.items()}
    partition = tvmtrt.Partition(tvmtrt.Model(path), shapes)
    return tvmtrt.Session(tvmtrt.Build(partition), {"threads": threads}), partition.regions


def side_by_side(work, rounds, runs):
    """Milliseconds and processor milliseconds of each piece of work, taken in turn; the pause lets the threads of the other one go to sleep."""
    times, used = {name: [] for name in work}, {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            time.sleep(0.05)
            run()
            cpu = time.process_time()
            for _ in range(runs):
                start = time.perf_counter()
                run()
                times[name].append(1000 * (time.perf_counter() - start))
            used[name].append(1000 * (time.process_time() - cpu) / runs)
    return {name: {"median": statistics.median(t), "least": min(t), "processor": min(used[name])} for name, t in times.items()}


def error(got, wanted):
    """The largest share of the bound (1e-3 of the element and 1e-4 of the largest one) that an output uses, and the outputs' spread."""
    worst, spread = 0.0, 0.0
    for name, array in got.items():
        want = wanted[name].astype(np.float64)
        bound = 1e-3 * np.abs(want) + 1e-4 * np.abs(want).max()
        worst = max(worst, float((np.abs(array - want) / bound).max()))
        spread = max(spread, float(want.std()))
    return worst, spread


def compare(kind, name, a):
    path, inputs, wanted = network(kind, name)
    row = {"network": name, "threads": {}}
    for threads in a.threads:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        theirs = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        ours, row["regions"] = runner(path, inputs, threads, name)
        wanted = wanted or dict(zip([o.name for o in theirs.get_outputs()], theirs.run(None, inputs)))
        got = ours.run(inputs)
        for output, array in got.items():
            wrong = cases.differs(array, wanted[output])
            assert not wrong, f"{name}: {output}: {wrong}"
        row["error"], row["spread"] = error(got, wanted)
        ms = side_by_side({"onnxruntime": lambda: theirs.run(None, inputs), "tvmtrt": lambda: ours.run(inputs)}, a.rounds, a.runs)
        row["threads"][threads] = ms | {"ratio": {k: ms["tvmtrt"][k] / ms["onnxruntime"][k] for k in ("median", "least", "processor")}}
        del theirs, ours
    if a.fresh:
        row |= fresh(kind, name)
    return row


def needed(path, inputs):
    """Bytes of the weights, and of the tensors that live at once at most when the nodes run in the order of the file."""
    model = onnx.load(path)
    for i in model.graph.input:
        if i.name in inputs:
            for dim, size in zip(i.type.tensor_type.shape.dim, inputs[i.name].shape):
                dim.dim_value = size
    del model.graph.value_info[:]
    weights = {t.name: len(t.raw_data) or onnx.numpy_helper.to_array(t).nbytes for t in model.graph.initializer}
    for t in model.graph.initializer:
        if len(t.raw_data) > 1 << 16:
            t.ClearField("raw_data")  # inference wants shapes only, and has a limit
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    sizes = {}
    for v in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        t = v.type.tensor_type
        item = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(t.elem_type)).itemsize
        sizes[v.name] = item * int(np.prod([d.dim_value or 1 for d in t.shape.dim]))
    last = {n: i for i, node in enumerate(model.graph.node) for n in node.input} | {o.name: len(model.graph.node) for o in model.graph.output}
    live, most = {n: sizes[n] for n in inputs}, 0
    for i, node in enumerate(model.graph.node):
        live |= {o: sizes.get(o, 0) for o in node.output}
        most = max(most, sum(live.values()))
        live = {n: s for n, s in live.items() if last.get(n, -1) > i}
    return sum(weights.values()), most


def fresh(kind, name):
    """Seconds to the first result (best of three processes) and anonymous memory at its peak, each in a process of its own."""
    command = [sys.executable, os.path.abspath(__file__), "--fresh-process", kind, name]
    found = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    path, inputs, _ = network(kind, name)
    weights, activations = needed(path, inputs)
    peak = max(f["peak"] for f in found)
    return {"first_result_s": min(f["seconds"] for f in found), "peak_mb": peak / 1e6, "needed_mb": (weights + activations) / 1e6,
            "memory_ratio": peak / (weights + activations)}


def anonymous():
    """Bytes of anonymous memory that this process has now."""
    with open("/proc/self/status") as f:
        return next(1024 * int(line.split()[1]) for line in f if line.startswith("RssAnon"))


def fresh_process(kind, name):
    """Loads, builds and runs; watched by a thread of its own."""
    import threading

    path, inputs, _ = network(kind, name)
    before, peak, over = anonymous(), 0, threading.Event()

    def watch():
        nonlocal peak
        while not over.wait(0.001):
            peak = max(peak, anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    session, _ = runner(path, inputs, 2, name)
    session.run(inputs)
    seconds = time.perf_counter() - start
    for _ in range(5):
        session.run(inputs)
    peak = max(peak, anonymous())
    over.set()
    watcher.join()
    print(json.dumps({"seconds": seconds, "peak": peak - before}))


def stripped_size():
    """MB of the library without its symbols."""
    library, copy = os.path.join(ROOT, "target/release/libtvmtrt.so"), os.path.join(cases.CACHE, "stripped.so")
    subprocess.run(["strip", "-o", copy, library], check=True)
    return os.path.getsize(copy) / 1e6


def show(row):
    parts = [f"{row['network']:20}"]
    for threads, t in row["threads"].items():
        r = t["ratio"]
        parts.append(f"| {threads}: {t['onnxruntime']['median']:8.2f} {t['tvmtrt']['median']:8.2f}  {r['median']:5.2f} {r['least']:5.2f} {r['processor']:5.2f}")
    parts.append(f"| {row['error']:6.3f} {row['spread']:6.2f} {row['regions']:2}")
    if "peak_mb" in row:
        parts.append(f"| {row['first_result_s']:6.2f} {row['peak_mb']:7.1f} {row['needed_mb']:7.1f} {row['memory_ratio']:5.2f}")
    print(" ".join(parts), flush=True)


def main():
    if sys.argv[1:2] == ["--fresh-process"]:
        return fresh_process(*sys.argv[2:])
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("report", nargs="?", help="file for the figures as JSON")
    p.add_argument("--only", default="", help="networks whose name has this")
    p.add_argument("--threads", default="2,1", type=lambda s: [int(t) for t in s.split(",")])
    p.add_argument("--rounds", default=7, type=int)
    p.add_argument("--runs", default=3, type=int, help="timed runs in each round")
    p.add_argument("--no-fresh", dest="fresh", action="store_false", help="no processes for first result and memory")
    a = p.parse_args()
    print(f"onnxruntime {onnxruntime.__version__}; tvmtrt {tvmtrt.version()}; {a.rounds} rounds of {a.runs} runs")
    print("network | threads: onnxruntime ms, tvmtrt ms, ratio of medians, of minima, of processor times"
          " | share of the error's bound, spread, regions | first result s, peak MB, weights + activations MB, ratio")
    rows = []
    for kind, name in NETWORKS:
        if any(part in name for part in a.only.split(",")):
            rows.append(compare(kind, name, a))
            show(rows[-1])
    report = {"networks": rows, "stripped_library_mb": stripped_size()}
    print(f"library without symbols {report['stripped_library_mb']:.1f} MB")
    if a.report:
        with open(a.report, "w") as f:
            json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
