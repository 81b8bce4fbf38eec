#!/usr/bin/env python3
"""Networks that PyTorch exports are imported, built, and give PyTorch's output to 1e-4 of its largest value.

    import_pytorch.py --build build/release NAME...      networks of import/networks.py, by both exporters
    import_pytorch.py --build build/release exports      a small one by each exporter, for each opset, in each form
    import_pytorch.py --build build/release exports-pyramid   the same of another

Skipped (exit code 77) without torch, torchvision, timm, onnx and onnxscript.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

import real_data

sys.path.insert(0, str(pathlib.Path(__file__).parent / "import"))
import networks  # noqa: E402

BOUND = 1e-4
OPSETS = range(11, 21)


class Mismatch(Exception):
    pass


def run(*command, expect=0) -> subprocess.CompletedProcess:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != expect:
        raise Mismatch(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def error_of(skipc, name, network, model: pathlib.Path, batch: int, fits: bool) -> tuple[float, float]:
    """Of the compiled model, where it `fits` with PyTorch's own weights too, against PyTorch in double precision, and of the spec against the
    file (--check)."""
    import copy

    import numpy as np
    import torch
    folder = model.parent
    checked = json.loads(run(skipc, "import", model, "-o", folder, "--name", "imported", "--check", "--json").stdout)
    images = networks.inputs(torch, name, batch)
    with torch.no_grad():
        wanted = copy.deepcopy(network).double()(*(image.double() for image in images))
    wanted = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
    for i, image in enumerate(images):
        np.save(folder / f"x{i}.npy", image.numpy())
    files = [word for i in range(len(images)) for word in ("--input", folder / f"x{i}.npy")]
    files += [word for i in range(len(wanted)) for word in ("--output", folder / f"y{i}.npy")]
    weights, worst = [folder / "imported.safetensors"], 0.0
    if fits:
        torch.save(network.state_dict(), folder / "state.pth")
        weights.append(folder / "state.pth")
    for file in weights:
        run(skipc, "run", folder / "imported.skip", "--weights", file, *files, "--batch", batch)
        for i, values in enumerate(value.numpy() for value in wanted):
            found = np.load(folder / f"y{i}.npy")
            worst = max(worst, float(np.abs(found.reshape(values.shape) - values).max() / np.abs(values).max()))
    return worst, checked["spec_check"]["relative_error"]


def check(skipc, name, network, folder, **form) -> str:
    import torch
    model = folder / "model.onnx"
    networks.export(torch, name, network, model, **form)
    what = f"{name} {', '.join(f'{key}={value}' for key, value in form.items())}"
    if name in networks.REFUSED:
        said = run(skipc, "import", model, "-o", folder, expect=2).stderr
        if networks.REFUSED[name] not in said:
            raise Mismatch(f"{what}: refused in other words: {said}")
        return f"{what}: refused"
    fits = name in networks.FITTING and not form["dynamo"] and not form.get("folded", True)
    compiled, spec = error_of(skipc, name, network, model, 3 if form.get("symbolic") else form.get("batch", 1), fits)
    lines = len((folder / "imported.skip").read_text().splitlines())
    if not compiled <= BOUND:
        raise Mismatch(f"{what}: the outputs differ by {compiled:.2g}, at most {BOUND} is right")
    if lines > networks.MOST_LINES.get(name, 40):
        raise Mismatch(f"{what}: the spec has {lines} lines: repeats were not found")
    return f"{what}: {compiled:.1e} from PyTorch, spec {spec:.1e} from the file, {lines} lines" + (", its own weights fit" if fits else "")


def forms():
    for opset in OPSETS:
        yield {"dynamo": False, "opset": opset, "folded": opset % 2 == 0, "symbolic": opset % 3 == 0}
    for opset in (18, 19, 20):
        yield {"dynamo": True, "opset": opset, "folded": opset != 19, "symbolic": opset == 20}
    yield {"dynamo": False, "batch": 4}
    yield {"dynamo": True, "batch": 4}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    missing = [module for module in ("torch", "torchvision", "timm", "onnx", "onnxscript") if not importlib.util.find_spec(module)]
    if missing:
        print(f"skipped: this Python has no {' and no '.join(missing)}")
        return real_data.SKIPPED
    import torch
    skipc, wrong = arguments.build.resolve() / "bin" / "skipc", 0
    cases = []
    for name in arguments.names:
        is_every = name.startswith("exports")
        network = name.removeprefix("exports").removeprefix("-") or "tiny" if is_every else name
        cases += [(network, form) for form in (forms() if is_every else ({"dynamo": False, "folded": False}, {"dynamo": True}))]
    for name, form in cases:
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(check(skipc, name, networks.make(torch, name), pathlib.Path(folder), **form), flush=True)
            except Mismatch as mismatch:
                wrong += 1
                print(f"WRONG: {mismatch}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
