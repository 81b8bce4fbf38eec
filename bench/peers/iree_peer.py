"""IREE: imported from ONNX, compiled for this CPU by llvm-cpu, run by its task system on as many workers as threads.

Left alone IREE convolves in ONNX's own layout, which takes several times as long as what the two preprocessing passes below give it:
channels last, and 1x1 convolutions as matrix products, which data tiling and the microkernels then work on.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import iree.runtime as rt

import artifacts
import protocol

PREPROCESSING = ("iree-preprocessing-convert-conv-to-channels-last", "iree-preprocessing-convert-1x1-filter-conv2d-to-matmul")
FLAGS = [
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
    "--iree-opt-level=O3",
    "--iree-opt-data-tiling",
    "--iree-llvmcpu-enable-ukernels=all",
    f"--iree-preprocessing-pass-pipeline=builtin.module(util.func({','.join(PREPROCESSING)}))",
]


def _tool(name: str, *arguments: str | Path) -> None:
    subprocess.run([Path(sys.executable).parent / name, *arguments], check=True, stdout=sys.stderr)


def _compile(model: Path, output: Path) -> None:
    text = output.with_suffix(".mlir")
    _tool("iree-import-onnx", model, "-o", text)
    _tool("iree-compile", text, *FLAGS, "-o", output)
    text.unlink()


def load(job: protocol.Job) -> protocol.Loaded:
    release = version("iree-base-compiler")
    binary = artifacts.compiled(job.model, f"iree-{release}.vmfb", _compile)
    rt.flags.parse_flags(f"--task_topology_group_count={job.threads}")
    config = rt.Config("local-task")
    module = rt.load_vm_module(rt.VmModule.mmap(config.vm_instance, str(binary)), config)
    (name,) = (n for n in module.vm_module.function_names if not n.startswith("__") and not n.endswith("$async"))
    function = module[name]
    image = rt.asdevicearray(config.device, job.image)
    results: list[rt.DeviceArray] = []

    def run() -> None:
        results[:] = [function(image)]

    return protocol.Loaded(release, "llvm-cpu, host CPU, O3, data tiling, microkernels, channels last, local-task", run, lambda: results[0].to_host())


if __name__ == "__main__":
    protocol.main(load)
