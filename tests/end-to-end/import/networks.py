"""The networks that imports are tested on, as torchvision, timm and this file define them, and how they are exported."""

from __future__ import annotations

import io
import warnings

CLASSES, SIZE = 10, 64

# Name: (whose, options).
NETWORKS = {name: ("torchvision", {}) for name in
            ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "wide_resnet101_2", "resnext50_32x4d",
             "resnext101_32x8d")}
NETWORKS |= {name: ("timm", {}) for name in
             ("resnet50d", "resnet101d", "seresnet50", "seresnext50_32x4d", "resnetv2_18", "resnetv2_50", "resnet26t", "resnext50d_32x4d",
              "resnetv2_50d", "resnetv2_50x1_bit", "ecaresnet26t", "skresnet18", "res2net50_26w_4s", "resnest14d", "nf_resnet26", "nf_resnet50",
              "rexnet_100", "resnetblur18", "resnetblur50", "gcresnext26ts", "gcresnet50t", "resnet50_gn", "resnetv2_50d_evos")}
# Other activations, in the net that is the quickest to build.
NETWORKS |= {f"resnet18_{act}": ("timm", {"base": "resnet18", "act_layer": act}) for act in
             ("silu", "gelu", "hard_swish", "leaky_relu", "prelu", "hard_sigmoid", "mish", "relu6")}
NETWORKS |= {f"resnet18_{pool}": ("timm", {"base": "resnet18", "global_pool": pool}) for pool in ("avgmax", "catavgmax")}
NETWORKS["resnetv2_18_std"] = ("timm", {"base": "resnetv2_18", "conv_layer": "StdConv2d"})
# Norms and zeros as they are before training, of which an exporter keeps one for many layers.
NETWORKS["gcresnext26ts_untouched"] = ("timm", {"base": "gcresnext26ts"})
NETWORKS["resnet18_features"] = ("timm", {"base": "resnet18", "features_only": True})
NETWORKS |= {name: ("here", {}) for name in ("tiny", "standardized", "iresnet", "windows", "excite", "pyramid")}
# What Skip's language has no word for, with words of the error.
REFUSED = {
    "resnetv2_50d_evos": "(ReduceMean): input 0 is [",  # norms by root mean squares of groups
}
# Whose own state dict fits what is imported, where norms are not folded.
FITTING = {"resnet50", "seresnet50", "seresnext50_32x4d"}
# Lines that a spec has at most: blocks that are all alike are one repeat, those whose widths follow no rule stand for themselves.
MOST_LINES = {"resnetblur50": 50, "skresnet18": 60, "res2net50_26w_4s": 50, "resnest14d": 50, "nf_resnet50": 80, "rexnet_100": 80}
# Of networks with more than one input or output: their names, and the inputs' sizes.
INPUTS = {"pyramid": {"image": (3, SIZE, SIZE), "depth": (1, SIZE, SIZE)}}
OUTPUTS = {"pyramid": ["fine", "coarse", "logits"], "resnet18_features": ["stem", "c2", "c3", "c4", "c5"]}


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


