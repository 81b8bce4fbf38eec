"""The networks that imports are tested on, as torchvision, timm and this file define them, and how they are exported."""

from __future__ import annotations

import io
import warnings

CLASSES, SIZE = 10, 64

# Name: (whose, options). What Skip's language has no word for yet stands in REFUSED, with the words of the error.
NETWORKS = {name: ("torchvision", {}) for name in
            ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "resnext50_32x4d", "resnext101_32x8d")}
NETWORKS |= {name: ("timm", {}) for name in
             ("resnet50d", "seresnet50", "resnetv2_18", "resnetv2_50", "resnet26t", "resnext50d_32x4d", "resnetv2_50d")}
NETWORKS["tiny"] = ("here", {})
REFUSED = {
    "resnext50_32x4d": "(Conv): `group` = 32: Skip has no grouped convolutions",
    "resnext101_32x8d": "(Conv): `group` = 32: Skip has no grouped convolutions",
    "resnext50d_32x4d": "(Conv): `group` = 32: Skip has no grouped convolutions",
    "resnet50d": "(AveragePool): windows of [2, 2]",
    "resnetv2_50d": "(AveragePool): windows of [2, 2]",
    "resnet26t": "(AveragePool): windows of [2, 2]",
    "seresnet50": "(Sigmoid): Skip has no such operation",
}


def tiny(torch):
    """As CIFAR's networks shorten their shortcuts: steps, and channels of zeros."""
    class Block(torch.nn.Module):
        def __init__(self, inputs, width, stride):
            super().__init__()
            self.conv1 = torch.nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
            self.bn1 = torch.nn.BatchNorm2d(width, eps=1e-3)
            self.conv2 = torch.nn.Conv2d(width, width, 3, 1, 1, bias=False)
            self.bn2 = torch.nn.BatchNorm2d(width, eps=1e-3)
            self.missing = (width - inputs) // 2

        def forward(self, x):
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            if self.missing:
                x = torch.nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.missing, self.missing))
            return torch.relu(y + x)

    def stage(inputs, width, stride):
        return torch.nn.Sequential(Block(inputs, width, stride), Block(width, width, 1), Block(width, width, 1))
    return torch.nn.Sequential(torch.nn.Sequential(torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False), torch.nn.BatchNorm2d(16), torch.nn.ReLU()),
                               stage(16, 16, 1), stage(16, 32, 2), stage(32, 64, 2),
                               torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Dropout(), torch.nn.Linear(64, CLASSES))


def make(torch, name):
    """The network with random weights and running statistics, for inference."""
    whose = NETWORKS[name][0]
    torch.manual_seed(len(name))
    if whose == "torchvision":
        import torchvision
        network = getattr(torchvision.models, name)(num_classes=CLASSES)
    elif whose == "timm":
        import timm
        network = timm.create_model(name, num_classes=CLASSES)
    else:
        network = tiny(torch)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            with torch.no_grad():
                module.weight.uniform_(0.5, 1)
                module.bias.uniform_(-0.2, 0.2)
                module.running_mean.uniform_(-0.2, 0.2)
                module.running_var.uniform_(0.5, 1.5)
    return network.eval()


def export(torch, network, path, dynamo, opset=None, folded=True, symbolic=False, batch=1):
    """With PyTorch's new exporter (`dynamo`) or its old one; norms folded into convolutions or not; the batch open or not."""
    options = {"opset_version": opset} if opset else {}
    if dynamo:
        options |= {"external_data": False, "optimize": folded}
        if symbolic:
            options["dynamic_shapes"] = ({0: torch.export.Dim("batch", min=1, max=64)},)
            batch = 2
    else:
        options |= {"input_names": ["image"], "output_names": ["logits"]}
        options |= {} if folded else {"do_constant_folding": False, "training": torch.onnx.TrainingMode.PRESERVE}
        options |= {"dynamic_axes": {"image": {0: "N"}}} if symbolic else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        buffer = io.BytesIO()
        program = torch.onnx.export(network, (torch.randn(batch, 3, SIZE, SIZE),), None if dynamo else buffer, dynamo=dynamo, verbose=False,
                                    **{key: value for key, value in options.items() if key != "external_data"})
    if dynamo:
        program.save(str(path))
    else:
        path.write_bytes(buffer.getvalue())
