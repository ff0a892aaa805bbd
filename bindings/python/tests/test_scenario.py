"""The scenario that every client runs: tests/clients/scenario.json says what the steps are."""

import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import tvmtrt

FOLDER = Path(__file__).resolve().parents[3] / "tests" / "clients"
S = json.loads((FOLDER / "scenario.json").read_text(encoding="utf-8"))
X = S["input"]["name"]
RTX = "rtx" in os.environ.get("TVMTRT_TENSORRT_LIBRARY", "")


@pytest.fixture(autouse=True)
def step(request):
    yield
    if request.node.stash.get(PASSED, False):
        print(f"\nstep {request.node.name.removeprefix('test_')}")


PASSED = pytest.StashKey()


def fails(which):
    wanted = S["errors"][which]

    class Failing(pytest.RaisesExc):
        def __exit__(self, *found):
            caught = super().__exit__(*found)
            assert wanted.get("names", "") in str(found[1])
            return caught

    return Failing(tvmtrt.Error, check=lambda e: e.code == wanted["code"])


def picture(batch):
    step = 37 + 11 * np.arange(batch)[:, None]
    return ((np.arange(3 * 16 * 16) * step % 97) / 48 - 1).astype(np.float32).reshape(batch, 3, 16, 16)


def model(options=None):
    return tvmtrt.Model(FOLDER / S["model"], options=options)


def partition():
    return tvmtrt.Partition(model(), {X: [None if d < 0 else d for d in S["input"]["dims"]]}, S["options"])


def check(outputs, run):
    assert list(outputs) == S["outputs"]
    np.testing.assert_allclose(outputs["scores"].ravel(), run["scores"], **S["tolerance"])
    assert outputs["scores"].shape == (run["batch"], 10) and outputs["scores"].dtype == np.float32
    assert outputs["best"].tolist() == run["best"] and outputs["best"].dtype == np.int64


def test_options():
    options = tvmtrt.Options(S["options"])
    assert {k: options[k] for k in S["options"]} == S["options"]
    for which in ("option_key", "option_value"):
        with fails(which):
            options[S["errors"][which]["key"]] = S["errors"][which]["value"]


def test_load():
    path = FOLDER / S["model"]
    for loaded in (tvmtrt.Model(path), tvmtrt.Model(path.read_bytes())):
        (x,) = loaded.inputs
        assert (x.name, x.dtype, x.extents[0]) == (X, S["input"]["dtype"], S["input"]["extent"])
        assert [-1 if d is None else d for d in x.dims] == S["input"]["dims"]
        assert [v.name for v in loaded.outputs] == S["outputs"]
        assert loaded.metadata == {"labels": S["labels"]}
    with fails("file"):
        tvmtrt.Model(S["errors"]["file"]["path"])


def test_log():
    lines = []
    options = tvmtrt.Options(log_level=S["log"]["log_level"])
    options.on_log(lambda level, message: lines.append((level, message)))
    model(options)
    assert any(level == S["log"]["level"] and S["log"]["names"] in message for level, message in lines), lines


def test_partition():
    found = partition()
    assert found.inputs[0].dims == (None, 3, 16, 16)
    for which in ("input_name", "partition_shape"):
        with fails(which):
            tvmtrt.Partition(model(), {S["errors"][which]["name"]: S["errors"][which]["dims"]})


def test_explain():
    account = partition().explain_json()
    assert account["schema_version"] == S["explain"]["schema_version"]
    assert account["graph"] == S["explain"]["graph"] and S["explain"]["graph"] in partition().explain()


@pytest.fixture(scope="module")
def session():
    part = partition()
    build = tvmtrt.Build(part, S["options"])
    made = tvmtrt.Session(build, S["options"])
    for handle in (part, build):
        handle.close()
    with made:
        yield made


def test_build(session):
    assert session.run({X: picture(1)})


def test_run(session):
    scores = np.full((1, 10), np.nan, np.float32)
    outputs = session.run({X: picture(1)}, {"scores": scores})
    assert outputs["scores"] is scores
    check(outputs, S["runs"][0])


def test_batch():
    with tvmtrt.Session(tvmtrt.Build(partition(), S["options"])) as session:
        session.run([picture(1)])
        outputs = session.run([picture(3)])
    check(outputs, S["runs"][1])


def test_shape(session):
    with fails("run_shape"):
        session.run({X: np.zeros(S["errors"]["run_shape"]["dims"], np.float32)})
    check(session.run({X: picture(1)}), S["runs"][0])


def test_threads():
    build, failures = tvmtrt.Build(partition(), S["options"]), []

    def work(run):
        try:
            session = tvmtrt.Session(build, S["options"])
            for _ in range(20):
                check(session.run({X: picture(run["batch"])}), run)
        except BaseException as e:
            failures.append(e)

    threads = [threading.Thread(target=work, args=(run,)) for run in S["runs"]]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failures


def test_artifact(tmp_path):
    build = tvmtrt.Build(partition(), S["options"])
    path = tmp_path / "classifier.tvmtrt"
    build.save(path)
    with fails("save"):
        build.save(S["errors"]["save"]["path"])
    with fails("no_artifact"):
        tvmtrt.Build.load(FOLDER / S["model"])
    sessions = [tvmtrt.Session(tvmtrt.Build.load(source).clone(), S["options"]) for source in (path, path.read_bytes())]
    for session in sessions:
        for run in S["runs"]:
            check(session.run([picture(run["batch"])]), run)


def test_progress():
    if not RTX:
        pytest.skip("TVMTRT_TENSORRT_LIBRARY names no TensorRT for RTX")
    seen = []
    options = tvmtrt.Options(S["options"], target_sm="8.6", log_level="off")
    options.on_progress(lambda region, phase, done, total: seen.append((region, phase, done, total)))
    build = tvmtrt.Build(partition(), options)
    assert build.engines >= 1 and build.engine(0) and "built in" in build.region_state(0)
    assert seen and all(region and phase for region, phase, _, _ in seen)
    options.on_progress(lambda *_: False)
    with fails("cancelled"):
        tvmtrt.Build(partition(), options)
