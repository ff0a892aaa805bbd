"""Whole networks through the C API against onnxruntime's stored outputs."""

import os
import unittest

import cases
import numpy as np
import recogniser
import tvmtrt


def session(model, shapes=None, options=None):
    return tvmtrt.Session(tvmtrt.Build(tvmtrt.Partition(model, shapes, options)))


class Networks(unittest.TestCase):
    def check(self, folder, run, inputs, wanted):
        got = run.run(inputs)
        for name, want in wanted.items():
            self.assertIsNone(cases.differs(got[name], want), f"{folder.name}: {name}")
        return got

    def test_shapes_fixed_at_partition(self):
        for folder in cases.folders("networks"):
            model = tvmtrt.Model(folder.model)
            for entry, inputs, wanted in folder.cases():
                with self.subTest(network=folder.name, case=entry["name"]):
                    self.check(folder, session(model, {n: a.shape for n, a in inputs.items()}), inputs, wanted)

    def test_shapes_left_free(self):
        for name in ("resnet18_dynamic", "mobilenet_v2_dynamic"):
            folder = cases.Folder("networks", name)
            run = session(tvmtrt.Model(folder.model), {"input": [None, 3, 224, 224]})
            for _, inputs, wanted in folder.cases():
                self.check(folder, run, inputs, wanted)

    def test_recogniser_reads(self):
        folder, lines = cases.Folder("networks", "recogniser"), 0
        model = tvmtrt.Model(folder.model)
        characters = recogniser.alphabet(model.metadata["character"])
        run = session(model, {"x": [None, 3, recogniser.HEIGHT, None]})
        for entry, inputs, wanted in folder.cases():
            (got,) = self.check(folder, run, inputs, wanted).values()
            for row, text in zip(got, entry["texts"], strict=True):
                self.assertEqual(recogniser.decode(row, characters), text)
                lines += 1
        self.assertEqual(lines, 20)

    def test_model_from_memory(self):
        folder = cases.Folder("networks", "mobilenet_v2")
        with open(folder.model, "rb") as f:
            model = tvmtrt.Model(f.read())
        for _, inputs, wanted in folder.cases():
            self.check(folder, session(model), inputs, wanted)

    def test_any_layout_of_input_and_output(self):
        folder = cases.Folder("networks", "mobilenet_v2")
        run = session(tvmtrt.Model(folder.model))
        _, inputs, wanted = next(folder.cases())
        last = np.ascontiguousarray(inputs["input"].transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        wide = np.full((1, 2000), 9, np.float32)
        run.run([last], {"output": wide[:, ::2]})
        self.assertIsNone(cases.differs(wide[:, ::2], wanted["output"]))
        self.assertTrue((wide[:, 1::2] == 9).all())

    def test_objects_outlive_what_made_them(self):
        folder = cases.Folder("networks", "mobilenet_v2")
        model = tvmtrt.Model(folder.model)
        partition = tvmtrt.Partition(model)
        del model
        build = tvmtrt.Build(partition)
        del partition
        first, second = tvmtrt.Session(build), tvmtrt.Session(build)
        del build
        for _, inputs, wanted in folder.cases():
            self.check(folder, first, inputs, wanted)
            self.check(folder, second, inputs, wanted)


if __name__ == "__main__":
    os.chdir(cases.ROOT)
    unittest.main()
