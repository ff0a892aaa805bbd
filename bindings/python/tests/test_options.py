"""Options and callbacks: what lives how long, and what exceptions in callbacks do."""

import gc
import os
from pathlib import Path

import pytest
import tvmtrt
from tvmtrt import _options

MODEL = Path(__file__).resolve().parents[3] / "tests" / "clients" / "classifier.onnx"
KNOWN = {"tensorrt_version": "10.6"}  # a partition for it needs no library


def test_values_in_and_out():
    options = tvmtrt.Options({"offload": "off"}, threads=2, cuda_graph=True)
    assert (options["offload"], options["threads"], options["cuda_graph"]) == ("off", "2", "true")
    options["offload"] = None
    assert options["offload"] == "default"


def test_manual():
    keys = tvmtrt.options_keys()
    assert {"offload", "threads"} <= {k["key"] for k in keys}
    assert all(k["key"] + ": " in tvmtrt.options_manual() for k in keys)


def test_variables_of_tvm(monkeypatch):
    monkeypatch.setenv("TVM_TENSORRT_USE_FP16", "1")
    assert tvmtrt.Options.from_env()["precision"] == "float16"
    monkeypatch.setenv("TVM_TENSORRT_USE_FP16", "perhaps")
    with pytest.raises(tvmtrt.Error, match="TVM_TENSORRT_USE_FP16") as caught:
        tvmtrt.Options.from_env()
    assert caught.value.code is tvmtrt.ErrorCode.BAD_OPTION


def test_a_callback_decides_on_regions():
    seen = []
    options = tvmtrt.Options(KNOWN)
    options.filter_regions(lambda nodes, operators: seen.append((nodes, operators)))  # None: keep it off
    assert tvmtrt.Partition(tvmtrt.Model(MODEL), options=options).regions == 0
    assert "nn.conv2d" in seen[0][1] and len(seen[0][0]) == len(seen[0][1])
    options.filter_regions(None)
    assert tvmtrt.Partition(tvmtrt.Model(MODEL), options=options).regions == 1


def test_callbacks_live_as_long_as_they_are_needed():
    options = tvmtrt.Options(KNOWN)
    options.on_log(lambda *_: None)
    assert len(_options._kept) == 1
    options.on_log(lambda *_: None)
    assert len(_options._kept) == 1
    model = tvmtrt.Model(MODEL, options=options)
    options.close()
    del model
    gc.collect()
    assert not _options._kept


def test_an_exception_in_a_callback_is_printed(capsys):
    options = tvmtrt.Options(log_level="info")

    def bad(level, message):
        raise RuntimeError("from the callback")

    options.on_log(bad)
    assert tvmtrt.Model(MODEL, options=options).outputs
    assert "from the callback" in capsys.readouterr().err


def test_what_was_found():
    assert isinstance(tvmtrt.tensorrt_info(), str) and isinstance(tvmtrt.tensorrt_info_json(), dict)
    assert os.path.exists(tvmtrt.LIBRARY_PATH)
