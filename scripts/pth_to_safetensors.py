#!/usr/bin/env python3
"""Turn a PyTorch checkpoint (.pth, .pt, .th) into safetensors, which skipc reads.

The checkpoint is a state dict, or holds one at any depth. Beside it may lie what training leaves: an optimizer's state, numbers
such as `best_acc1`, and, where the network is called as training scripts call it (`state_dict`, `model`, ...), a moving average of
its weights. That is left out and named. Tensors anywhere else might be the network's, so nothing is written then. Names and element
types stay as they are; float64 becomes float32, and entries that are not tensors are left out and named. Only tensors and plain
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
import typing

HOLDERS = ("state_dict", "model_state_dict", "model_state", "model", "net")
# Words of keys. Optimizers and twins hold tensors of any shape; what lies under a word of progress, numbers and vectors only.
OPTIMIZERS = {"optim", "optims", "optimizer", "optimizers", "optimiser", "optimisers"}
TWINS = {"ema", "teacher"}
PROGRESS = {"acc", "accuracy", "amp", "callback", "callbacks", "epoch", "history", "iter", "iteration", "loop", "loops", "loss", "losses",
            "lr", "metric", "metrics", "prec", "rng", "scaler", "scalers", "sched", "scheduler", "schedulers", "step"}
PARAMETER = re.compile(r"(^|[._])(weight|bias|running_mean|running_var|num_batches_tracked)$")  # a layer's, wherever it lies
SHOWN = 8  # entries that an error lists


class Place(typing.NamedTuple):
    """A dict, list, tuple or set that directly holds tensors."""
    keys: tuple  # that lead to it
    held: object
    tensors: dict  # its tensors by their keys


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


def entries(value):
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, (list, tuple, set, frozenset)) else []


def places(torch, value, keys=()):
    """Every place of tensors in `value`, itself included."""
    if isinstance(value, dict) and {"state", "param_groups"} <= value.keys():
        keys = (*keys, "optimizer")  # the state dict of any optimizer of PyTorch, whatever it is called
    tensors = {key: held for key, held in entries(value) if isinstance(held, torch.Tensor)}
    if tensors:
        yield Place(keys, value, tensors)
    for key, held in entries(value):
        yield from places(torch, held, (*keys, key))


def words(key):
    return re.findall("[a-z]+", str(key).lower())


def any_called(keys, names):
    return any(not names.isdisjoint(words(key)) for key in keys)


def is_twin_of(key, original):
    """Whether a key is called as another but for a word that says it is a moving average: `params_ema` beside `params`."""
    left = [word for word in words(key) if word not in TWINS]
    return any_called((key,), TWINS) and left != [] and left == words(original)


def is_optimizers(place):
    keys = [key for key in place.keys if words(key)[-1:] not in (["model"], ["net"], ["network"])]  # `optim_model` is a network
    return any_called(keys, OPTIMIZERS)


def may_be_network(place):
    return isinstance(place.held, dict) and any(tensor.dim() >= 2 for tensor in place.tensors.values()) and not is_optimizers(place)


def why_left_out(place, network):
    """Why the tensors of a place are none of the network's; None if they might be."""
    if is_optimizers(place):
        return "an optimizer's state"
    if place.keys[:len(network.keys)] == network.keys:
        return None  # it lies in the network
    usual = network.keys[-1:] and network.keys[-1] in HOLDERS
    *above, last = network.keys or ("",)
    is_twin = place.keys[:len(above)] == tuple(above) and any(is_twin_of(key, last) for key in place.keys[len(above):][:1])
    if is_twin or (usual and any_called(place.keys, TWINS) and not any_called(network.keys, TWINS)):
        return "a teacher, or a moving average, of the network"
    # A network's scale or bias is a number or vector too: only the names tell, its own or that of the network beside it.
    around = place.keys == network.keys[:len(place.keys)]
    progress = all(tensor.dim() < 2 and not PARAMETER.search(str(name)) and
                   (around and usual or any_called((*place.keys, name) if around else place.keys, PROGRESS))
                   for name, tensor in place.tensors.items())
    return "a number or vector of training's" if progress else None


def find_network(found):
    """The one dict beside which all that was found can be left out; None if there is none."""
    return next((network for network in found if may_be_network(network) and
                 all(place is network or why_left_out(place, network) for place in found)), None)


def dotted(keys):
    return ".".join(map(str, keys)) or "the file itself"


def refuse(checkpoint, found, path):
    several = any(map(may_be_network, found))
    if several:
        listed = [dotted(place.keys) + ("" if isinstance(place.held, dict) else ", which is no dict")
                  for place in found if not is_optimizers(place)]
    elif isinstance(checkpoint, dict):
        listed = [f"`{key}`" for key in checkpoint] or ["it is empty"]
    else:
        listed = [f"a {type(checkpoint).__name__}"]
    more = f", and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    fail(f"{path}: {'several' if several else 'no'} dicts of weights found ({', '.join(listed[:SHOWN])}{more}); expected one that "
         "holds the whole network: save `model.state_dict()`, or that one dict, with torch.save and retry")


def beside(path, keys):
    """The entry, beside what `keys` lead to or in it, that `path` leads through."""
    shared = 0
    while shared < min(len(path), len(keys)) and path[shared] == keys[shared]:
        shared += 1
    return path[:shared + 1]


def note_left_out(found, network):
    left = {}
    for place in found:
        if place is not network:
            for name in place.tensors:
                left.setdefault(beside((*place.keys, name), network.keys), why_left_out(place, network))
    for name in network.held:
        if name not in network.tensors:
            left.setdefault((*network.keys, name), "not a tensor")
    for keys, why in left.items():
        print(f"note: left out `{dotted(keys)}`: {why}", file=sys.stderr)


def find_state_dict(torch, checkpoint, path):
    """The network's tensors by their names."""
    try:
        found = list(places(torch, checkpoint))
    except RecursionError:
        fail(f"{path}: nested too deeply, or in itself; save `model.state_dict()` with torch.save and retry")
    network = find_network(found) or refuse(checkpoint, found, path)
    for name in network.tensors:
        if not isinstance(name, str):  # as text, 0 and "0" would be one name
            fail(f"{path}: a tensor is called {name!r}, which is no string; save `model.state_dict()` with torch.save and retry")
    if network.keys:
        print(f"note: took what is under `{dotted(network.keys)}`", file=sys.stderr)
    note_left_out(found, network)
    return network.tensors


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
