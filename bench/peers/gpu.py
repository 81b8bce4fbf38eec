#!/usr/bin/env python3
"""Measures Skip's ResNet-50 on this machine's GPU beside PyTorch's, eager and compiled, and beside cuDNN's convolutions alone: one table, with
what share of the roofline each reaches. Needs PyTorch with CUDA, and what `scripts/gpu-check.sh --pack` packed; installs nothing.

    bench/peers/gpu.py                                        # bf16, f16, tf32 at 256, 1 and 32 images
    bench/peers/gpu.py --precision bf16 --batch 1 --rounds 9
    bench/peers/gpu.py --minutes 5                            # what is not begun by then is left out, and said

Everybody has the same weights and the same images on the device, and is held against PyTorch in f32 before its times count. Contenders
take turns in each round, on one stream, timed by its events. Where there is no GPU or no PyTorch it says so, and that is no failure.

Exit codes: 0 done or nothing to measure with, 1 Skip failed or was wrong, 2 usage.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACK = HERE.parent if (HERE.parent / "check.py").exists() else HERE.parents[1] / "build" / "gpu-check"
sys.path.insert(0, str(HERE))

import gpu_table
from gpu_table import SKIP, Case, Series

PRECISIONS, BATCHES = ("bf16", "f16", "tf32"), (256, 1, 32)
BOUNDS = {"bf16": 1e-1, "f16": 2e-2, "tf32": 2e-2}  # of the largest logit, after all roundings of 53 layers
SAMPLE_SECONDS = 0.2


def _listed(kind, choices):
    def parse(text: str):
        values = [kind(part) if kind is str or part.isdigit() else None for part in text.split(",")]
        if any(value not in choices for value in values):
            raise argparse.ArgumentTypeError(f"`{text}` is not of {', '.join(map(str, choices))}")
        return values
    return parse


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", type=_listed(str, PRECISIONS), default=list(PRECISIONS), metavar="A,B", help="of bf16, f16, tf32 (default: all)")
    parser.add_argument("--batch", type=_listed(int, BATCHES), default=list(BATCHES), metavar="N,M", help="of 256, 1, 32 (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="of each contender (default: 5)")
    parser.add_argument("--minutes", type=float, default=60, help="no case is begun later (default: 60)")
    parser.add_argument("--pack", type=Path, default=PACK, help="the folder that gpu-check.sh made (default: build/gpu-check, or that above)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: gpu-peers.json in that folder")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    return options


def reason_not_to() -> str | None:
    try:
        import torch
    except ImportError:
        return "PyTorch is not here"
    return None if torch.cuda.is_available() else f"PyTorch {torch.__version__} finds no GPU"


def seconds_a_run(run) -> float:
    """Mean of as many runs as fill SAMPLE_SECONDS, one after the other on the current stream."""
    import torch

    def timed(count: int) -> float:
        first, last = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        first.record()
        for _ in range(count):
            run()
        last.record()
        last.synchronize()
        return first.elapsed_time(last) / 1e3 / count

    return timed(max(3, int(SAMPLE_SECONDS / max(timed(3), 1e-6))))


def roofline(folder: Path, name: str, batch: int) -> float | None:
    known = json.loads((folder / "case.json").read_text(encoding="utf-8")).get("roofline_us", {})
    gpu = next((gpu for gpu in known if gpu in name.lower()), None)
    return known[gpu][str(batch)] / 1e6 if gpu else None


def compare(job, case: Case, rounds: int) -> None:
    from gpu_contenders import CONTENDERS

    ready = {}
    for name, make in CONTENDERS.items():
        series = Series(name, whole=name != "cuDNN's convolutions")
        try:
            ready[name] = make(job)
            series.settings, series.error = ready[name].settings, ready[name].error()
        except Exception as error:  # what a peer throws is its own affair: it becomes a row of the table
            text = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            series.failure = "".join(c if c.isprintable() else "?" for c in text)
        case.series.append(gpu_table.judged(series, BOUNDS[job.precision]))
    running = [series for series in case.series if not series.failure]
    for turn in range(rounds):
        for series in running[turn % len(running):] + running[:turn % len(running)] if running else []:
            series.seconds.append(seconds_a_run(ready[series.name].run))
    for one in ready.values():
        one.close()


def measure(options: argparse.Namespace) -> list[Case]:
    import torch
    import gpu_contenders as contenders
    import library

    torch.backends.cudnn.benchmark = True
    name, cases, end = torch.cuda.get_device_name(), [], time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
        weights = Path(temporary) / "weights.safetensors"
        tensors = json.loads((options.pack / "resnet50-bf16" / "net.json").read_text(encoding="utf-8"))["weights"]["tensors"]
        library.write_weights(weights, tensors)
        for precision, batch in [(precision, batch) for precision in options.precision for batch in options.batch]:
            if time.monotonic() > end:
                print(f"left out: {precision} at {batch}, the {options.minutes:g} minutes are over", flush=True)
                continue
            image = torch.randn(batch, 3, 224, 224, generator=torch.Generator().manual_seed(7)).cuda()
            contenders.allow_tf32(False)
            right = contenders.module(weights).cuda()(image)
            contenders.allow_tf32(True)
            folder = options.pack / f"resnet50-{precision}"
            case = Case(precision, batch, roofline(folder, name, batch))
            compare(contenders.Job(precision, image, right, folder, weights), case, options.rounds)
            cases.append(case)
            print(gpu_table.table([case]), flush=True)
            gpu_table.write_json(options.json or options.pack / "gpu-peers.json", name, cases)  # an interruption loses one case
            gc.collect()
            torch.cuda.empty_cache()
    print("\n".join(["", f"ResNet-50 on {name}", *gpu_table.settings(cases), "", gpu_table.table(cases)]), flush=True)
    return cases


def main() -> int:
    options = arguments()
    if reason := reason_not_to():
        print(f"skipped GPU peers: {reason}, so nothing was measured")
        return 0
    if not (options.pack / "resnet50-bf16" / "case.json").exists():
        print(f"gpu.py: no ResNet-50 in {options.pack}: `scripts/gpu-check.sh --pack` makes it, --pack names another folder", file=sys.stderr)
        return 2
    sys.path.insert(0, str(options.pack))
    cases = measure(options)
    ours = [series for case in cases for series in case.series if series.name == SKIP]
    return 1 if any(series.failure for series in ours) else 0


if __name__ == "__main__":
    sys.exit(main())
