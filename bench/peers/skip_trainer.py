"""Skip's trainer: the shared library that `skipc build --train` made, called through its C API."""

from __future__ import annotations

import ctypes
import json

import training_protocol


class Options(ctypes.Structure):
    """skip_trainer_options"""

    _fields_ = [("max_group", ctypes.c_int64), ("groups", ctypes.c_int64), ("state", ctypes.c_void_p), ("state_bytes", ctypes.c_size_t),
                ("workspace", ctypes.c_void_p), ("workspace_bytes", ctypes.c_size_t), ("pool", ctypes.c_void_p),
                ("parallel_for", ctypes.c_void_p), ("parallel_user", ctypes.c_void_p)]


class Result(ctypes.Structure):
    """skip_training_result"""

    _fields_ = [("loss", ctypes.c_double), ("wrong", ctypes.c_int64)]


class Library:
    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        self.library.net_last_error.restype = self.library.net_model_isa.restype = ctypes.c_char_p

    def call(self, function: str, *arguments: object) -> None:
        if getattr(self.library, f"net_{function}")(*arguments):
            raise SystemExit(f"error: {self.library.net_last_error().decode()}")

    def created(self, function: str, *arguments: object) -> ctypes.c_void_p:
        """What net_FUNCTION stores through its last argument."""
        result = ctypes.c_void_p()
        self.call(function, *arguments, ctypes.byref(result))
        return result


def open_trainer(job: training_protocol.Job) -> training_protocol.Ready:
    library = Library(str(job.folder / "net" / "libnet.so"))
    model = library.created("model_create")
    pool = library.created("pool_create", ctypes.c_int32(job.threads))
    options = Options(max_group=job.batch, groups=1, pool=pool)
    trainer = library.created("trainer_create", model, ctypes.byref(options))
    library.call("trainer_load_file", trainer, str(job.checkpoint).encode(), ctypes.c_uint32(0))
    for number, value in ((0, training_protocol.MOMENTUM), (1, training_protocol.DECAY)):
        library.call("trainer_set_number", trainer, ctypes.c_int(number), ctypes.c_double(value))
    inputs = (ctypes.c_void_p * 1)(job.images.ctypes.data)
    labels, result = ctypes.c_void_p(job.labels.ctypes.data), Result()

    def step() -> float:
        library.call("trainer_gradients", trainer, ctypes.c_int64(job.batch), inputs, labels, ctypes.byref(result))
        library.call("trainer_apply", trainer, ctypes.c_double(training_protocol.RATE))
        return result.loss

    manifest = json.loads((job.folder / "net" / "net.json").read_text())
    settings = f"{library.library.net_model_isa(model).decode()}, shared library compiled for the batch size, one group"
    return training_protocol.Ready(manifest["compiler"].split()[-1], settings, step)


if __name__ == "__main__":
    training_protocol.main(open_trainer)
