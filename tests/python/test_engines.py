"""Options of engines, progress and the cache through the Python client, with a TensorRT that builds without a GPU."""

import gc
import os
import subprocess
import sys
import tempfile
import unittest

import test_errors
import tvmtrt
from tvmtrt import _options

LIBRARY = os.environ.get("TVMTRT_TENSORRT_LIBRARY")


def in_another_process(folder):
    """The state of the same build in a process of its own."""
    code = "import sys, test_engines; t = test_engines.Engines(); t.setUp(); print(t.build(engine_cache=sys.argv[1], tf32=True).region_state(0))"
    here = os.path.dirname(os.path.abspath(__file__))
    return subprocess.run([sys.executable, "-c", code, folder], cwd=here, check=True, capture_output=True, text=True).stdout


@unittest.skipUnless(LIBRARY and "rtx" in LIBRARY, "TVMTRT_TENSORRT_LIBRARY names no TensorRT for RTX")
class Engines(unittest.TestCase):
    def setUp(self):
        model = tvmtrt.Model(test_errors.small_model().SerializeToString())
        self.partition = tvmtrt.Partition(model, options={"symbols": "N=1..8"})

    def build(self, options=None, **values):
        options = options or tvmtrt.Options(target_sm="8.6", offload="on", **values)
        return tvmtrt.Build(self.partition, options)

    def test_an_engine_is_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            states = [self.build(engine_cache=folder, tf32=True).region_state(0) for _ in range(2)]
            self.assertIn("built in", states[0])
            self.assertIn(", cached", states[1])
            self.assertEqual(len(os.listdir(folder)), 1)
            self.assertIn(", cached", in_another_process(folder))

    def test_a_callback_lives_as_long_as_it_is_needed(self):
        options = tvmtrt.Options(target_sm="8.6")
        options.on_progress(lambda *_: True)
        self.assertEqual(len(_options._kept), 1)
        options.on_progress(lambda *_: True)
        gc.collect()
        self.assertEqual(len(_options._kept), 1)
        self.build(options)
        del options
        gc.collect()
        self.assertEqual(len(_options._kept), 0)

    def test_progress_is_told_and_stops(self):
        seen = []
        options = tvmtrt.Options(target_sm="8.6")
        options.on_progress(lambda region, phase, done, total: seen.append((region, phase, done, total)))
        self.build(options)
        self.assertTrue(seen and all(r.startswith("tvmgen_") and p for r, p, _, _ in seen), seen)
        options.on_progress(lambda *_: False)
        with self.assertRaises(tvmtrt.Error) as error:
            self.build(options)
        self.assertEqual(error.exception.code, test_errors.code("CANCELLED"))

    def test_what_a_version_lacks_is_named(self):
        with self.assertRaises(tvmtrt.Error) as error:
            self.build(hardware_compatibility="ampere_plus")
        self.assertEqual(error.exception.code, test_errors.code("TENSORRT_UNSUPPORTED"))
        self.assertIn("option 'hardware_compatibility'", str(error.exception))


if __name__ == "__main__":
    unittest.main()
