"""torch's tensors, in and out, where torch is installed; on a GPU where there is one, with TensorRT's engine where that is found, too. What
the client borrows without DLPack must be what DLPack says."""

from pathlib import Path

import numpy as np
import pytest
import tvmtrt
from tvmtrt import _tensor

torch = pytest.importorskip("torch", reason="torch is not installed")
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
MODEL = Path(__file__).resolve().parents[3] / "tests" / "clients" / "classifier.onnx"
X = np.random.default_rng(1).uniform(-1, 1, (2, 3, 16, 16)).astype(np.float32)


def make(offload):
    return tvmtrt.Build(tvmtrt.Partition(tvmtrt.Model(MODEL), {"x": X.shape}, {"offload": offload}), {"builder_optimization_level": 0})


@pytest.fixture(scope="module", params=["own kernels", "engine"])
def build(request):
    if request.param == "own kernels":
        return make("off")
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    if tvmtrt.tensorrt_info_json()["library"] is None:
        pytest.skip("there is no TensorRT")
    made = make("on")
    assert made.engines > 0, made.region_state(0)
    return made


@pytest.fixture(scope="module")
def wanted():
    return tvmtrt.Session(make("off")).run([X])


@pytest.fixture
def same(build):
    # An engine adds up in another order.
    near = {"rtol": 1e-4, "atol": 1e-5} if build.engines else {"rtol": 1e-5, "atol": 1e-6}
    return lambda got, array: np.testing.assert_allclose(got.cpu().numpy() if torch.is_tensor(got) else got, array, **near)


def test_in_and_out_without_copies(build, wanted, same):
    session = tvmtrt.Session(build)
    made = session.run_tensors({"x": torch.from_numpy(X)})["scores"]
    look = torch.from_dlpack(made)
    assert look.device.type == "cpu" and look.data_ptr() == made.numpy().ctypes.data
    same(look, wanted["scores"])
    out = torch.empty(2, 10)
    assert session.run([torch.from_numpy(X)], {"scores": out})["scores"] is out
    same(out, wanted["scores"])


def kinds():
    yield torch.arange(24.0).reshape(2, 3, 4)
    yield torch.arange(24.0).reshape(2, 3, 4).transpose(0, 2)[:, ::2]
    yield torch.zeros(0, 3)
    yield torch.tensor(5)
    for name in ("bfloat16", "float16", "float64", "int8", "uint8", "int16", "int32", "int64", "bool"):
        yield torch.ones(3, 2, dtype=getattr(torch, name))


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=gpu)])
def test_torchs_own_way_says_what_dlpack_says(device):
    stream = _tensor.Stream(_tensor.DEFAULT_STREAM)
    for tensor in kinds():
        tensor = tensor.to(device)
        short, long = _tensor._borrow_torch(torch, tensor, stream), _tensor._borrow_dlpack(tensor, 1 if device == "cuda" else None, False)
        a, b = (_tensor.DLTensor.from_address(t.address) for t in (short, long))
        rank = tensor.dim()
        assert (a.data or 0) + a.byte_offset == (b.data or 0) + b.byte_offset or tensor.numel() == 0
        assert (a.device.device_type, a.device.device_id, a.ndim) == (b.device.device_type, b.device.device_id, rank)
        assert (a.dtype.code, a.dtype.bits, a.dtype.lanes) == (b.dtype.code, b.dtype.bits, b.dtype.lanes)
        assert a.shape[:rank] == b.shape[:rank] == list(tensor.shape)
        assert tuple(a.strides[:rank]) == tensor.stride() if a.strides else tensor.is_contiguous()


def test_dlpack_has_the_rest():
    """It refuses what wants gradients and what it has no type for."""
    for tensor in (torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.complex64), torch.eye(2).to_sparse(), torch.nn.Parameter(torch.ones(2))):
        assert type(tensor) is not torch.Tensor or _tensor._borrow_torch(torch, tensor, None) is None
    with pytest.raises(BufferError, match="gradient"):
        tvmtrt.Session(make("off")).run([torch.from_numpy(X).requires_grad_()])


@gpu
def test_another_stream_of_torchs_is_left_to_dlpack():
    tensor, number = torch.ones(2, device="cuda"), torch.cuda.current_stream().cuda_stream or _tensor.DEFAULT_STREAM
    assert _tensor._borrow_torch(torch, tensor, _tensor.Stream(number)) is not None
    with torch.cuda.stream(torch.cuda.Stream()):
        assert _tensor._borrow_torch(torch, tensor, _tensor.Stream(number)) is None
    assert _tensor._borrow_torch(torch, tensor, None) is None


@gpu
def test_on_a_gpu(build, wanted, same):
    session = tvmtrt.Session(build)
    out = {"scores": torch.empty(2, 10, device="cuda"), "best": torch.empty(2, dtype=torch.int64, device="cuda")}
    session.run({"x": torch.from_numpy(X).cuda()}, out)
    for name, tensor in out.items():
        same(tensor, wanted[name])
    same(session.run([torch.from_numpy(X).cuda()])["scores"], wanted["scores"])


@gpu
def test_on_a_stream_with_work_before_and_behind(build, wanted, same):
    session, stream = tvmtrt.Session(build), torch.cuda.Stream()
    session.set_stream(stream.cuda_stream)
    out = {"scores": torch.empty(2, 10, device="cuda"), "best": torch.empty(2, dtype=torch.int64, device="cuda")}
    slow = torch.randn(4096, 4096, device="cuda")
    for producer in (stream, torch.cuda.Stream()):  # of another stream, DLPack has the session's wait
        with torch.cuda.stream(producer):
            for _ in range(20):
                slow = (slow @ slow) * 1e-3
            session.run([torch.from_numpy(X).cuda() + (slow[0, 0] * 0).nan_to_num()], out)
        with torch.cuda.stream(stream):
            copy = out["scores"].clone()
        torch.cuda.synchronize()
        same(copy, wanted["scores"])
