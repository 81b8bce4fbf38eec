#!/usr/bin/env python3
"""Turn a PyTorch checkpoint (.pth, .pt, .th) into safetensors, which skipc reads.

The checkpoint is a state dict, or a dict that holds one under `state_dict` or `model`. Tensor names and element types
stay as they are; float64 becomes float32, and entries that are not tensors are left out and named. Only tensors and plain
containers are unpickled (`weights_only=True`): a checkpoint that needs more is refused, since unpickling could run code.

example:
    scripts/pth_to_safetensors.py resnet18.pth resnet18.safetensors
    skipc build resnet18 --weights resnet18.safetensors -o out/

Needs PyTorch and safetensors (pip install torch safetensors).
"""
import argparse
import os
import pathlib
import pickle
import re
import sys

HOLDERS = ("state_dict", "model")


def fail(message):
    sys.exit(f"error: {message}")


def import_needed():
    try:
        import safetensors.torch
        import torch
    except ImportError as error:
        fail(f"Python module `{error.name}` is missing; install it with: pip install torch safetensors")
    return torch, safetensors.torch.save_file


def load_checkpoint(torch, path):
    if not path.is_file():
        fail(f"{path}: no such file; expected a PyTorch checkpoint")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"Unsupported [^.\n]*(?:\.\w[^.\s]*)*", str(error))  # the rest is advice for PyTorch's own callers
        reason = found.group().strip() if found else "cannot be unpickled"
        fail(f"{path}: not a checkpoint of tensors only ({reason}); save `model.state_dict()` with torch.save and retry")
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}".strip(": ").splitlines()[0]
        fail(f"{path}: not a readable PyTorch checkpoint ({reason})")


def find_state_dict(torch, checkpoint, path):
    """The dict of tensors: the checkpoint itself or what it holds under one of HOLDERS."""
    found = checkpoint
    while isinstance(found, dict) and not any(isinstance(v, torch.Tensor) for v in found.values()):
        inner = next((found[key] for key in HOLDERS if isinstance(found.get(key), dict)), None)
        if inner is None:
            break
        found = inner
    if not isinstance(found, dict):
        fail(f"{path}: holds a {type(found).__name__}; expected a dict of tensors, or one under `state_dict` or `model`")
    tensors = {str(name): value for name, value in found.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        keys = ", ".join(f"`{key}`" for key in list(found)[:8]) or "none"
        fail(f"{path}: no tensors found; expected a dict of tensors, or one under `state_dict` or `model` (keys: {keys})")
    for name in found:
        if str(name) not in tensors:
            print(f"note: left out `{name}`: not a tensor", file=sys.stderr)
    return tensors


def plain(torch, name, tensor, path):
    """A contiguous dense copy that shares no storage with other entries (tied weights would be refused otherwise)."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex():
        fail(f"{path}: tensor `{name}` is sparse, quantized or complex; only dense real tensors can be converted")
    if tensor.dtype == torch.float64:
        tensor = tensor.float()
    return tensor.detach().contiguous().clone()


def write_safetensors(save_file, tensors, path):
    temporary = path.with_name(f"{path.name}.tmp{os.getpid()}")
    try:
        save_file(tensors, temporary)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # save_file leaves 0600
        os.replace(temporary, path)
    except Exception as error:  # the library reports I/O errors under a type of its own
        fail(f"{path}: cannot write ({error})")
    finally:
        temporary.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=pathlib.Path, help="PyTorch checkpoint to read")
    parser.add_argument("output", type=pathlib.Path, help="safetensors file to write (replaced if it exists)")
    args = parser.parse_args()
    if args.output.suffix != ".safetensors":
        parser.error(f"output `{args.output}` must end in .safetensors")
    torch, save_file = import_needed()
    state = find_state_dict(torch, load_checkpoint(torch, args.input), args.input)
    tensors = {name: plain(torch, name, tensor, args.input) for name, tensor in state.items()}
    write_safetensors(save_file, tensors, args.output)
    print(f"{args.output}: {len(tensors)} tensors, {args.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
