"""Arrays and DLPack, in and out: what is copied, who keeps what alive, and what is refused."""

import gc
import weakref
from pathlib import Path

import numpy as np
import onnx
import pytest
import tvmtrt
from onnx import TensorProto, helper
from tvmtrt import _tensor

MODEL = Path(__file__).resolve().parents[3] / "tests" / "clients" / "classifier.onnx"
QUIET = {"offload": "off"}


@pytest.fixture(scope="module")
def build():
    return tvmtrt.Build(tvmtrt.Partition(tvmtrt.Model(MODEL), options=QUIET))


@pytest.fixture
def session(build):
    return tvmtrt.Session(build)


def one_node(operator, kind, **attributes):
    """y = operator(x), x float32[n, 4]."""
    info = helper.make_tensor_value_info
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    graph = helper.make_graph([node], "g", [info("x", TensorProto.FLOAT, ["n", 4])], [info("y", kind, ["n", 4])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return tvmtrt.Session(tvmtrt.Build(tvmtrt.Partition(tvmtrt.Model(model.SerializeToString()), options=QUIET)))


def x(batch=2):
    return np.random.default_rng(3).uniform(-1, 1, (batch, 3, 16, 16)).astype(np.float32)


class Producer:
    """Speaks DLPack and nothing else, as a framework's tensor does. `old`: from before DLPack 1.0."""

    def __init__(self, array, old=False, device=None):
        self.array, self.old, self.device, self.streams = array, old, device, []

    def __dlpack_device__(self):
        return self.device or self.array.__dlpack_device__()

    def __dlpack__(self, **how):
        self.streams.append(how.get("stream"))
        if self.old and "max_version" in how:
            raise TypeError("unexpected keyword argument 'max_version'")
        return self.array.__dlpack__(max_version=how.get("max_version"))


def test_inputs_of_any_layout(session):
    plain = x()
    wanted = session.run([plain])["scores"]
    for other in (np.asfortranarray(plain), plain[:, :, ::-1][:, :, ::-1], np.repeat(plain, 2, 0)[::2], Producer(plain), Producer(plain, old=True)):
        np.testing.assert_array_equal(session.run({"x": other})["scores"], wanted)
    read_only = plain.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(session.run([read_only])["scores"], wanted)


def test_tensors_are_what_dlpack_says():
    """Written as bytes, read by the structure that stands for the header's."""
    array = np.zeros((3, 8, 5), np.int16)[:, ::2, ::-1]
    for looked, strides in ((array, [40, 10, -1]), (array.copy(), None)):
        borrowed = _tensor.borrow(looked)
        tensor = _tensor.DLTensor.from_address(borrowed.address)
        assert (tensor.data, tensor.device.device_type, tensor.device.device_id, tensor.ndim) == (looked.ctypes.data, 1, 0, 3)
        assert (tensor.dtype.code, tensor.dtype.bits, tensor.dtype.lanes, tensor.byte_offset) == (0, 16, 1, 0)
        assert tensor.shape[:3] == [3, 4, 5] and (tensor.strides[:3] if tensor.strides else None) == strides


def test_lists_are_arrays():
    with pytest.raises(tvmtrt.Error, match="'x'"):  # Python's numbers are float64: nothing is converted
        one_node("Relu", TensorProto.FLOAT).run([[[1.0, -1.0, 2.0, -2.0]]])


def test_outputs_of_the_callers(session):
    wanted = session.run([x()])
    wide = np.zeros((2, 20), np.float32)
    for target, look in ((wide[:, ::2], wide[:, ::2]), (Producer(wide[:, ::-2]), wide[:, ::-2])):
        got = session.run([x()], {"scores": target})
        assert got["scores"] is target
        np.testing.assert_array_equal(look, wanted["scores"])
        np.testing.assert_array_equal(got["best"], wanted["best"])
    fixed = np.zeros((2, 10), np.float32)
    fixed.flags.writeable = False
    for target in (fixed, Producer(fixed)):
        with pytest.raises((ValueError, BufferError), match="read-?only"):
            session.run([x()], {"scores": target})
    with pytest.raises(TypeError, match="list"):
        session.run([x()], {"scores": [0.0]})
    with pytest.raises(tvmtrt.Error, match="no_such"):
        session.run([x()], {"no_such": wide})


def test_a_bound_run_sees_what_is_in_its_arrays_now(session):
    given, scores = x(), np.zeros((2, 10), np.float32)
    run = session.bind([given], {"scores": scores})
    for scale in (1, -0.5):
        given *= np.float32(scale)
        run()
        np.testing.assert_array_equal(scores, session.run([given])["scores"])
    address, kept = given.ctypes.data, weakref.ref(given)
    del given
    gc.collect()
    assert kept() is not None and kept().ctypes.data == address
    run()
    with pytest.raises(tvmtrt.Error, match="no_such"):
        session.bind([x()], {"no_such": scores})()
    session.close()
    with pytest.raises(ValueError, match="Session is closed"):
        run()


def test_only_the_outputs_that_are_wanted(session):
    assert list(session.run([x()], ["best"])) == ["best"]


def test_results_are_not_copied(session):
    tensors = session.run_tensors([x()])
    scores = tensors["scores"]
    assert scores.shape == (2, 10) and scores.dtype == "float32" and scores.__dlpack_device__() == (1, 0)
    address = scores.numpy().ctypes.data
    assert np.from_dlpack(scores).ctypes.data == address
    assert np.asarray(scores).ctypes.data == address or np.array_equal(np.asarray(scores), scores.numpy())
    assert "float32[2, 10]" in repr(scores)
    assert np.from_dlpack(scores, copy=True).ctypes.data != address


def test_results_live_as_long_as_looks_at_them(session):
    tensor = session.run_tensors([x()])["scores"]
    wanted, gone = tensor.numpy().copy(), weakref.ref(tensor)
    looks = [tensor.numpy(), np.from_dlpack(tensor), tensor.numpy()[1:]]
    del tensor, session
    gc.collect()
    np.testing.assert_array_equal(looks[1], wanted)
    del looks[:2]
    gc.collect()
    assert gone()
    np.testing.assert_array_equal(looks[0], wanted[1:])
    looks.clear()
    gc.collect()
    assert not gone()


def test_bfloat16_keeps_its_type():
    run = one_node("Cast", TensorProto.BFLOAT16, to=TensorProto.BFLOAT16)
    tensor = run.run_tensors([np.float32([[1, 2, 3, 4]])])["y"]
    assert tensor.dtype == "bfloat16"
    for version, name in (((1, 0), b"dltensor_versioned"), (None, b"dltensor")):
        capsule = tensor.__dlpack__(max_version=version)
        address = _tensor._capsule_pointer(capsule, name)
        start = _tensor.DLManagedTensorVersioned.dl_tensor.offset if version else 0
        dtype = _tensor.DLTensor.from_address(address + start).dtype
        assert (dtype.code, dtype.bits) == (4, 16)
    assert tensor.numpy().view(np.uint16).tolist() == [[0x3F80, 0x4000, 0x4040, 0x4080]]


@pytest.mark.parametrize("kind", ["BOOL", "INT8", "UINT8", "INT32", "INT64", "FLOAT16", "DOUBLE"])
def test_element_types(kind):
    number = getattr(TensorProto, kind)
    y = one_node("Cast", number, to=number).run([np.float32([[0, 1, 2, 3]])])["y"]
    assert y.dtype == onnx.helper.tensor_dtype_to_np_dtype(number)
    np.testing.assert_array_equal(y, np.float32([[0, 1, 2, 3]]).astype(y.dtype))
    np.testing.assert_array_equal(np.from_dlpack(y), y)


def test_nothing_in_it():
    assert one_node("Relu", TensorProto.FLOAT).run([np.empty((0, 4), np.float32)])["y"].shape == (0, 4)


def test_what_has_no_form_for_it(session):
    with pytest.raises(TypeError, match="<U1"):
        session.run([np.array(["a"])])
    with pytest.raises(TypeError, match="strides"):
        session.run([np.zeros(3, [("a", "i1"), ("b", "<f4")])["b"]])


def test_a_gpus_tensors_are_asked_for_with_a_stream(session):
    """The device is a pretence, for there is no GPU in most tests: what is tested is what a framework's tensor is asked."""
    tensor = Producer(x(), device=(2, 0))
    session.run([tensor])
    assert tensor.streams == [1]


def test_a_closed_object_says_so(session):
    session.close()
    with pytest.raises(ValueError, match="Session is closed"):
        session.run([x()])
    session.close()


def test_handles_have_lives_of_their_own():
    model = tvmtrt.Model(MODEL)
    other = model.clone()
    model.close()
    assert other.inputs[0].text == "x: float32[batch, 3, 16, 16]" and other.inputs[0].dlpack_dtype == (2, 32, 1)
    with pytest.raises(ValueError):
        model.inputs


def test_calibration(tmp_path):
    partition = tvmtrt.Partition(tvmtrt.Model(MODEL), {"x": [2, None, None, None]}, {"tensorrt_version": "10.6"})
    assert partition.regions == 1 and partition.region_json(0)["nodes"]
    assert partition.explain_dot().startswith("digraph") and "<svg" in partition.explain_svg()
    calibration = tvmtrt.Calibration(partition)
    calibration.add({"x": x()})
    calibration.write(tmp_path / "ranges.json")
    assert (tmp_path / "ranges.json").stat().st_size


def test_profile_and_synchronize(session):
    assert session.profile_json([x()], 2)["schema_version"] == 1 and session.profile([x()], 2)
    session.synchronize()
