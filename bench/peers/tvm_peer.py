"""TVM: the Relax importer and its LLVM backend for this CPU; SKIP_TVM_TRIALS candidates are tuned with MetaSchedule first (0: none).

Untuned kernels are TVM's starting point rather than its best, so the settings name the number of trials. Tuning is kept beside the model.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import tvm
from tvm import relax
from tvm.relax.frontend.onnx import from_onnx

import artifacts
import protocol

TRIALS = int(os.environ.get("SKIP_TVM_TRIALS", "0"))


def _target(threads: int) -> tvm.target.Target:
    host = tvm.get_global_func("target.llvm_get_system_cpu")()
    return tvm.target.Target({"kind": "llvm", "mcpu": host, "num-cores": threads})


def _optimised(module: tvm.IRModule, target: tvm.target.Target, folder: Path) -> tvm.IRModule:
    if TRIALS == 0:
        return relax.get_pipeline("zero")(module)
    folder.mkdir(exist_ok=True)
    return relax.get_pipeline("static_shape_tuning", total_trials=TRIALS, target=target, work_dir=str(folder))(module)


def _compile(model: Path, output: Path, threads: int) -> None:
    target = _target(threads)
    module = relax.transform.DecomposeOpsForInference()(from_onnx(onnx.load(model)))
    module = _optimised(module, target, output.with_suffix(".tuning"))
    tvm.compile(module, target=target).export_library(str(output))


def load(job: protocol.Job) -> protocol.Loaded:
    os.environ["TVM_NUM_THREADS"] = str(job.threads)
    name = f"tvm-{tvm.__version__}-{TRIALS}-t{job.threads}.so"
    library = artifacts.compiled(job.model, name, lambda model, output: _compile(model, output, job.threads))
    machine = relax.VirtualMachine(tvm.runtime.load_module(str(library)), tvm.cpu())
    image = tvm.runtime.tensor(job.image)
    main = machine["main"]
    results: list[object] = []

    def run() -> None:
        results[:] = [main(image)]

    def output() -> np.ndarray:
        return (results[0] if hasattr(results[0], "numpy") else results[0][0]).numpy()

    return protocol.Loaded(tvm.__version__, f"llvm, host CPU, {TRIALS} tuning trials", run, output)


if __name__ == "__main__":
    protocol.main(load)
