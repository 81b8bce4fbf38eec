"""TVM: the Relax importer and its LLVM backend for this CPU, not tuned.

Untuned kernels are TVM's starting point rather than its best, by two orders of magnitude, and the settings say so. MetaSchedule, its
tuner, ends by a segmentation fault with the wheels of apache-tvm 0.27 and apache-tvm-ffi 0.1.15 that this was written against. With
apache-tvm-ffi 0.1.14 it starts, but took half a minute of search for every 8 trials of one small convolution: hours for a network.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import onnx

sys.modules["torch"] = None  # TVM imports PyTorch where that is installed, which costs it 500 MiB

import tvm
from tvm import relax
from tvm.relax.frontend.onnx import from_onnx

import artifacts
import protocol


def _target(threads: int) -> tvm.target.Target:
    host = tvm.get_global_func("target.llvm_get_system_cpu")()
    return tvm.target.Target({"kind": "llvm", "mcpu": host, "num-cores": threads})


def _compile(model: Path, output: Path, threads: int) -> None:
    target = _target(threads)
    module = relax.transform.DecomposeOpsForInference()(from_onnx(onnx.load(model)))
    tvm.compile(relax.get_pipeline("zero")(module), target=target).export_library(str(output))


def load(job: protocol.Job) -> protocol.Loaded:
    os.environ["TVM_NUM_THREADS"] = str(job.threads)
    name = f"tvm-{tvm.__version__}-t{job.threads}.so"
    library = artifacts.compiled(job.model, name, lambda model, output: _compile(model, output, job.threads))
    machine = relax.VirtualMachine(tvm.runtime.load_module(str(library)), tvm.cpu())
    image = tvm.runtime.tensor(job.image)
    main = machine["main"]
    results: list[object] = []

    def run() -> None:
        results[:] = [main(image)]

    def output() -> np.ndarray:
        return (results[0] if hasattr(results[0], "numpy") else results[0][0]).numpy()

    return protocol.Loaded(tvm.__version__, "llvm, host CPU, not tuned", run, output)


if __name__ == "__main__":
    protocol.main(load)
