#!/usr/bin/env python3
"""Turn a PyTorch checkpoint (.pth, .pt, .th) into safetensors, which skipc reads.

The checkpoint is a state dict, or a dict that holds one, at any depth. Of several, one that is called as training scripts call
it (`state_dict`, `model`, ...) is taken, and said; where that cannot be told, nothing is written. Tensor names and element types
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

HOLDERS = ("state_dict", "model_state_dict", "model_state", "model", "net")
NO_NETWORK = ("optim", "sched", "scaler")


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


def state_dicts(torch, value, keys=()):
    """Every dict below `value`, itself included, that holds weights (a tensor of two dimensions or more), by its keys. What
    optimizers and schedulers keep is none."""
    if not isinstance(value, dict) or len(keys) > 4:
        return
    if any(isinstance(held, torch.Tensor) and held.dim() >= 2 for held in value.values()):
        yield keys, value
    for key, held in value.items():
        if not any(word in str(key).lower() for word in NO_NETWORK):
            yield from state_dicts(torch, held, (*keys, str(key)))


def find_state_dict(torch, checkpoint, path):
    """The network's tensors: those of the only dict of weights, or of the one that is called as in HOLDERS."""
    found = list(state_dicts(torch, checkpoint))
    if len(found) > 1:
        called = [[entry for entry in found if entry[0] and entry[0][-1] == name] for name in HOLDERS]
        found = next((entries for entries in called if entries), found)
    if len(found) != 1:
        held = [".".join(keys) or "the file itself" for keys, _ in found] or [f"`{key}`" for key in list(checkpoint)[:8]] \
            if isinstance(checkpoint, dict) else [f"a {type(checkpoint).__name__}"]
        fail(f"{path}: {'several' if found else 'no'} dicts of weights found ({', '.join(held) or 'it is empty'}); expected one, or one "
             f"that is called {', '.join(f'`{name}`' for name in HOLDERS)}")
    keys, state = found[0]
    if keys:
        print(f"note: took what is under `{'.'.join(keys)}`", file=sys.stderr)
    tensors = {str(name): value for name, value in state.items() if isinstance(value, torch.Tensor)}
    for name in state:
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
