"""PyTorch: the ONNX graph replayed with torch's own functions, channels last, compiled by Inductor with frozen weights."""

from __future__ import annotations

from typing import Callable

import numpy as np
import onnx
import torch
import torch._inductor.config as inductor
import torch.nn.functional as F
from onnx import numpy_helper

import protocol

Attributes = dict[str, object]
Operation = Callable[[Attributes, list[torch.Tensor]], torch.Tensor]


def _conv(a: Attributes, x: list[torch.Tensor]) -> torch.Tensor:
    return F.conv2d(x[0], x[1], None, a["strides"], a["pads"][:2])


def _norm(a: Attributes, x: list[torch.Tensor]) -> torch.Tensor:
    return F.batch_norm(x[0], x[3], x[4], x[1], x[2], False, 0.0, a["epsilon"])


def _max_pool(a: Attributes, x: list[torch.Tensor]) -> torch.Tensor:
    return F.max_pool2d(x[0], a["kernel_shape"], a["strides"], a["pads"][:2])


OPERATIONS: dict[str, Operation] = {
    "Conv": _conv,
    "BatchNormalization": _norm,
    "MaxPool": _max_pool,
    "Relu": lambda a, x: F.relu(x[0]),
    "Add": lambda a, x: x[0] + x[1],
    "GlobalAveragePool": lambda a, x: F.adaptive_avg_pool2d(x[0], 1),
    "Flatten": lambda a, x: torch.flatten(x[0], 1),
    "Gemm": lambda a, x: F.linear(x[0], x[1], x[2]),
    "Slice": lambda a, x: x[0][:, :, ::2, ::2],
}


class Replay(torch.nn.Module):
    """Runs an ONNX graph that export_onnx.py wrote, node by node; compiled, nothing of the loop is left."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        super().__init__()
        self.nodes = [(n.op_type, list(n.input), n.output[0], {a.name: onnx.helper.get_attribute_value(a) for a in n.attribute})
                      for n in graph.node]
        self.pads: dict[str, list[int]] = {}
        self.keys: dict[str, str] = {}
        for tensor in graph.initializer:
            self._add(tensor.name, numpy_helper.to_array(tensor))

    def _add(self, name: str, array: np.ndarray) -> None:
        if array.dtype != np.float32:
            self.pads[name] = array.tolist()
            return
        weight = torch.from_numpy(array.copy())
        self.keys[name] = name.replace(".", "_")
        self.register_buffer(self.keys[name], weight.to(memory_format=torch.channels_last) if weight.dim() == 4 else weight)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        values = {"image": image}
        for operation, inputs, output, attributes in self.nodes:
            if operation == "Pad":
                pads = self.pads[inputs[1]]
                values[output] = F.pad(values[inputs[0]], (0, 0, 0, 0, pads[1], pads[5]))
                continue
            operands = [values[i] if i in values else getattr(self, self.keys[i]) for i in inputs if i in values or i in self.keys]
            values[output] = OPERATIONS[operation](attributes, operands)
        return values["logits"]


def load(job: protocol.Job) -> protocol.Loaded:
    torch.set_num_threads(job.threads)
    inductor.freezing = True
    module = Replay(onnx.load(job.model).graph).eval()
    image = torch.from_numpy(job.image).to(memory_format=torch.channels_last)
    compiled = torch.compile(module, backend="inductor", mode="max-autotune-no-cudagraphs", fullgraph=True)
    results: list[torch.Tensor] = []

    def run() -> None:
        with torch.inference_mode():
            results[:] = [compiled(image)]

    return protocol.Loaded(torch.__version__, "torch.compile, inductor, max-autotune, freezing, channels last", run, lambda: results[0].numpy())


if __name__ == "__main__":
    protocol.main(load)
