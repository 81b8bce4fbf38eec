#!/usr/bin/env python3
"""Tuning for GPUs from end to end: candidates are compiled, measured on what SKIP_CUDA_DRIVER names, merged, and built by.

    cuda_tuning.py --build build/release

Times are the emulator's and mean nothing. What is tested: each candidate gives the right result, one that does not is left out, the text
that skip-time writes merges, and a build takes what was measured to be the fastest, from the database and from its text alike.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SPEC = pathlib.Path(__file__).resolve().parents[1] / "tool" / "Inputs" / "tiny.skip"
# Precision, architecture, and the bounds that are tuned for.
CASES = [("f32", "sm_80", "1,3"), ("tf32", "sm_80", "1"), ("f16", "sm_80", "1"), ("bf16", "sm_90a", "1")]


def fnv1a(data: bytes) -> str:
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


class Tuning:
    def __init__(self, build: pathlib.Path, folder: pathlib.Path, precision: str, architecture: str, bounds: str):
        self.bin, self.folder, self.name = build / "bin", folder, f"{precision} {architecture}"
        self.candidates, self.export, self.database = folder / "candidates", folder / "export.txt", folder / "tuning.db"
        common = ["--target=cuda", "--precision", precision, "--batch", bounds]
        self.tune_flags = [*common, "--gpu-arch", architecture]
        self.flags = [*common, *(["--gpu-arch=sm_90a", "--gpu-code=ptx"] if architecture == "sm_90a" else [])]
        self.tile = "wgmma " if architecture == "sm_90a" else ""  # of some candidates

    def skipc(self, *words: object) -> str:
        command = [str(self.bin / "skipc"), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def measure(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(self.bin / "skip-time"), str(self.candidates), "--placements", "1", "--output", str(self.export)],
                              capture_output=True, text=True, check=False)

    def measured(self) -> set[tuple[str, str]]:
        """Problems and choices of the export."""
        lines = [line.split("; ") for line in self.export.read_text().splitlines() if "; t1; " in line]
        return {(line[0], line[2]) for line in lines}

    def manifest(self) -> list[dict]:
        return json.loads((self.candidates / "candidates.json").read_text())["candidates"]

    def write_library(self, entry: dict, code: bytes, mark: bytes) -> None:
        """The code in place of the entry's; size and hash in the manifest are those of `mark`."""
        (self.candidates / entry["library"]).write_bytes(code)
        manifest = json.loads((self.candidates / "candidates.json").read_text())
        for each in manifest["candidates"]:
            if each["library"] == entry["library"]:
                each.update(bytes=len(mark), hash=fnv1a(mark))
        (self.candidates / "candidates.json").write_text(json.dumps(manifest))

    @staticmethod
    def tuned(plan: dict) -> set[str]:
        """The schedules that were measured, for the latest architecture."""
        steps = [step for variant in plan["variants"] for step in variant["steps"]]
        return {step["schedules"][-1] for step in steps if step.get("tuned", [False])[-1]}

    def check_candidates(self) -> None:
        self.skipc("tune", SPEC, *self.tune_flags, "--compile-only", self.candidates)
        entries = self.manifest()
        assert any(entry["choice"].startswith(self.tile) for entry in entries), "no candidate is of the architecture's own"
        size = sum(file.stat().st_size for file in self.candidates.iterdir())
        assert size <= 64 << 20, f"{size} bytes"
        done = self.measure()
        assert done.returncode == 0, done.stderr
        assert self.measured() == {(entry["problem"], entry["choice"]) for entry in entries}, "not all were measured"
        print(f"{self.name}: {len(entries)} candidates of {len({entry['problem'] for entry in entries})} problems, {size} bytes, "
              "all right")

    def check_build(self) -> None:
        self.skipc("tune", "--merge", self.export, "--db", self.database)
        [gpu] = json.loads(self.skipc("tune", "--show", "--json", "--db", self.database))["gpus"]
        chosen = {choice["problem"]: choice["choice"] for choice in gpu["choices"]}
        by_measures = ["--db", self.database, "--device", gpu["device"]]
        tuned = self.tuned(json.loads(self.skipc("plan", SPEC, *self.flags, *by_measures, "--json")))
        wanted = {choice.split(" ")[1] for choice in chosen.values()}
        assert tuned == wanted, f"the plan has {sorted(tuned)}, what was measured says {sorted(wanted)}"
        for name, flags in {"database": by_measures, "text": ["--db", self.export, "--device", gpu["device"]]}.items():
            self.skipc("build", SPEC, *self.flags, *flags, "--weights", "random:1", "-o", self.folder / name)
        for file in (self.folder / "database").iterdir():
            assert file.read_bytes() == (self.folder / "text" / file.name).read_bytes(), f"{file.name} differs"
        self.skipc("verify", SPEC, *self.flags, *by_measures)
        print(f"{self.name}: {len(chosen)} choices, and the build follows them")

    def check_slowest(self) -> None:
        """What is measured to be the fastest decides, also where the cost model ranks it last."""
        lines = self.export.read_text().splitlines()
        last = {entry["problem"]: entry["choice"] for entry in self.manifest()}
        for i, line in enumerate(lines):
            parts = line.split("; ")
            if "; t1; " in line:
                is_last = last[parts[0]] == parts[2]
                lines[i] = "; ".join([*parts[:3], f"{10_000 if is_last else 90_000} ns", "13 runs"])
        reordered = self.folder / "reordered.txt"
        reordered.write_text("\n".join(lines) + "\n")
        plan = json.loads(self.skipc("plan", SPEC, *self.flags, "--db", reordered, "--json"))
        tuned = self.tuned(plan)
        assert tuned == {choice.split(" ")[1] for choice in last.values()}, tuned
        self.skipc("verify", SPEC, *self.flags, "--db", reordered)

    def check_wrong(self) -> None:
        """Of one problem, for time is short: a candidate whose relu keeps what is negative in place of what is positive is told from the others, and left out."""
        manifest = json.loads((self.candidates / "candidates.json").read_text())
        manifest["candidates"] = [entry for entry in self.manifest() if entry["problem"] == self.manifest()[0]["problem"]]
        (self.candidates / "candidates.json").write_text(json.dumps(manifest))
        broken = self.manifest()[0]
        code = (self.candidates / broken["library"]).read_bytes()
        assert (broken["bytes"], broken["hash"]) == (len(code), fnv1a(code)), broken
        names = f"{broken['library']} ({broken['problem']}; {broken['choice']}) is left out: "
        assert code.count(b"setp.lt.f32") > 0, "no comparison in its kernels"
        left = {(entry["problem"], entry["choice"]) for entry in self.manifest() if entry != broken}
        wrong, none = code.replace(b"setp.lt.f32", b"setp.gt.f32"), b"no library"
        for written, mark, why in ((wrong, wrong, "wrong result: element "), (none, none, ""),
                                   (wrong, code, f"it was changed: its hash is {fnv1a(wrong)}, and the manifest says {fnv1a(code)}; "),
                                   (code[:8192], code, f"it was cut short or changed: it has 8192 bytes, and the manifest says {len(code)}; ")):
            self.write_library(broken, written, mark)
            done = self.measure()
            assert done.returncode == 1, done.stderr
            assert names + why in done.stderr, done.stderr
            assert self.measured() == left, "another one was left out too"
        # One that reads what was never written makes the emulator's device fail, as a fault does a GPU: nothing is measured after it.
        faulty = code.replace(b"max.u32", b"min.u32")
        self.write_library(broken, faulty, faulty)
        done = self.measure()
        assert done.returncode == 2, done.stderr
        assert f"the GPU answers nothing after `{broken['library']}`" in done.stderr, done.stderr
        assert done.stderr.count("left out") == 1, done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    build = parser.parse_args().build.resolve()
    os.environ.setdefault("SKIP_CUDA_DRIVER", str(build / "lib" / "libskip-cuda-emulator.so"))
    for case in CASES:
        os.environ["SKIP_EMULATOR_ARCH"] = case[1]
        with tempfile.TemporaryDirectory() as folder:
            tuning = Tuning(build, pathlib.Path(folder), *case)
            tuning.check_candidates()
            tuning.check_build()
            tuning.check_slowest()
            if case[1] == "sm_90a":
                tuning.check_wrong()
    return 0


if __name__ == "__main__":
    sys.exit(main())
