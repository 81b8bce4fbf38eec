"""Skip: the shared library that `skipc build` made of the network beside the model, called through its C API."""

from __future__ import annotations

import ctypes
import json
from typing import Callable

import numpy as np

import artifacts
import protocol


class Options(ctypes.Structure):
    """skip_context_options"""

    _fields_ = [("max_batch", ctypes.c_int64), ("workspace", ctypes.c_void_p), ("workspace_bytes", ctypes.c_size_t),
                ("pool", ctypes.c_void_p), ("parallel_for", ctypes.c_void_p), ("parallel_user", ctypes.c_void_p),
                ("undivided", ctypes.c_int32)]


def _created(library: ctypes.CDLL, function: str, *arguments: object) -> ctypes.c_void_p:
    """What net_FUNCTION stores through its last argument."""
    result = ctypes.c_void_p()
    if getattr(library, f"net_{function}")(*arguments, ctypes.byref(result)):
        library.net_last_error.restype = ctypes.c_char_p
        raise SystemExit(f"error: {library.net_last_error().decode()}")
    return result


def _runner(library: ctypes.CDLL, context: ctypes.c_void_p, image: np.ndarray, logits: np.ndarray) -> Callable[[], None]:
    inputs, outputs = (ctypes.c_void_p * 1)(image.ctypes.data), (ctypes.c_void_p * 1)(logits.ctypes.data)
    batch = ctypes.c_int64(len(image))

    def run() -> None:
        if library.net_run(context, batch, inputs, outputs):
            raise SystemExit("error: the run failed")

    return run


def load(job: protocol.Job) -> protocol.Loaded:
    folder = artifacts.skip_folder(job.model)
    library = ctypes.CDLL(str(folder / "libnet.so"))
    model = _created(library, "model_create")
    weights = _created(library, "weights_embedded", model)
    pool = _created(library, "pool_create", ctypes.c_int32(job.threads))
    options = Options(max_batch=job.batch, pool=pool)
    context = _created(library, "context_create", model, weights, ctypes.byref(options))
    manifest = json.loads((folder / "net.json").read_text())
    logits = np.empty([job.batch, *manifest["outputs"][0]["dims"][1:]], np.float32)
    library.net_model_isa.restype = ctypes.c_char_p
    settings = f"{library.net_model_isa(model).decode()}, shared library compiled for each batch size"
    return protocol.Loaded(manifest["compiler"].split()[-1], settings, _runner(library, context, job.image, logits), lambda: logits)


if __name__ == "__main__":
    protocol.main(load)
