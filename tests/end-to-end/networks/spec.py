"""A network as data: operations in order, each on values before it, with the shapes that the language gives them.

    Node("conv3", "conv", ("image",), {"channels": 8, "kernel": 3})    conv3 = conv3: conv(image, channels = 8, kernel = 3)
    Node("add4", "add", ("conv3", "conv3"), {})                        add4 = conv3 + conv3

Drawing and shrinking both work on this form. `shapes_of` refuses what the language refuses, so that neither has to ask skipc.
"""
from __future__ import annotations

import dataclasses

IMAGE = "image"
LABELLED = {"conv", "bn", "linear", "shortcut", "prelu", "group_norm"}
ACTIVATIONS = ("sigmoid", "silu", "gelu", "hard_sigmoid", "hard_swish", "mish", "leaky_relu", "prelu")


class Invalid(Exception):
    """A network that the language does not allow."""


@dataclasses.dataclass(frozen=True)
class Node:
    name: str
    op: str
    operands: tuple[str, ...]
    settings: dict[str, object]

    def text(self) -> str:
        if self.op == "add":
            return f"{self.name} = {self.operands[0]} + {self.operands[1]}"
        label = f"{self.name}: " if self.op in LABELLED else ""
        settings = [f"{key} = {str(value).lower() if isinstance(value, bool) else value}" for key, value in self.settings.items()]
        others = self.operands[1:]
        operands = [self.operands[0], *([f"like = {like}" for like in others] if self.op == "shortcut" else others)]
        return f"{self.name} = {label}{self.op}({', '.join(operands + settings)})"


@dataclasses.dataclass(frozen=True)
class Network:
    shape: tuple[int, int, int]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    normalized: bool = False  # whether the input has a mean and a deviation

    def text(self, statements: list[str] | None = None) -> str:
        """With further statements behind the outputs."""
        channels = self.shape[0]
        mean = ", ".join(str((i % 7) / 8) for i in range(channels))
        std = ", ".join(str((i % 3 + 1) / 4) for i in range(channels))
        options = f" {{mean = [{mean}], std = [{std}]}}" if self.normalized else ""
        lines = [f"input {IMAGE}[{', '.join(map(str, self.shape))}]{options}", *(node.text() for node in self.nodes)]
        lines += [f"output y{i} = {value}" for i, value in enumerate(self.outputs)]
        return "\n".join(["model net() {", *("  " + line for line in [*lines, *(statements or [])]), "}", ""])

    def live(self) -> Network:
        """Without what no output needs."""
        needed = set(self.outputs)
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(node.operands)
        return dataclasses.replace(self, nodes=tuple(node for node in self.nodes if node.name in needed))


Shape = tuple[int, ...]


def pair(value: object) -> list[int]:
    """Of rows and of columns."""
    return list(value) if isinstance(value, list) else [value, value]


def pads(value: object) -> list[int]:
    """Above, left, below, right."""
    return list(value) if isinstance(value, list) and len(value) == 4 else pair(value) * 2


def window(size: int, kernel: int, stride: int, before: int, after: int, ceil: bool = False) -> int:
    room = size + before + after - kernel
    if not ceil:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + before else count