def iresnet(torch, width=16, size=SIZE, features=64):
    """The face networks of insightface, of 18 layers; of a quarter of their width, where nothing else is said."""
    class Block(torch.nn.Module):
        def __init__(self, inputs, width, stride):
            super().__init__()
            self.bn1 = torch.nn.BatchNorm2d(inputs, eps=1e-5)
            self.conv1 = torch.nn.Conv2d(inputs, width, 3, 1, 1, bias=False)
            self.bn2 = torch.nn.BatchNorm2d(width, eps=1e-5)
            self.prelu = torch.nn.PReLU(width)
            self.conv2 = torch.nn.Conv2d(width, width, 3, stride, 1, bias=False)
            self.bn3 = torch.nn.BatchNorm2d(width, eps=1e-5)
            self.downsample = None
            if stride != 1 or inputs != width:
                self.downsample = torch.nn.Sequential(torch.nn.Conv2d(inputs, width, 1, stride, bias=False), torch.nn.BatchNorm2d(width))

        def forward(self, x):
            y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
            return y + (self.downsample(x) if self.downsample else x)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1, self.prelu = torch.nn.Conv2d(3, width, 3, 1, 1, bias=False), torch.nn.BatchNorm2d(width), torch.nn.PReLU(width)
            for i, inputs in enumerate((width, width, 2 * width, 4 * width)):
                outputs = width << i
                setattr(self, f"layer{i + 1}", torch.nn.Sequential(Block(inputs, outputs, 2), Block(outputs, outputs, 1)))
            self.bn2, self.dropout = torch.nn.BatchNorm2d(8 * width), torch.nn.Dropout(0.4)
            self.fc, self.features = torch.nn.Linear(8 * width * (size // 16) ** 2, features), torch.nn.BatchNorm1d(features)

        def forward(self, x):
            x = self.prelu(self.bn1(self.conv1(x)))
            x = self.bn2(self.layer4(self.layer3(self.layer2(self.layer1(x)))))
            return self.features(self.fc(torch.flatten(self.dropout(x), 1)))
    network = Net()
    for module in network.modules():
        if isinstance(module, torch.nn.PReLU):
            torch.nn.init.uniform_(module.weight, 0.1, 0.4)
    return network


def standardized(torch):
    """Convolutions whose filters are computed of their parameters."""
    nn = torch.nn

    class Conv(nn.Conv2d):
        def forward(self, x):
            deviation, mean = torch.std_mean(self.weight, dim=(1, 2, 3), keepdim=True, unbiased=False)
            return nn.functional.conv2d(x, (self.weight - mean) / (deviation + 1e-5), None, self.stride, self.padding)
    return nn.Sequential(Conv(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), Conv(16, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32),
                         nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, CLASSES))


def windows(torch):
    """Convolutions and pools of every form."""
    nn = torch.nn
    return nn.Sequential(
        nn.ZeroPad2d((0, 1, 1, 2)), nn.Conv2d(3, 16, (3, 5), (1, 2)), nn.LeakyReLU(0.1),
        nn.Conv2d(16, 16, 3, padding=2, dilation=2, groups=4), nn.SiLU(), nn.MaxPool2d(3, 2, ceil_mode=True), nn.Mish(),
        nn.MaxPool2d((1, 3), (1, 2), padding=(0, 1)),
        nn.Conv2d(16, 24, (1, 7), padding=(0, 3)), nn.Hardswish(), nn.Conv2d(24, 24, (7, 1), padding=(3, 0), groups=24), nn.GELU(),
        nn.AvgPool2d(3, 2, padding=1, ceil_mode=True, count_include_pad=False), nn.Conv2d(24, 16, 1), nn.PReLU(),
        nn.AvgPool2d((3, 2), (2, 1), padding=(1, 0)), nn.Hardsigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, CLASSES))


def excite(torch):
    """Squeeze and excitation as other hands write it: by linear layers, and a factor that is expanded first; arithmetic for activations."""
    class Block(torch.nn.Module):
        def __init__(self, width, expands):
            super().__init__()
            self.conv = torch.nn.Conv2d(width, width, 3, 1, 1, groups=8, bias=False)
            self.bn = torch.nn.BatchNorm2d(width)
            self.fc = torch.nn.Sequential(torch.nn.Linear(width, width // 4, bias=False), torch.nn.ReLU(), torch.nn.Linear(width // 4, width))
            self.expands = expands

        def forward(self, x):
            y = self.bn(self.conv(x))
            y = y * torch.nn.functional.relu6(y + 3) / 6
            factor = self.fc(y.mean((2, 3)))
            factor = torch.nn.functional.relu6(factor + 3) / 6 if self.expands else torch.sigmoid(factor)
            factor = factor.view(factor.size(0), -1, 1, 1)
            return x + y * (factor.expand_as(y) if self.expands else factor)

    nn = torch.nn
    return nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.Sequential(Block(32, False), Block(32, False)), nn.Sequential(Block(32, True), Block(32, True)),
                         nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, CLASSES))


