"""A network with more weights than 2 GiB, which no single protobuf file holds: its weights lie beside it."""

import os
import tempfile
import unittest

import cases  # finds the client
import numpy as np
import onnx
import tvmtrt
from onnx import TensorProto, helper

ROWS, WIDTH = 4_400_000, 128
PLACES = [0, 77_777, ROWS - 1, 4_200_001]
RTX = "rtx" in os.environ.get("TVMTRT_TENSORRT_LIBRARY", "")


def write(folder):
    """A model that takes rows of a table, all zero but for those at PLACES; the file is sparse."""
    with open(os.path.join(folder, "table.bin"), "wb") as f:
        f.truncate(ROWS * WIDTH * 4)
        for place in PLACES:
            f.seek(place * WIDTH * 4)
            f.write(np.full(WIDTH, place, np.float32).tobytes())
    table = TensorProto(name="table", data_type=TensorProto.FLOAT, dims=[ROWS, WIDTH], data_location=TensorProto.EXTERNAL)
    table.external_data.add(key="location", value="table.bin")
    places = helper.make_tensor_value_info("places", TensorProto.INT64, [len(PLACES)])
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [len(PLACES), WIDTH])
    nodes = [helper.make_node("Gather", ["table", "places"], ["taken"]), helper.make_node("Relu", ["taken"], ["rows"])]
    graph = helper.make_graph(nodes, "large", [places], [rows], [table])
    path = os.path.join(folder, "large.onnx")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


class Large(unittest.TestCase):
    def test_more_than_two_gigabytes(self):
        with tempfile.TemporaryDirectory() as folder:
            partition = tvmtrt.Partition(tvmtrt.Model(write(folder)))
            build = tvmtrt.Build(partition, tvmtrt.Options(target_sm="8.6") if RTX else None)
            self.assertEqual(RTX, "engine of" in (build.region_state(0) or ""), build.region_state(0))
            got = tvmtrt.Session(build).run([np.array(PLACES, np.int64)])["rows"]
            np.testing.assert_array_equal(got, np.repeat(np.array(PLACES, np.float32), WIDTH).reshape(-1, WIDTH))


if __name__ == "__main__":
    unittest.main()