def fitting_stride(shape: Shape, like: Shape) -> int:
    """The stride of shortcut-1."""
    for stride in range(1, max(shape[1:]) + 1):
        if all(-(-size // stride) == small for size, small in zip(shape[1:], like[1:])):
            return stride
    raise Invalid("no stride makes one fit the other")


def shape_of(node: Node, operands: list[Shape]) -> Shape:
    shape, settings = operands[0], node.settings
    if node.op in ("relu", "bn", "dropout", *ACTIVATIONS):
        return shape
    if node.op == "add":
        if operands[0] != operands[1]:
            raise Invalid("unlike summands")
        return shape
    if node.op == "group_norm":
        if shape[0] % settings["groups"]:
            raise Invalid("uneven groups")
        return shape
    if node.op == "mul":
        if operands[1] not in ((shape[0],), (shape[0], 1, 1), shape):
            raise Invalid("no factor for each channel, and no gate")
        return shape
    if node.op in ("linear", "softmax", "unflatten"):
        if len(shape) != 1:
            raise Invalid("no vector")
        if node.op == "unflatten":
            sizes = (settings["channels"], settings["height"], settings["width"])
            if sizes[0] * sizes[1] * sizes[2] != shape[0]:
                raise Invalid("another number of elements")
            return sizes
        return (settings["features"],) if node.op == "linear" else shape
    if len(shape) != 3:
        raise Invalid("no image")
    return image_shape(node, shape, operands)


def image_shape(node: Node, shape: Shape, operands: list[Shape]) -> Shape:
    settings, (channels, height, width) = node.settings, shape
    if node.op in ("conv", "max_pool", "avg_pool"):
        return window_shape(node, shape)
    if node.op == "adaptive_avg_pool":
        return (channels, 1, 1)
    if node.op == "concat":
        if any(operand[1:] != shape[1:] for operand in operands):
            raise Invalid("pictures of unlike size")
        return (sum(operand[0] for operand in operands), height, width)
    if node.op == "shift":
        if operands[1] not in ((channels,), (channels, 1, 1)):
            raise Invalid("no offset for each channel")
        return shape
    if node.op == "attention_pool":
        if operands[1] != (1, height, width):
            raise Invalid("no logit for each pixel")
        return (channels,)
    if node.op == "reflect_pad":
        pad = pads(settings["pad"])
        if max(pad[0], pad[2]) >= height or max(pad[1], pad[3]) >= width:
            raise Invalid("more than there is to mirror")
        return (channels, pad[0] + height + pad[2], pad[1] + width + pad[3])
    if node.op == "upsample":
        return (channels, height * settings["factor"], width * settings["factor"])
    if node.op == "subsample":
        return (channels, -(-height // settings["stride"]), -(-width // settings["stride"]))
    if node.op == "pad_channels":
        return (channels + settings["before"] + settings["after"], height, width)
    if node.op == "take_channels":
        if settings["first"] + settings["count"] > channels:
            raise Invalid("channels that are not there")
        return (settings["count"], height, width)
    if node.op == "global_avg_pool":
        return (channels,)
    if node.op == "flatten":
        return (channels * height * width,)
    return shortcut_shape(node, operands)


def window_shape(node: Node, shape: Shape) -> Shape:
    settings, (channels, height, width) = node.settings, shape
    kernel, dilation = pair(settings["kernel"]), pair(settings.get("dilation", 1))
    stride = pair(settings.get("stride", settings["kernel"] if node.op == "avg_pool" else 1))
    same = [dilation[axis] * (kernel[axis] - 1) // 2 for axis in (0, 1)]
    pad = pads(settings.get("pad", same))
    extents = [(kernel[axis] - 1) * dilation[axis] + 1 for axis in (0, 1)]
    ceil = settings.get("ceil_mode", False)
    sizes = [window(size, extents[axis], stride[axis], pad[axis], pad[axis + 2], ceil) for axis, size in ((0, height), (1, width))]
    if min(sizes) < 1 or (node.op != "conv" and any(pad[side] > kernel[side % 2] // 2 for side in range(4))):
        raise Invalid("nothing is left of the picture")
    groups = settings.get("groups", 1)
    if channels % groups or settings.get("channels", groups) % groups:
        raise Invalid("uneven groups")
    return (settings.get("channels", channels), *sizes)


def shortcut_shape(node: Node, operands: list[Shape]) -> Shape:
    shape, like = operands
    if len(like) != 3:
        raise Invalid("no image")
    fitting_stride(shape, like)
    if node.settings["option"] == "A" and like[0] < shape[0]:
        raise Invalid("option A drops no channels")
    return like


def shapes_of(network: Network) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {IMAGE: network.shape}
    for node in network.nodes:
        shapes[node.name] = shape_of(node, [shapes[operand] for operand in node.operands])
    return shapes


def multiply_adds(node: Node, operands: list[Shape], result: Shape) -> int:
    channels = operands[0][0]
    if node.op == "conv":
        kernel = pair(node.settings["kernel"])
        return channels // node.settings.get("groups", 1) * kernel[0] * kernel[1] * result[0] * result[1] * result[2]
    if node.op == "linear":
        return channels * result[0]
    if node.op == "shortcut":
        return channels * result[0] * result[1] * result[2]
    return 0
