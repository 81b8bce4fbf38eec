#!/usr/bin/env python3
"""Kills `skipc train` by SIGKILL at random moments and goes on with --resume: in the end stand the bits of a run that was never
stopped, and a checkpoint was whole at every moment.

    training_kills.py --skipc build/release/bin/skipc [--kills 50] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time

INPUTS = pathlib.Path(__file__).resolve().parent.parent / "tool" / "Inputs"
STEPS_A_KILL = 700  # so that most kills find the training at work


def command(skipc: str, folder: pathlib.Path, output: str, steps: int) -> list[str]:
    return [skipc, "train", str(INPUTS / "train-tiny.skip"), "--data", str(folder / "data"), "-o", str(folder / output), "--steps", str(steps),
            "--set", f"length={steps}", "--set", "rate.start=0.01", "--save-every", "7", "--evaluate-every", "90", "--seed", "5"]


def run(arguments: list[str]) -> float:
    """How many seconds it took."""
    start = time.monotonic()
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return time.monotonic() - start


def kill_after(arguments: list[str], seconds: float) -> bool:
    """False where it had ended before; then it must have ended well."""
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return True
        if process.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: {process.returncode}\n{process.stderr.read()}")
        return False


def step_of(checkpoint: pathlib.Path) -> int:
    """Of a checkpoint that is whole: its tensors fill it."""
    data = checkpoint.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    assert max(entry["data_offsets"][1] for entry in header.values()) == len(data) - 8 - length, f"{checkpoint} is cut short"
    return int(metadata["step"])


def lines_of(metrics: pathlib.Path) -> list[dict[str, object]]:
    """Without what depends on the clock."""
    lines = [json.loads(line) for line in metrics.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "images_per_second"} for line in lines]


def kill_often(arguments: list[str], output: pathlib.Path, kills: int, start_up: float, whole: float) -> list[int]:
    """The step of the checkpoint after each kill; -1 where there was none yet."""
    steps: list[int] = []
    last = output / "last.safetensors"
    while len(steps) < kills:
        resumed = ["--resume", "--threads", str(random.choice((1, 2, 3)))] if last.exists() else []
        share = (whole - start_up) / kills
        if not kill_after(arguments + resumed, random.uniform(0.8 * start_up, start_up + 1.2 * share)):
            break
        steps.append(step_of(last) if last.exists() else -1)
    return steps


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", required=True)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=None, help="of the moments (default: another each time)")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(1 << 30)
    random.seed(seed)
    steps = STEPS_A_KILL * given.kills
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.executable, str(INPUTS / "colours.py"), str(folder / "data"), "12"], check=True)
        start_up = run(command(given.skipc, folder, "first", 1))
        whole = run(command(given.skipc, folder, "unbroken", steps))
        arguments = command(given.skipc, folder, "killed", steps)
        killed_at = kill_often(arguments, folder / "killed", given.kills, start_up, whole)
        print(f"seed {seed}: killed {len(killed_at)} times, of {steps} steps after {killed_at}")
        run(arguments + (["--resume"] if (folder / "killed" / "last.safetensors").exists() else []))
        faults = []
        for file in ("last.safetensors", "best.safetensors"):
            if (folder / "killed" / file).read_bytes() != (folder / "unbroken" / file).read_bytes():
                faults.append(f"{file} is not that of the unbroken run")
        if lines_of(folder / "killed" / "metrics.jsonl") != lines_of(folder / "unbroken" / "metrics.jsonl"):
            faults.append("metrics.jsonl has other lines than that of the unbroken run")
        names = [sorted(path.name for path in (folder / run_name).iterdir()) for run_name in ("killed", "unbroken")]
        if names[0] != names[1]:
            faults.append(f"the folder holds {names[0]}, of the unbroken run {names[1]}")
        if not killed_at:
            faults.append("no run lived long enough to be killed")
    print("\n".join(faults) or "the bits of an unbroken run")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
