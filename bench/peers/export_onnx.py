"""Writes a residual network as an ONNX model, straight from a checkpoint with torchvision's names or from random weights.

Batch norms stay nodes of their own, for each peer to fold as it does best. The batch size is fixed, the best case for them all.
Beside `x.onnx` stands `x.json`: input shape, floating-point operations of one run, and the checkpoint that Skip is to read.

    export_onnx.py resnet50 --batch 16 --weights resnet50.safetensors --output resnet50.onnx
    export_onnx.py cifar_resnet20 --output cifar.onnx            # random weights, written as cifar.safetensors
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from checkpoint import read_safetensors, write_safetensors
from networks import DEFAULT_NAMES, Network, network
from parameters import CheckpointParameters, Parameters, RandomParameters

OPSET = 17
IR_VERSION = 8


@dataclass(frozen=True)
class Value:
    """A tensor of the graph: [batch, channels, side, side]."""

    name: str
    channels: int
    side: int


@dataclass
class Builder:
    """Appends nodes; each function returns the value that its node defines."""

    parameters: Parameters
    batch: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    flops: int = 0

    def constant(self, name: str, array: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def node(self, operation: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operation, inputs, [output], name=output, **attributes))
        return output

    def conv(self, x: Value, label: str, channels: int, size: int, stride: int) -> Value:
        weight = f"{label}.weight"
        shape = (channels, x.channels, size, size)
        self.constant(weight, self.parameters.filter(weight, shape, 1.0))
        side = (x.side + 2 * (size // 2) - size) // stride + 1
        self.flops += 2 * self.batch * math.prod(shape) * side * side
        name = self.node("Conv", [x.name, weight], f"{label}.out", kernel_shape=[size, size], strides=[stride, stride],
                         pads=[size // 2] * 4)
        return Value(name, channels, side)

    def norm(self, x: Value, label: str, scale: float = 1.0) -> Value:
        inputs = [x.name]
        for part in ("weight", "bias", "running_mean", "running_var"):
            name = f"{label}.{part}"
            inputs.append(self.constant(name, self.parameters.vector(name, x.channels, scale)))
        return Value(self.node("BatchNormalization", inputs, f"{label}.out", epsilon=1e-5), x.channels, x.side)

    def relu(self, x: Value, label: str) -> Value:
        return Value(self.node("Relu", [x.name], f"{label}.out"), x.channels, x.side)

    def max_pool(self, x: Value, label: str) -> Value:
        name = self.node("MaxPool", [x.name], f"{label}.out", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        return Value(name, x.channels, (x.side - 1) // 2 + 1)

    def linear(self, x: Value, label: str, classes: int, output: str) -> None:
        pooled = self.node("GlobalAveragePool", [x.name], "pool.out")
        flat = self.node("Flatten", [pooled], "flatten.out", axis=1)
        weight = self.constant(f"{label}.weight", self.parameters.filter(f"{label}.weight", (classes, x.channels), 1.0))
        bias = self.constant(f"{label}.bias", self.parameters.vector(f"{label}.bias", classes, 1.0))
        self.flops += 2 * self.batch * classes * x.channels
        self.node("Gemm", [flat, weight, bias], output, transB=1)

    def shortcut_a(self, x: Value, label: str, channels: int) -> Value:
        """Section 3.3, option A: every second pixel, zeros for half of the new channels before and half after."""
        indices = {"starts": [0, 0], "ends": [x.side, x.side], "axes": [2, 3], "steps": [2, 2]}
        inputs = [self.constant(f"{label}.{name}", np.array(value, np.int64)) for name, value in indices.items()]
        sliced = self.node("Slice", [x.name, *inputs], f"{label}.slice")
        new = channels - x.channels
        pads = self.constant(f"{label}.pads", np.array([0, new // 2, 0, 0, 0, new - new // 2, 0, 0], np.int64))
        return Value(self.node("Pad", [sliced, pads], f"{label}.out"), channels, (x.side - 1) // 2 + 1)

    def shortcut_b(self, x: Value, label: str, channels: int, stride: int) -> Value:
        """Option B: a projection."""
        return self.norm(self.conv(x, f"{label}.0", channels, 1, stride), f"{label}.1")


def _branch(b: Builder, x: Value, label: str, net: Network, width: int, stride: int) -> Value:
    sizes = [1, 3, 1] if net.bottleneck else [3, 3]
    strided = 2 if net.bottleneck else 1  # the 3x3 of a bottleneck, as torchvision has it
    for i, size in enumerate(sizes, start=1):
        last = i == len(sizes)
        channels = 4 * width if net.bottleneck and last else width
        x = b.conv(x, f"{label}.conv{i}", channels, size, stride if i == strided else 1)
        x = b.norm(x, f"{label}.bn{i}", 1 / math.sqrt(sum(net.blocks)) if last else 1.0)
        x = x if last else b.relu(x, f"{label}.relu{i}")
    return x


def _block(b: Builder, x: Value, label: str, net: Network, width: int, stride: int) -> Value:
    y = _branch(b, x, label, net, width, stride)
    if (x.channels, x.side) != (y.channels, y.side):
        shortcut = f"{label}.downsample"
        x = b.shortcut_b(x, shortcut, y.channels, stride) if net.imagenet else b.shortcut_a(x, shortcut, y.channels)
    name = b.node("Add", [y.name, x.name], f"{label}.add")
    return b.relu(Value(name, y.channels, y.side), f"{label}.relu")


def _build(b: Builder, net: Network) -> None:
    x = Value("image", 3, net.side)
    stem = (64, 7, 2) if net.imagenet else (16, 3, 1)
    x = b.relu(b.norm(b.conv(x, "conv1", *stem), "bn1"), "relu")
    x = b.max_pool(x, "maxpool") if net.imagenet else x
    for layer, (count, width) in enumerate(zip(net.blocks, net.widths), start=1):
        for i in range(count):
            x = _block(b, x, f"layer{layer}.{i}", net, width, 2 if layer > 1 and i == 0 else 1)
    b.linear(x, net.head, net.classes, "logits")


def _model(b: Builder, net: Network) -> onnx.ModelProto:
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, net.input_shape(b.batch))
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [b.batch, net.classes])
    graph = helper.make_graph(b.nodes, net.name, [image], [logits], b.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="skip-bench")
    onnx.checker.check_model(model)
    return model


def export(net: Network, batch: int, weights: Path | None, output: Path, seed: int = 1) -> None:
    """Writes the model and the .json beside it; without `weights` a .safetensors with what was drawn too."""
    parameters = CheckpointParameters(read_safetensors(weights)) if weights else RandomParameters(seed)
    builder = Builder(parameters, batch)
    _build(builder, net)
    model = _model(builder, net)
    output.parent.mkdir(parents=True, exist_ok=True)
    if weights is None:
        weights = output.with_suffix(".safetensors")
        write_safetensors(weights, parameters.tensors)
    onnx.save(model, output)
    about = {"input": net.input_shape(batch), "flops": builder.flops, "weights": str(weights)}
    output.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", help=f"one of {', '.join(DEFAULT_NAMES)}, or another cifar_resnetN")
    parser.add_argument("--batch", type=int, default=1, help="images a run (default: 1)")
    parser.add_argument("--weights", type=Path, help="a safetensors checkpoint (default: random weights)")
    parser.add_argument("--seed", type=int, default=1, help="of the random weights (default: 1)")
    parser.add_argument("--output", type=Path, required=True, help="the ONNX file")
    arguments = parser.parse_args()
    try:
        export(network(arguments.network), arguments.batch, arguments.weights, arguments.output, arguments.seed)
    except (OSError, ValueError) as error:
        print(f"export_onnx.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
