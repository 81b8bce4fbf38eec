#!/usr/bin/env python3
"""Checkpoints with the names that torchvision, timm and insightface give load as they are, and give their outputs: networks of random
weights, saved by PyTorch, on a random picture.

    torchvision_names.py --build BUILD_FOLDER                     the quick ones
    torchvision_names.py --build BUILD_FOLDER resnext101_32x8d    these

Without torchvision, or timm for its networks, it is skipped (exit code 77).
"""
from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "import"))

QUICK = ["resnext50_32x4d", "wide_resnet50_2", "seresnet50", "resnet50d", "resnet_v2", "iresnet"]
# Those that are not torchvision's of the same name: by whom, under which name, and what is defined of the spec.
OTHERS = {
    "seresnet50": ("timm", "seresnet50", []),
    "resnet50d": ("timm", "resnet50d", []),
    "resnet101d": ("timm", "resnet101d", []),
    "resnet_v2": ("timm", "resnetv2_50", ["depth=50"]),
    "iresnet": ("here", "iresnet", ["depth=18"]),
}
SIZES = {"iresnet": 112}
ALLOWED = 1e-4  # of the largest output


def made(torch, name: str, library: str):
    if library == "here":
        from networks import iresnet
        network = iresnet(torch, width=64, size=SIZES[name], features=512)
    elif library == "timm":
        import timm
        network = timm.create_model(name)
    else:
        import torchvision
        network = getattr(torchvision.models, name)(weights=None)
    for key, tensor in network.state_dict().items():
        if key.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        elif key.endswith("running_var"):
            tensor.uniform_(0.8, 1.2)
    return network.eval()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=QUICK)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    arguments = parser.parse_args()
    try:
        import numpy
        import torch
        import torchvision
        if any(OTHERS.get(name, [""])[0] == "timm" for name in arguments.models):
            import timm  # noqa: F401
    except ImportError as missing:
        print(missing)
        return 77
    torch.manual_seed(1)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        weights, given, got = (pathlib.Path(folder) / name for name in ("weights.pth", "input.npy", "output.npy"))
        for name in arguments.models:
            library, public, defines = OTHERS.get(name, ("torchvision", name, []))
            network, size = made(torch, public, library), SIZES.get(name, 224)
            picture = torch.randn(1, 3, size, size)
            torch.save(network.state_dict(), weights)
            numpy.save(given, picture.numpy())
            with torch.no_grad():
                wanted = network(picture).double().numpy()
            command = [str(arguments.build / "bin" / "skipc"), "run", name, *(f"-D{each}" for each in defines), "--weights", str(weights),
                       "--input", str(given), "--output", str(got)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SystemExit(f"{name}: {done.stderr}")
            worst = abs(numpy.load(got) - wanted).max() / abs(wanted).max()
            failed |= not worst <= ALLOWED
            print(f"{name}: off by {worst:.1e} of the largest output, {abs(wanted).max():.3g}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
