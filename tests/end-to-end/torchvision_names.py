#!/usr/bin/env python3
"""Checkpoints with torchvision's or timm's names load as they are, and give their probabilities: networks of random weights, saved by
PyTorch, on a random picture.

    torchvision_names.py --build BUILD_FOLDER                     the quick ones
    torchvision_names.py --build BUILD_FOLDER resnext101_32x8d    these

Without torchvision, or timm for its networks, it is skipped (exit code 77).
"""
from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

QUICK = ["resnext50_32x4d", "wide_resnet50_2", "seresnet50"]
OF_TIMM = {"seresnet50", "resnet50d", "resnet101d"}
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
ALLOWED = 1e-5  # of a probability


def probabilities(skipc: pathlib.Path, spec: str, weights: pathlib.Path, picture: pathlib.Path) -> list[float]:
    """By class."""
    command = [str(skipc), "run", spec, "--weights", str(weights), "--as-is", "--top", "1000", "--json", str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{spec}: {done.stderr}")
    top = json.loads(done.stdout)["results"][0]["top"]
    return [row["probability"] for row in sorted(top, key=lambda row: row["class"])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=QUICK)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    arguments = parser.parse_args()
    try:
        import torch
        import torchvision
    except ImportError:
        print("torchvision is not there")
        return 77
    if OF_TIMM & set(arguments.models):
        try:
            import timm
        except ImportError:
            print("timm is not there")
            return 77
    torch.manual_seed(1)
    pixels = torch.randint(0, 256, (3, 224, 224), dtype=torch.uint8)
    column = lambda values: torch.tensor(values)[None, :, None, None]  # noqa: E731
    normalized = (pixels[None].float() / 255 - column(MEAN)) / column(STD)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        picture, weights = pathlib.Path(folder) / "picture.png", pathlib.Path(folder) / "weights.pth"
        torchvision.io.write_png(pixels, str(picture))
        for name in arguments.models:
            network = (timm.create_model(name) if name in OF_TIMM else getattr(torchvision.models, name)(weights=None)).eval()
            for key, tensor in network.state_dict().items():
                if key.endswith("running_mean"):
                    tensor.normal_(0, 0.1)
                elif key.endswith("running_var"):
                    tensor.uniform_(0.8, 1.2)
            with torch.no_grad():
                scale = 2 / network(normalized).std()  # so that neither one class has it all nor all have alike
                network.fc.weight *= scale
                network.fc.bias *= scale
                torch.save(network.state_dict(), weights)
                wanted = torch.softmax(network(normalized)[0].double(), 0).tolist()
            got = probabilities(arguments.build / "bin" / "skipc", name, weights, picture)
            worst = max(abs(a - b) for a, b in zip(wanted, got, strict=True))
            failed |= worst > ALLOWED
            print(f"{name}: probabilities are off by at most {worst:.1e}, the largest is {max(wanted):.3f}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
