"""onnx_file.py NAME FILE [KEY=VALUE...]: writes a small ONNX model, byte by byte, so that the tests need no package for it.

Weights are random, of a fixed seed. Keys change the model; see MODELS at the end.
"""
import random
import struct
import sys


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number: int, value) -> bytes:
    """A field of the wire format: whole numbers as varints, floats as 4 bytes, all else by length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def attribute(name: str, value) -> bytes:
    out = field(1, name)
    if isinstance(value, bool) or isinstance(value, int):
        return out + field(3, int(value)) + field(20, 2)
    if isinstance(value, float):
        return out + field(2, value) + field(20, 1)
    if isinstance(value, str):
        return out + field(4, value) + field(20, 3)
    if isinstance(value, bytes):
        return out + field(5, value) + field(20, 4)
    return out + b"".join(field(8, item) for item in value) + field(20, 7)


def dims_of(dims, batch="N") -> bytes:
    return b"".join(field(1, field(2, dim) if isinstance(dim, str) else field(1, dim)) for dim in dims)


class Model:
    """Nodes are added in order; each gives the name of its value."""

    def __init__(self, opset=17, seed=1, **ports):
        self.opset, self.random, self.nodes, self.initializers = opset, random.Random(seed), [], []
        self.ports = ports
        self.external, self.location = None, None  # bytes of a file beside the model, and its name
        self.ir, self.domain, self.count = 8, "", 0

    def node(self, operation, *inputs, name=None, output=None, domain="", **attributes):
        self.count += 1
        output = output or f"v{self.count}"
        body = b"".join(field(1, value) for value in inputs) + field(2, output)
        body += field(3, name if name is not None else f"node_{self.count}") + field(4, operation)
        body += b"".join(field(5, attribute(key, value)) for key, value in attributes.items())
        self.nodes.append(body + (field(7, domain) if domain else b""))
        return output

    def tensor(self, name, dims, values, kind=1):
        body = b"".join(field(1, dim) for dim in dims) + field(2, kind) + field(8, name)
        code = {1: "f", 7: "q", 11: "d"}[kind]
        raw = struct.pack(f"<{len(values)}{code}", *values)
        if self.external is None:
            return body + field(9, raw)
        pairs = {"location": self.location or "weights.data", "offset": str(len(self.external)), "length": str(len(raw))}
        self.external += raw
        return body + b"".join(field(13, field(1, key) + field(2, value)) for key, value in pairs.items()) + field(14, 1)

    def weight(self, name, *dims, least=-0.5, most=0.5, **options):
        count = 1
        for dim in dims:
            count *= dim
        values = [self.random.uniform(least, most) for _ in range(count)]
        self.initializers.append(self.tensor(name, dims, values, **options))
        return name

    def integers(self, name, *values):
        self.initializers.append(self.tensor(name, [len(values)], values, kind=7))
        return name

    def numbers(self, name, *values):
        self.initializers.append(self.tensor(name, [len(values)], values))
        return name

    def conv(self, x, path, outputs, inputs, kernel, stride=1, bias=False, **attributes):
        pad = attributes.pop("pad", (kernel - 1) // 2)
        weight = [self.weight(path + ".weight", outputs, inputs // attributes.get("group", 1), kernel, kernel)]
        weight += [self.weight(path + ".bias", outputs)] if bias else []
        options = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4} | attributes
        return self.node("Conv", x, *weight, **options)

    def bn(self, x, path, channels, epsilon=1e-5, **attributes):
        vectors = [self.weight(path + "." + part, channels, least=least, most=1.0)
                   for part, least in [("weight", 0.5), ("bias", -0.5), ("running_mean", -0.5), ("running_var", 0.5)]]
        return self.node("BatchNormalization", x, *vectors, epsilon=epsilon, **attributes)

    def finish(self, output, dims, inputs=(("image", ("N", 3, 16, 16)),)) -> bytes:
        def port(name, sizes):
            return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims_of(sizes))))
        graph = b"".join(field(1, node) for node in self.nodes) + field(2, "main")
        graph += b"".join(field(5, tensor) for tensor in self.initializers)
        graph += b"".join(field(11, port(*item)) for item in inputs) + field(12, port(output, dims))
        return field(1, self.ir) + field(2, "a test") + field(7, graph) + field(8, field(1, self.domain) + field(2, self.opset))


def basic(model, x, path, width, inputs, stride, folded=False, projection="downsample"):
    def layer(y, conv, norm, *sizes):
        y = model.conv(y, f"{path}.{conv}", *sizes, bias=folded)
        return y if folded else model.bn(y, f"{path}.{norm}", sizes[0])
    y = model.node("Relu", layer(x, "conv1", "bn1", width, inputs, 3, stride))
    y = layer(y, "conv2", "bn2", width, width, 3)
    if stride != 1 or width != inputs:
        x = layer(x, f"{projection}.0", f"{projection}.1", width, inputs, 1, stride)
    return model.node("Relu", model.node("Add", y, x))


def resnet(blocks="2", folded="", opset="17", head="mean", batch="N", external="", location=None, projection="downsample", size="16", unused=""):
    """A residual network of two stages: 4, then 8 channels."""
    model = Model(int(opset))
    model.external, model.location = b"" if external else None, location
    size = int(size) if size.isdigit() else size
    x = model.conv("image", "conv1", 4, 3, 3, bias=bool(folded))
    x = x if folded else model.bn(x, "bn1", 4)
    x = model.node("Relu", x)
    for stage, (width, inputs, stride) in enumerate([(4, 4, 1), (8, 4, 2)]):
        for i in range(int(blocks)):
            first = i == 0
            x = basic(model, x, f"layer{stage + 1}.{i}", width, inputs if first else width, stride if first else 1, bool(folded), projection)
    x = HEADS[head](model, x)
    x = model.node("Gemm", x, model.weight("fc.weight", 10, 8), model.weight("fc.bias", 10), transB=1, output="logits")
    if external:
        with open(external, "wb") as file:
            file.write(model.external)
    ports = [("image", (batch if batch == "N" else int(batch), 3, size, size))] + ([(unused, ("N", 7))] if unused else [])
    return model.finish(x, (batch if batch == "N" else int(batch), 10), ports)


def shape_chain(model, x):
    """What older exporters write for x.view(x.size(0), -1)."""
    x = model.node("GlobalAveragePool", x)
    batch = model.node("Gather", model.node("Shape", x), model.integers("zero", 0), axis=0)
    return model.node("Reshape", x, model.node("Concat", batch, model.integers("minus_one", -1), axis=0))


HEADS = {
    "mean": lambda model, x: model.node("Flatten", model.node("GlobalAveragePool", x)),
    "reduce": lambda model, x: model.node("ReduceMean", x, axes=[2, 3], keepdims=0),
    "pool": lambda model, x: model.node("Squeeze", model.node("AveragePool", x, kernel_shape=[8, 8]), model.integers("last", 2, 3)),
    "chain": shape_chain,
}


def one(operation="Relu", opset="17", **attributes):
    """One node behind a convolution; attributes as `pads=1,1,0,0` or `epsilon=0.5`."""
    model = Model(int(opset))
    x = model.conv("image", "conv1", 4, 3, 3)
    values = {}
    for key, text in attributes.items():
        items = text.split(",")
        values[key] = float(text) if "." in text else [int(item) for item in items] if len(items) > 1 else int(text) if text.lstrip("-").isdigit() else text
    factors, bounds = values.pop("factors", [1, 1, 2, 2]), values.pop("bounds", [0, 6])
    weights = {"Conv": lambda: [model.weight("conv2.weight", 4, 4 // values.get("group", 1), *values.get("kernel_shape", [3, 3]))],
               "Concat": lambda: [x], "Resize": lambda: ["", model.numbers("factors", *factors)],
               "Clip": lambda: [model.numbers("least", bounds[0]), model.numbers("most", bounds[1])],
               "Mul": lambda: [model.weight("gamma", 4, 1, 1)],
               "BatchNormalization": lambda: [model.weight(f"bn.{i}", 4, least=0.5) for i in range(4)]}
    x = model.node(operation, x, *weights.get(operation, list)(), name="/features/odd", **values)
    return model.finish(x, ("N", 4, 16, 16))


def far(shift="4096"):
    """Small differences of large numbers: a bias that is added, and behind a Relu taken away."""
    model = Model()
    bias = model.numbers("conv1.bias", *[float(shift)] * 4)
    x = model.node("Conv", "image", model.weight("conv1.weight", 4, 3, 3, 3), bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    x = model.node("Sub", model.node("Relu", x), model.numbers("shift", float(shift)))
    return model.finish(x, ("N", 4, 16, 16))


def parts():
    """Before opset 13: a softmax over several axes, a norm written out, differences, a bound that is both, and a vector as an image."""
    model = Model(11)
    x = model.conv("image", "conv1", 4, 3, 3)
    half = model.numbers("half", 0.5)
    x = model.node("Sub", x, model.node("Clip", x, half, half))
    y = model.node("Softmax", model.node("GlobalAveragePool", x))
    y = model.node("Flatten", model.node("Sub", x, y))
    y = model.node("Gemm", y, model.weight("fc.weight", 1024, 32, least=-0.1, most=0.1), half)
    centered = model.node("Sub", y, model.node("ReduceMean", y, axes=[-1]))
    variance = model.node("ReduceMean", model.node("Pow", centered, model.numbers("two", 2)), axes=[-1])
    y = model.node("Div", centered, model.node("Sqrt", model.node("Add", variance, model.numbers("epsilon", 1e-5))))
    y = model.node("Add", model.node("Mul", y, model.weight("norm.weight", 32)), model.weight("norm.bias", 32))
    return model.finish(model.conv(model.node("Reshape", y, model.integers("sizes", 0, 2, 4, 4)), "conv2", 4, 2, 3), ("N", 4, 4, 4))


MODELS = {"resnet": resnet, "one": one, "far": far, "parts": parts}

if __name__ == "__main__":
    name, target, *options = sys.argv[1:]
    with open(target, "wb") as out:
        out.write(MODELS[name](**dict(option.split("=", 1) for option in options)))
