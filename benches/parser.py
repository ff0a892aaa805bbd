"""What benches/engines.rs is measured against: networks with onnxruntime's outputs, and the ONNX parser's engines of them.

    python3 benches/parser.py cases MODELS FOLDER NAME...        NAME is a model of MODELS/NAME.onnx and a batch, such as resnet18_dyn:32;
                                                                 resnet50_dyn:1:16 has 16 cases, with which int8 is calibrated
    python3 benches/parser.py build FOLDER OUT [precision...]    OUT/<case>.<precision>.parser.engine with TensorRT's Python package

The second shares OUT/timing with `engines build`, so that both choose among the same measurements.
"""

import os
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../tests/models")]


def inputs_of(session, batch, seed):
    generator = np.random.default_rng(seed)
    for i in session.get_inputs():
        shape = [d if isinstance(d, int) else batch for d in i.shape]
        if i.type == "tensor(int64)":
            value = np.ones(shape, np.int64) if "mask" in i.name else generator.integers(0, 8192, shape)
        else:
            coarse = generator.standard_normal(shape[:2] + [7, 7])
            smooth = np.kron(coarse, np.ones((1, 1, shape[2] // 7, shape[3] // 7)))
            value = (smooth + 0.3 * generator.standard_normal(shape)).astype(np.float32)
        yield i.name, value


def cases(models, folder, *names):
    import common

    for name in names:
        model, batch, *count = name.split(":")
        path = os.path.abspath(os.path.join(models, model + ".onnx"))
        session = common.session(path)
        stored = []
        for i in range(int(*count or [1])):
            inputs = list(inputs_of(session, int(batch), 7 + i))
            outputs = zip([o.name for o in session.get_outputs()], session.run(None, dict(inputs)))
            stored.append({"name": f"n{batch}_{i}", "inputs": inputs, "outputs": list(outputs)})
        common.write(os.path.join(folder, f"{model.removesuffix('_dyn')}.{batch}"), path, stored)
        print(name, {n: list(v.shape) for n, v in inputs}, flush=True)


def calibrator(trt, folder, index):
    """TensorRT's own calibration over the inputs of all cases: what `engines build` calibrates with as well."""
    import torch

    class Calibrator(trt.IInt8EntropyCalibrator2):
        def __init__(self):
            super().__init__()
            self.left = [case["inputs"] for case in index["cases"]]

        def get_batch_size(self):
            return index["cases"][0]["inputs"][0]["shape"][0]

        def get_batch(self, names):
            if not self.left:
                return None
            inputs = self.left.pop()
            files = {t["name"]: os.path.join(folder, t["file"]) for t in inputs}
            self.held = [torch.from_numpy(np.fromfile(files[n], np.uint8)).cuda() for n in names]
            return [t.data_ptr() for t in self.held]

        def read_calibration_cache(self):
            return None

        def write_calibration_cache(self, cache):
            pass

    return Calibrator()


def build(folder, out, *precisions):
    import json

    import tensorrt_bindings as trt

    logger = trt.Logger(trt.Logger.ERROR)
    for case in sorted(os.listdir(folder)):
        index = json.load(open(os.path.join(folder, case, "index.json")))
        for precision in precisions or ["float32"]:
            start = time.perf_counter()
            builder = trt.Builder(logger)
            made = time.perf_counter() - start
            network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH))
            parser = trt.OnnxParser(network, logger)
            if not parser.parse_from_file(os.path.join(folder, case, index["model"])):
                print(case, [parser.get_error(i).desc() for i in range(parser.num_errors)], flush=True)
                continue
            config = builder.create_builder_config()
            config.clear_flag(trt.BuilderFlag.TF32)
            flags = {"float16": trt.BuilderFlag.FP16, "bfloat16": trt.BuilderFlag.BF16, "int8": trt.BuilderFlag.INT8}
            if precision in flags:
                config.set_flag(flags[precision])
            timing = os.path.join(out, "timing")
            earlier = open(timing, "rb").read() if os.path.exists(timing) else b""
            cache = config.create_timing_cache(earlier)
            config.set_timing_cache(cache, False)
            profile = builder.create_optimization_profile()
            for tensor in index["cases"][0]["inputs"]:
                profile.set_shape(tensor["name"], *[tensor["shape"]] * 3)
            config.add_optimization_profile(profile)
            if precision == "int8":
                config.int8_calibrator = calibrator(trt, os.path.join(folder, case), index)
                config.set_calibration_profile(profile)
            begin = time.perf_counter()
            plan = builder.build_serialized_network(network, config)
            seconds = time.perf_counter() - begin
            if plan is None:
                print(case, precision, "is not built", flush=True)
                continue
            open(os.path.join(out, f"{case}.{precision}.parser.engine"), "wb").write(plan)
            open(timing, "wb").write(config.get_timing_cache().serialize())
            begin, size = time.perf_counter(), plan.nbytes
            # TensorRT keeps what it loads for a builder while anything of it is there.
            del plan, cache, config, profile, parser, network, builder
            ended = time.perf_counter() - begin
            parts = f"{seconds:.1f} s, and {made:.1f} s + {ended:.1f} s to make and end the builder"
            print(f"{case}.{precision}: parser's engine in {parts}, {size} bytes", flush=True)


if __name__ == "__main__":
    {"cases": cases, "build": build}[sys.argv[1]](*sys.argv[2:])
