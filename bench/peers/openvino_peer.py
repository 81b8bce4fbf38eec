"""OpenVINO's CPU plugin: float32 where it would choose bfloat16 by itself, tuned for latency, one stream."""

from __future__ import annotations

import openvino as ov

import protocol


def load(job: protocol.Job) -> protocol.Loaded:
    core = ov.Core()
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": job.threads,
        "NUM_STREAMS": 1,
    }
    request = core.compile_model(core.read_model(job.model), "CPU", config).create_infer_request()
    request.set_input_tensor(ov.Tensor(job.image, shared_memory=True))

    def run() -> None:
        request.infer(share_outputs=True)

    settings = "f32, latency hint, one stream"
    return protocol.Loaded(ov.__version__.split("-")[0], settings, run, lambda: request.get_output_tensor().data)


if __name__ == "__main__":
    protocol.main(load)
