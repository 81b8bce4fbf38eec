#!/usr/bin/env python3
"""What torch.save writes, read by skipc: a library built from it is, bit for bit, that of the same tensors in safetensors."""
import argparse
import collections
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

import real_data

SPEC = """
model tiny() {
  input image[3, 8, 8]
  output y = image |> conv1: conv(8, 3) |> bn1: bn |> relu |> conv2: conv(4, 3, bias = true) |> global_avg_pool |> fc: linear(5)
}
"""
SHAPES = {"conv1.weight": (8, 3, 3, 3), "bn1.weight": (8,), "bn1.bias": (8,), "bn1.running_mean": (8,), "bn1.running_var": (8,),
          "conv2.weight": (4, 8, 3, 3), "conv2.bias": (4,), "fc.weight": (5, 4), "fc.bias": (5,)}
ROUNDED = {"half", "bfloat16"}


def state(torch, dtype=None):
    torch.manual_seed(7)
    made = collections.OrderedDict((name, torch.rand(shape) + 0.5) for name, shape in SHAPES.items())
    made["bn1.num_batches_tracked"] = torch.tensor(9)
    return collections.OrderedDict((name, tensor.to(dtype) if dtype and tensor.is_floating_point() else tensor)
                                   for name, tensor in made.items())


def shared(torch):
    """All tensors are windows into one storage."""
    flat = torch.cat([tensor.float().flatten() for tensor in state(torch).values()])
    made, offset = {}, 3
    flat = torch.cat([torch.zeros(offset), flat])
    for name, tensor in state(torch).items():
        made[name] = flat[offset:offset + tensor.numel()].view(tensor.shape)
        offset += tensor.numel()
    return made


def strided(torch):
    made = state(torch)
    for name, tensor in made.items():
        if tensor.dim() == 4:
            made[name] = tensor.contiguous(memory_format=torch.channels_last)
        elif tensor.dim() == 2:
            made[name] = tensor.t().contiguous().t()
        elif tensor.dim() == 1:
            made[name] = tensor.repeat_interleave(3)[::3]
    return made


def prefixed(torch, prefix):
    return {prefix + name: tensor for name, tensor in state(torch).items()}


def checkpoints(torch):
    network = torch.nn.Conv2d(1, 1, 1)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.zeros(1, 1, 1, 1)).sum().backward()
    optimizer.step()
    yield "plain", state(torch), ""
    yield "parameters", {name: torch.nn.Parameter(t, requires_grad=t.is_floating_point()) for name, t in state(torch).items()}, ""
    yield "half", state(torch, torch.half), ""
    yield "bfloat16", state(torch, torch.bfloat16), ""
    yield "double", state(torch, torch.double), "narrowed 9 tensors from F64 to F32"
    yield "shared", shared(torch), ""
    yield "strided", strided(torch), "row-major"
    yield "data-parallel", prefixed(torch, "module."), "stripped the prefix `module.`"
    yield "compiled", {"model": prefixed(torch, "module._orig_mod.")}, "stripped the prefix `module._orig_mod.`"
    yield "training", {"state_dict": state(torch), "optimizer": optimizer.state_dict(), "epoch": 3, "best_acc1": torch.tensor(0.5),
                       "args": argparse.Namespace(lr=0.1, out=pathlib.Path("x"))}, "left out"


class PyTorchFiles(unittest.TestCase):
    skipc = real_data.PROJECT / "build" / "release" / "bin" / "skipc"

    def built(self, folder, name, weights):
        done = subprocess.run([self.skipc, "build", folder / "tiny.skip", "--weights", weights, "--emit=shared",
                               "--target-cpu=x86-64-v3", "-o", folder / name], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return (folder / name / "libtiny.so").read_bytes(), done.stderr

    def test_equal_to_safetensors(self):
        import safetensors.torch
        import torch
        with tempfile.TemporaryDirectory() as holder:
            folder = pathlib.Path(holder)
            (folder / "tiny.skip").write_text(SPEC)
            right = {}
            for kind, dtype in (("half", torch.half), ("bfloat16", torch.bfloat16), ("full", None)):
                safetensors.torch.save_file(state(torch, dtype), folder / f"{kind}.safetensors")
                right[kind] = self.built(folder, f"right-{kind}", folder / f"{kind}.safetensors")[0]
            self.assertEqual(len(set(right.values())), 3, "the weights are in the library")
            for name, checkpoint, note in checkpoints(torch):
                for form in (True, False):
                    with self.subTest(checkpoint=name, zip=form):
                        torch.save(checkpoint, folder / "net.pth", _use_new_zipfile_serialization=form)
                        library, said = self.built(folder, "out", folder / "net.pth")
                        self.assertTrue(library == right[name if name in ROUNDED else "full"], "another library")
                        self.assertIn("read as a PyTorch file", said)
                        self.assertIn(note, said)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path)
    arguments, rest = parser.parse_known_args()
    missing = [module for module in ("torch", "safetensors") if not importlib.util.find_spec(module)]
    if missing:
        print(f"skipped: this Python has no {' and no '.join(missing)}")
        sys.exit(real_data.SKIPPED)
    if arguments.build:
        PyTorchFiles.skipc = arguments.build / "bin" / "skipc"
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
