#!/usr/bin/env python3
"""Checkpoints as people have them from PyTorch: converted, they give the right values, or the refusal says what is wrong."""
import importlib.util
import subprocess
import sys

import real_data
import trouble

CHECKPOINTS = trouble.folder() / "checkpoints"

# checkpoint of PyTorch: the network's spec, or what is said where it is refused
PTH = {
    **dict.fromkeys(("channels_last", "ema_model", "examples_imagenet", "half", "kuangliu", "legacy", "parameters", "tutorial"),
                    "tiny"),
    "lightning.ckpt": "tiny_prefixed",
    **dict.fromkeys(("timm", "torchvision_reference", "whole_module"), "not a checkpoint of tensors only"),
}


class PyTorchFiles(trouble.Case):
    def test_pytorch_files(self):
        for name, expected in PTH.items():
            with self.subTest(checkpoint=name):
                converted = self.folder / f"{name}.safetensors"
                done = subprocess.run([sys.executable, real_data.PROJECT / "scripts" / "pth_to_safetensors.py",
                                       CHECKPOINTS / f"{name}.pth", converted], capture_output=True, text=True, check=False)
                if expected.startswith("tiny"):
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.hold_to_right_values(expected, converted, 2e-4 if name == "half" else 1e-5)
                else:
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(expected, done.stderr)
                    self.assertFalse(converted.exists())


def main() -> None:
    missing = [module for module in ("torch", "safetensors") if not importlib.util.find_spec(module)]
    if missing:
        print(f"skipped: this Python has no {' and no '.join(missing)}")
        sys.exit(real_data.SKIPPED)
    trouble.main(PyTorchFiles)


if __name__ == "__main__":
    main()
