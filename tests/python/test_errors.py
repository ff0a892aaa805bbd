"""Wrong use and damaged files: each its own clear error, and nothing crashes."""

import os
import re
import tempfile
import unittest

import cases
import numpy as np
import onnx
import tvmtrt
from onnx import TensorProto, helper, numpy_helper

HEADER = os.path.join(cases.ROOT, "include", "tvmtrt.h")


def code(name):
    with open(HEADER, encoding="utf-8") as f:
        return int(re.search(rf"^#define TVMTRT_ERROR_{name} (\d+)", f.read(), re.M).group(1))


def small_model(nodes=None, opset=13):
    """y = relu(x @ w) with x [N, 4]."""
    w = numpy_helper.from_array(np.arange(20, dtype=np.float32).reshape(4, 5) - 9, "w")
    nodes = nodes or [helper.make_node("MatMul", ["x", "w"], ["h"], name="product"), helper.make_node("Relu", ["h"], ["y"], name="relu")]
    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", d]) for n, d in (("x", 4), ("y", 5))]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], [w])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


class Errors(unittest.TestCase):
    def fails(self, name, *words):
        test = self

        class Failing:
            def __enter__(self):
                return self

            def __exit__(self, kind, error, trace):
                test.assertIs(kind, tvmtrt.Error, error)
                test.assertEqual(error.code, code(name), error)
                for word in words:
                    test.assertIn(word, str(error))
                return True

        return Failing()

    def setUp(self):
        self.model = tvmtrt.Model(small_model().SerializeToString())
        self.x = np.ones((2, 4), np.float32)

    def session(self):
        return tvmtrt.Session(tvmtrt.Build(tvmtrt.Partition(self.model, {"x": [None, 4]})))

    def test_what_works(self):
        y = self.session().run({"x": self.x})["y"]
        np.testing.assert_allclose(y, np.maximum(self.x @ (np.arange(20, dtype=np.float32).reshape(4, 5) - 9), 0))

    def test_names_at_partition(self):
        with self.fails("UNKNOWN_NAME", "no_such"):
            tvmtrt.Partition(self.model, {"no_such": [1, 4]})

    def test_shapes_at_partition(self):
        with self.fails("WRONG_SHAPE", "x"):
            tvmtrt.Partition(self.model, {"x": [1, 5]})
        with self.fails("WRONG_SHAPE", "x"):
            tvmtrt.Partition(self.model, {"x": [1, 4, 1]})

    def test_names_at_run(self):
        run = self.session()
        with self.fails("UNKNOWN_NAME", "z"):
            run.run({"z": self.x})
        for inputs in ([], [self.x, self.x]):
            with self.fails("WRONG_COUNT", "x"):
                run.run(inputs)
        folder = cases.Folder("cases", "hand_dims_that_must_agree")
        (_, inputs, _), *_ = folder.cases()
        run = tvmtrt.Session(tvmtrt.Build(tvmtrt.Partition(tvmtrt.Model(folder.model))))
        with self.fails("MISSING_NAME", "b"):
            run.run({"a": inputs["a"]})
        with self.fails("WRONG_SHAPE", "b", "N"):
            run.run({"a": inputs["a"], "b": np.ones((5, 3), np.float32)})

    def test_tensors_at_run(self):
        run = self.session()
        with self.fails("WRONG_DTYPE", "x", "float64"):
            run.run({"x": self.x.astype(np.float64)})
        for shape in ((2, 5), (2, 4, 1), (4,)):
            with self.fails("WRONG_SHAPE", "x"):
                run.run({"x": np.ones(shape, np.float32)})
        with self.fails("WRONG_SHAPE", "y"):
            run.run({"x": self.x}, {"y": np.ones((3, 5), np.float32)})
        run.run({"x": self.x})

    def test_options(self):
        with self.fails("UNKNOWN_OPTION", "offlaod", "offload"):
            tvmtrt.Options(offlaod="on")
        with self.fails("BAD_OPTION", "offload", "perhaps"):
            tvmtrt.Options(offload="perhaps")

    def test_files(self):
        with self.fails("IO", "/no/such/file.onnx"):
            tvmtrt.Model("/no/such/file.onnx")
        whole = small_model().SerializeToString()
        for size in range(1, len(whole)):
            try:
                tvmtrt.Model(whole[:size])
            except tvmtrt.Error as e:
                self.assertIn(e.code, {code("MALFORMED_MODEL"), code("UNSUPPORTED_MODEL"), code("BAD_GRAPH")}, f"cut at {size}: {e}")

    def test_hostile_bytes(self):
        whole, rng = bytearray(small_model().SerializeToString()), np.random.default_rng(3)
        for _ in range(2000):
            copy = bytearray(whole)
            for at in rng.integers(0, len(copy), rng.integers(1, 4)):
                copy[at] = rng.integers(0, 256)
            try:
                tvmtrt.Session(tvmtrt.Build(tvmtrt.Partition(tvmtrt.Model(bytes(copy)), {}, {"offload": "off"})))
            except tvmtrt.Error as e:
                self.assertNotEqual(e.code, code("INTERNAL"), e)

    def test_every_unknown_operator_is_named(self):
        nodes = [
            helper.make_node("Florp", ["x"], ["a"], name="first"),
            helper.make_node("Relu", ["a"], ["b"], name="second"),
            helper.make_node("Glorp", ["b"], ["y"], name="third", domain="somewhere"),
        ]
        with self.fails("UNSUPPORTED_OPERATOR", "Florp", "first", "Glorp", "third"):
            tvmtrt.Model(small_model(nodes).SerializeToString())

    def test_external_data(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            onnx.save(small_model(), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
            self.assertTrue(os.path.exists(os.path.join(folder, "weights.bin")))
            want = self.session().run([self.x])["y"]
            with open(path, "rb") as f:
                data = f.read()
            for model in (tvmtrt.Model(path), tvmtrt.Model(data, folder)):
                run = tvmtrt.Session(tvmtrt.Build(tvmtrt.Partition(model)))
                np.testing.assert_array_equal(run.run([self.x])["y"], want)
            os.truncate(os.path.join(folder, "weights.bin"), 7)
            with self.fails("MALFORMED_MODEL", "weights.bin"):
                tvmtrt.Model(path)
            os.remove(os.path.join(folder, "weights.bin"))
            with self.fails("IO", "weights.bin"):
                tvmtrt.Model(path)

    def test_external_data_stays_in_its_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            onnx.save(small_model(), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
            model = onnx.load(path, load_external_data=False)
            next(e for e in model.graph.initializer[0].external_data if e.key == "location").value = "../weights.bin"
            onnx.save(model, path)
            with self.assertRaises(tvmtrt.Error):
                tvmtrt.Model(path)


if __name__ == "__main__":
    unittest.main()
