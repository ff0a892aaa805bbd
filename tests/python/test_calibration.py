"""Calibration through the C API: ranges of what products read, and builds with them."""

import json
import os
import tempfile
import unittest

import cases
import numpy as np
import tvmtrt
from test_errors import small_model


class Calibration(unittest.TestCase):
    def test_ranges_are_those_of_the_data(self):
        model = tvmtrt.Model(small_model().SerializeToString())
        partition = tvmtrt.Partition(model, options={"tensorrt_version": "10.6"})
        calibration = tvmtrt.Calibration(partition, {"calibration_method": "max"})
        for i in range(1, 4):
            calibration.add({"x": np.full((i, 4), -i, np.float32)})
        calibration.add([np.zeros((2, 4), np.float32)])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ranges.json")
            calibration.write(path)
            with open(path, encoding="utf-8") as f:
                table = json.load(f)
            self.assertEqual(table, {"schema_version": 1, "method": "max", "samples": 4, "ranges": {"x": 3.0}})
            # Our own kernels run in float32 whatever engines compute in.
            build = tvmtrt.Build(partition, {"precision": "int8", "calibration": path})
        got = tvmtrt.Session(build).run({"x": np.ones((1, 4), np.float32)})["y"]
        np.testing.assert_allclose(got, [[0, 0, 2, 6, 10]])

    def test_inputs_are_checked(self):
        partition = tvmtrt.Partition(tvmtrt.Model(small_model().SerializeToString()), options={"tensorrt_version": "10.6"})
        calibration = tvmtrt.Calibration(partition)
        for bad in ({"x": np.ones((1, 5), np.float32)}, {"x": np.ones((1, 4))}, {"z": np.ones((1, 4), np.float32)}, []):
            with self.assertRaises(tvmtrt.Error):
                calibration.add(bad)
        with self.assertRaises(tvmtrt.Error):
            calibration.write("never.json")


if __name__ == "__main__":
    os.chdir(cases.ROOT)
    unittest.main()
