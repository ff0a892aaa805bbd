"""Runs a trained network with TensorRT where there is one and with generated kernels where there is not.

    import tvmtrt

    model = tvmtrt.Model("resnet18.onnx")
    partition = tvmtrt.Partition(model, {"input": [1, 3, 224, 224]})
    print(partition.explain())
    with tvmtrt.Session(tvmtrt.Build(partition)) as session:
        outputs = session.run({"input": picture})          # {"output": array}

Inputs are numpy arrays or any object that speaks DLPack (a torch tensor, also on a GPU); outputs are numpy arrays that look at the memory
of the library, and `Session.run_tensors` gives them for DLPack. Objects end with their last reference, at the end of a `with`, or by
`close()`, in any order. Models, partitions and builds may be used by any thread; a session serves one thread at a time.

This file names what the package offers; the work is done in the files beside it. The header tvmtrt.h documents every call.
"""

from ._library import Error, ErrorCode, LIBRARY_PATH, LogLevel, version, version_info
from ._model import Build, Calibration, Model, Partition, Value, tensorrt_info, tensorrt_info_json
from ._options import Options, options_keys, options_manual
from ._session import Session
from ._tensor import Tensor

__all__ = [
    "Build",
    "Calibration",
    "Error",
    "ErrorCode",
    "LIBRARY_PATH",
    "LogLevel",
    "Model",
    "Options",
    "Partition",
    "Session",
    "Tensor",
    "Value",
    "options_keys",
    "options_manual",
    "tensorrt_info",
    "tensorrt_info_json",
    "version",
    "version_info",
]
__version__ = version()
