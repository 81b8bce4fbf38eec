#!/usr/bin/env python3
"""What torch.save writes, read by skipc: a library built from it is, bit for bit, that of the same tensors in safetensors."""
import argparse
import collections
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import warnings

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


def unreadable(torch):
    """Tensors whose elements are not read, by what `skipc weights` says that they are."""
    numbers = torch.rand(4, 6)
    return {
        "quantized qint8": torch.quantize_per_tensor(numbers, 0.1, 3, torch.qint8),
        "quantized quint8": torch.quantize_per_channel(numbers, torch.ones(4), torch.zeros(4, dtype=torch.long), 0, torch.quint8),
        "quantized qint32": torch.quantize_per_tensor(numbers, 0.1, 3, torch.qint32),
        "sparse float32": numbers.to_sparse(),
        "sparse float64": numbers.double().to_sparse_csr(),
        "complex128": numbers.to(torch.complex128),
        "complex32": numbers.to(torch.complex32),
        "without values (meta) float32": numbers.to("meta"),
        "a negated or conjugated view": torch.complex(numbers, numbers).conj(),
    }


class PyTorchFiles(unittest.TestCase):
    skipc = real_data.PROJECT / "build" / "release" / "bin" / "skipc"

    def built(self, folder, name, weights, *flags):
        done = subprocess.run([self.skipc, "build", folder / "tiny.skip", "--weights", weights, "--emit=shared",
                               "--target-cpu=x86-64-v3", "-o", folder / name, *flags], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return (folder / name / "libtiny.so").read_bytes(), done.stderr

    def refused(self, *arguments):
        done = subprocess.run([self.skipc, *arguments], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_what_is_not_read_matters_only_where_the_model_reads_it(self):
        import torch
        warnings.simplefilter("ignore")  # PyTorch's own, of quantized and sparse tensors
        with tempfile.TemporaryDirectory() as holder:
            folder = pathlib.Path(holder)
            (folder / "tiny.skip").write_text(SPEC)
            file, build = folder / "net.pth", ("build", folder / "tiny.skip", "--weights", folder / "net.pth", "-o", folder / "none")
            torch.save(state(torch), file)
            right = self.built(folder, "right", file)[0]
            for form in (True, False):
                beside = {f"observer{i}": tensor for i, tensor in enumerate(unreadable(torch).values())}
                torch.save({**state(torch), **beside}, file, _use_new_zipfile_serialization=form)
                library, said = self.built(folder, "out", file, "--allow-extra")
                self.assertTrue(library == right, "another library")
                self.assertIn("passed over 9 tensors that the model does not read: `observer0`, `observer1`", said)
                said = self.refused(*build)
                listed = subprocess.run([self.skipc, "weights", file, "--json"], capture_output=True, text=True, check=True).stdout
                tensors = {tensor["name"]: tensor for tensor in json.loads(listed)["tensors"]}
                for name, kind in zip(beside, unreadable(torch)):
                    self.assertIn(f"extra: `{name}` [4, 6], {kind}", said)
                    self.assertEqual(tensors[name], {"name": name, "type": kind, "shape": [4, 6]})
                for kind, tensor in unreadable(torch).items():
                    with self.subTest(kind=kind, zip=form):
                        torch.save({**state(torch), "fc.weight": tensor}, file,
                                   _use_new_zipfile_serialization=form)
                        self.assertIn("`fc.weight` is [4, 6], the model needs [5, 4]", self.refused(*build, "--allow-extra"))
                weight = state(torch)["fc.weight"]
                torch.save({**state(torch), "fc.weight": torch.quantize_per_tensor(weight, 0.1, 3, torch.qint8)}, file,
                           _use_new_zipfile_serialization=form)
                self.assertIn("type: `fc.weight` is quantized qint8, and models read F32, F16, BF16 and F64",
                              self.refused(*build, "--allow-extra"))

    def test_types_of_safetensors(self):
        import safetensors.torch
        import torch
        with tempfile.TemporaryDirectory() as holder:
            folder = pathlib.Path(holder)
            (folder / "tiny.skip").write_text(SPEC)
            file, build = folder / "net.safetensors", ("build", folder / "tiny.skip", "--weights", folder / "net.safetensors")
            torch.save(state(torch, torch.double), folder / "net.pth")
            right = self.built(folder, "right", folder / "net.pth")[0]
            safetensors.torch.save_file(state(torch, torch.double), file)
            library, said = self.built(folder, "out", file)
            self.assertTrue(library == right, "F64 gives another library than that of a PyTorch file")
            self.assertIn("narrowed 9 tensors from F64 to F32", said)
            for dtype in (torch.int64, torch.uint64, torch.int32, torch.int16, torch.uint16, torch.int8, torch.uint8, torch.bool,
                          torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2, torch.float64):
                with self.subTest(dtype=dtype):
                    safetensors.torch.save_file({**state(torch), "observer": torch.ones(3).to(dtype)}, file)
                    self.assertIn("extra: `observer` [3]", self.refused(*build, "-o", folder / "none"))
                    self.assertTrue(self.built(folder, "out", file, "--allow-extra")[0] == right, "another library")
                    if dtype == torch.float64:
                        continue
                    safetensors.torch.save_file({**state(torch), "fc.bias": torch.ones(5).to(dtype)}, file)
                    self.assertIn("1 of a type that models do not read\n  type: `fc.bias` is ",
                                  self.refused(*build, "-o", folder / "none", "--allow-extra"))

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
