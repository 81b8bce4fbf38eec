"""ONNX Runtime's CPU provider: all graph optimisations, sequential execution, spinning workers, input and output bound once."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

import protocol


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.log_severity_level = 3
    return options


def load(job: protocol.Job) -> protocol.Loaded:
    session = ort.InferenceSession(str(job.model), _options(job.threads), providers=["CPUExecutionProvider"])
    logits = np.empty(session.get_outputs()[0].shape, np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input("image", job.image)
    binding.bind_output("logits", "cpu", 0, np.float32, logits.shape, logits.ctypes.data)
    settings = "all optimisations, sequential, spinning, bound buffers"
    return protocol.Loaded(ort.__version__, settings, lambda: session.run_with_iobinding(binding), lambda: logits)


if __name__ == "__main__":
    protocol.main(load)
