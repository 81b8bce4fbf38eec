#!/usr/bin/env python3
"""`mpirun -n P skipc train` writes the checkpoints and metrics of one process, bit for bit, for any P that divides the groups.

    training_mpi.py --skipc build/release/bin/skipc

Skipped (exit code 77) without mpirun, and where skipc was built without MPI.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

INPUTS = pathlib.Path(__file__).resolve().parent.parent / "tool" / "Inputs"
# In the name of whatever user, and on machines of few cores.
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
SHAPES = {"tiny": ("train-tiny.skip", 8, 2), "six": ("train-tiny.skip", 12, 6), "twelve": ("train-tiny.skip", 24, 12), "dropout": ("train-dropout.skip", 12, 4)}
CASES = [("tiny", 2), ("six", 2), ("six", 3), ("twelve", 2), ("dropout", 2), ("dropout", 4)]


class Trainings:
    def __init__(self, skipc: str, folder: pathlib.Path) -> None:
        self.skipc, self.folder = skipc, folder

    def run(self, shape: str, processes: int, output: str, *more: str, expected: int = 0, steps: int = 25) -> str:
        """Both streams."""
        spec, batch, groups = SHAPES[shape]
        command = [*MPIRUN, "-n", str(processes)] if processes > 1 else []
        command += [self.skipc, "train", str(INPUTS / spec), "--data", str(self.folder / "data"), "-o", str(self.folder / output),
                    "--set", f"batch={batch}", "--set", f"groups={groups}", "--set", "rate=plateau", "--set", "rate.start=0.05", "--set", "rate.every=10", "--steps", str(steps),
                    "--save-every", "5", "--evaluate-every", "10", "--threads", "1", *more]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300)
        if done.returncode != expected:
            sys.exit(f"{' '.join(command)}: {done.returncode}, expected {expected}\n{done.stdout}")
        return done.stdout

    def written(self, output: str) -> dict[str, object]:
        folder = self.folder / output
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        return {"files": sorted(path.name for path in folder.iterdir()),
                "last": (folder / "last.safetensors").read_bytes(), "best": (folder / "best.safetensors").read_bytes(),
                "metrics": [{key: value for key, value in line.items() if key != "images_per_second"} for line in lines]}

    def compare(self, output: str, alone: str) -> list[str]:
        ours, theirs = self.written(output), self.written(alone)
        return [f"{output}: other {key} than {alone}" for key in ours if ours[key] != theirs[key]]


def check_bits(trainings: Trainings) -> list[str]:
    faults = []
    for shape in SHAPES:
        trainings.run(shape, 1, f"{shape}-1")
    for shape, processes in CASES:
        said = trainings.run(shape, processes, f"{shape}-{processes}")
        if said.count("written to") != 1:
            faults.append(f"{shape}-{processes}: not one process speaks:\n{said}")
        faults += trainings.compare(f"{shape}-{processes}", f"{shape}-1")
    return faults


def check_resume(trainings: Trainings) -> list[str]:
    """From one number of processes to another. Each end of a run is evaluated too, so that only the last checkpoint is the same."""
    trainings.run("six", 3, "parts", steps=8)
    trainings.run("six", 1, "parts", "--resume", steps=13)
    trainings.run("six", 2, "parts", "--resume")
    same = trainings.written("parts")["last"] == trainings.written("six-1")["last"]
    return [] if same else ["parts: another last checkpoint than six-1"]


def check_errors(trainings: Trainings) -> list[str]:
    faults = []
    for said, arguments, expected in (
            ("3 processes cannot share the 2 groups of a step: their number must divide that (--set groups=N)", ("tiny", 3, "no"), 2),
            ("NaN or infinite; the first layer whose output went is `", ("tiny", 2, "gone", "--set", "rate.start=1e9"), 1),
            ("is there already", ("tiny", 2, "tiny-1"), 2)):
        output = trainings.run(*arguments, expected=expected)
        if output.count(said) != 1:
            faults.append(f"{arguments}: expected once `{said}`, got\n{output}")
    return faults


def check_differences(trainings: Trainings) -> list[str]:
    """One process of two with another argument: none trains, or waits for the other."""
    faults = []
    for name, value in (("--steps", "7"), ("--evaluate-every", "9"), ("--save-every", "9"), ("--mean", "0.4,0.5,0.5")):
        common = ["-n", "1", trainings.skipc, "train", str(INPUTS / "train-tiny.skip"), "--data", str(trainings.folder / "data"),
                  "-o", str(trainings.folder / "differ"), "--threads", "1"]
        done = subprocess.run([*MPIRUN, *common, ":", *common, name, value], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, timeout=120)
        said = f"process 1 has another training than process 0 ({'mean' if name == '--mean' else name})"
        if done.returncode != 2 or said not in done.stdout:
            faults.append(f"{name}: expected 2 and `{said}`, got {done.returncode} and\n{done.stdout}")
    return faults


def check_without(trainings: Trainings) -> list[str]:
    """A skipc without the module: one process trains, several say what is missing."""
    alone = trainings.folder / "alone" / "bin" / "skipc"
    alone.parent.mkdir(parents=True)
    shutil.copy2(trainings.skipc, alone)
    os.environ["SKIP_MODELS"] = str(INPUTS.parents[2] / "models")
    without = Trainings(str(alone), trainings.folder)
    without.run("tiny", 1, "without")
    output = without.run("tiny", 2, "without-2", expected=2)
    said = "mpirun started 2 processes, and this skipc was built without MPI"
    return trainings.compare("without", "tiny-1") + ([] if said in output else [f"expected `{said}`, got\n{output}"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", required=True)
    skipc = pathlib.Path(parser.parse_args().skipc).resolve()
    if not shutil.which("mpirun") or not (skipc.parents[1] / "lib" / "skip" / "skip-mpi.so").exists():
        print("skipped: no mpirun, or skipc was built without MPI")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.executable, str(INPUTS / "colours.py"), str(folder / "data"), "12"], check=True)
        trainings = Trainings(str(skipc), folder)
        faults = check_bits(trainings) + check_resume(trainings) + check_errors(trainings) + check_differences(trainings) + check_without(trainings)
    print("\n".join(faults) or f"{len(CASES)} times the bits of one process")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