def pyramid(torch):
    """Two inputs and three outputs: images of two sizes, and what the smaller one says of its classes."""
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(4, 16, 3, 2, 1)
            self.down = nn.Sequential(nn.Conv2d(16, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU())
            self.further = nn.Sequential(nn.Conv2d(32, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU())
            self.lateral, self.fc = nn.Conv2d(16 + 32 + 32, 24, 1), nn.Linear(32, CLASSES)

        def forward(self, image, depth):
            resize = nn.functional.interpolate
            first = torch.relu(self.stem(torch.cat([image, depth], 1)))
            second = self.down(first)
            third = self.further(second)
            joined = torch.cat([first, resize(second, scale_factor=2, mode="nearest"),
                                resize(third, size=first.shape[2:], mode="bilinear", align_corners=False)], 1)
            return self.lateral(joined), third, self.fc(third.mean((2, 3)))
    return Net()


def make(torch, name):
    """The network with random weights and running statistics, for inference."""
    whose, options = NETWORKS[name]
    torch.manual_seed(len(name))
    if whose == "torchvision":
        import torchvision
        network = getattr(torchvision.models, name)(num_classes=CLASSES)
    elif whose == "timm":
        import timm
        options = dict(options)
        base = options.pop("base", name)
        if "conv_layer" in options:
            options["conv_layer"] = getattr(timm.layers, options["conv_layer"])
        network = timm.create_model(base, num_classes=CLASSES, **options)
    else:
        network = {"tiny": tiny, "standardized": standardized, "iresnet": iresnet, "windows": windows, "excite": excite, "pyramid": pyramid}[name](torch)
    for module in [] if name.endswith("_untouched") else network.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            with torch.no_grad():
                module.weight.uniform_(0.5, 1)
                module.bias.uniform_(-0.2, 0.2)
                module.running_mean.uniform_(-0.2, 0.2)
                module.running_var.uniform_(0.5, 1.5)
        elif isinstance(module, torch.nn.Conv2d) and not module.weight.any():
            torch.nn.init.kaiming_uniform_(module.weight)  # zeros would hide what is before them
        elif isinstance(module, (torch.nn.GroupNorm, torch.nn.LayerNorm)):
            with torch.no_grad():  # larger ones make a network of many norms blow roundings up, PyTorch's own in float32 too
                module.weight.uniform_(0.1, 0.3)
                module.bias.uniform_(-0.2, 0.2)
    return network.eval()


def inputs(torch, name, batch):
    """Random images, one tensor for each input."""
    return tuple(torch.randn(batch, *sizes) for sizes in INPUTS.get(name, {"image": (3, SIZE, SIZE)}).values())


def export(torch, name, network, path, dynamo, opset=None, folded=True, symbolic=False, batch=1):
    """With PyTorch's new exporter (`dynamo`) or its old one; norms folded into convolutions or not; the batch open or not."""
    options = {"opset_version": opset} if opset else {}
    input_names, output_names = list(INPUTS.get(name, {"image": ()})), OUTPUTS.get(name, ["logits"])
    if dynamo:
        options |= {"external_data": False, "optimize": folded}
        options |= {"input_names": input_names, "output_names": output_names} if name in OUTPUTS else {}
        if symbolic:
            images = torch.export.Dim("batch", min=1, max=64)
            options["dynamic_shapes"] = tuple({0: images} for _ in input_names)
            batch = 2
    else:
        options |= {"input_names": input_names, "output_names": output_names}
        options |= {} if folded else {"do_constant_folding": False, "training": torch.onnx.TrainingMode.PRESERVE}
        options |= {"dynamic_axes": {name: {0: "N"} for name in input_names}} if symbolic else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        buffer = io.BytesIO()
        program = torch.onnx.export(network, inputs(torch, name, batch), None if dynamo else buffer, dynamo=dynamo, verbose=False,
                                    **{key: value for key, value in options.items() if key != "external_data"})
    if dynamo:
        program.save(str(path))
    else:
        path.write_bytes(buffer.getvalue())
