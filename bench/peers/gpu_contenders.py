"""ResNet-50 on a GPU by PyTorch, by cuDNN's convolutions alone, and by Skip: each is made ready, checked, and run on one stream."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
import torch._inductor.config as inductor
import torch.nn.functional as F

import library
from checkpoint import read_safetensors
from networks import network
from torch_networks import Residual

TYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "tf32": torch.float32}


@dataclass(frozen=True)
class Ready:
    """`run` gives one run's work to the current stream, `error` tells how far its results are off."""

    settings: str
    run: Callable[[], object]
    error: Callable[[], float]
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Job:
    precision: str
    image: torch.Tensor  # f32, NCHW
    logits: torch.Tensor  # what is right, in f32
    folder: Path  # Skip's library
    weights: Path

    @property
    def type(self) -> torch.dtype:
        return TYPES[self.precision]

    @property
    def input(self) -> torch.Tensor:
        return self.image.to(self.type).to(memory_format=torch.channels_last)


def allow_tf32(allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed


def module(weights: Path) -> torch.nn.Module:
    """In f32, with the numbers of the file."""
    made = Residual(network("resnet50")).eval()
    tensors = {name: torch.from_numpy(array.copy()) for name, array in read_safetensors(weights).items()}
    missing, unexpected = made.load_state_dict(tensors, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"{weights} has other tensors than ResNet-50: {', '.join([*missing, *unexpected][:5])}")
    return made


def off_by(result: torch.Tensor, right: torch.Tensor) -> float:
    error = float((result.float() - right.float()).abs().max() / right.float().abs().max())
    return error if error == error else float("inf")


def _converted(job: Job) -> torch.nn.Module:
    return module(job.weights).cuda().to(job.type).to(memory_format=torch.channels_last)


def _captured(work: Callable[[], object]) -> tuple[torch.cuda.CUDAGraph, object]:
    """Runs before the capture choose algorithms."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = work()
    return graph, result


def eager(job: Job) -> Ready:
    model, image = _converted(job), job.input
    graph, result = _captured(lambda: model(image))
    return Ready(f"{torch.__version__}, channels last, cudnn.benchmark, a CUDA graph", graph.replay,
                 lambda: (graph.replay(), off_by(result, job.logits))[1])


def compiled(job: Job) -> Ready:
    inductor.freezing = True
    torch._dynamo.reset()
    model, image = _converted(job), job.input
    run = torch.compile(model, mode="max-autotune")
    for _ in range(3):
        run(image)
    return Ready(f"{torch.__version__}, torch.compile with max-autotune and freezing, channels last", lambda: run(image),
                 lambda: off_by(run(image).clone(), job.logits), torch._dynamo.reset)


def convolutions(job: Job) -> Ready:
    """All convolutions of the network one after the other, each by the algorithm that cuDNN finds the fastest for its shape."""
    model, calls = _converted(job), []
    hooks = [part.register_forward_hook(lambda conv, x, _: calls.append((conv, x[0].clone()))) for part in model.modules()
             if isinstance(part, torch.nn.Conv2d)]
    model(job.input)
    for hook in hooks:
        hook.remove()
    graph, results = _captured(lambda: [conv(x) for conv, x in calls])

    def error() -> float:
        graph.replay()
        allow_tf32(False)
        worst = max(off_by(result, F.conv2d(x.float(), conv.weight.float(), None, conv.stride, conv.padding)) for (conv, x), result in zip(calls, results))
        allow_tf32(True)
        return worst

    return Ready(f"cuDNN {torch.backends.cudnn.version()}, {len(calls)} convolutions without what is between them, a CUDA graph", graph.replay, error)


def skip(job: Job) -> Ready:
    model = library.Library(job.folder, job.weights)
    if model.target != "cuda":
        raise RuntimeError(f"it would run on {model.target}")
    result = torch.empty_like(job.logits)
    pointers = ctypes.c_void_p * 1
    inputs, outputs, count = pointers(job.image.data_ptr()), pointers(result.data_ptr()), ctypes.c_int64(len(job.image))

    def run() -> None:
        model.check(model.library.net_run_async(model.context, count, inputs, outputs, ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)))

    def error() -> float:
        run()
        torch.cuda.synchronize()
        return off_by(result, job.logits)

    settings = f"{model.manifest['compiler']}, code for {model.body}, f32 images in and logits out"
    return Ready(settings, run, error, model.destroy)


CONTENDERS: dict[str, Callable[[Job], Ready]] = {
    "Skip": skip, "PyTorch": eager, "PyTorch, compiled": compiled, "cuDNN's convolutions": convolutions}
