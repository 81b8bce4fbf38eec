#!/usr/bin/env python3
"""Checks and measures the libraries beside this file on this machine's GPU. Needs Python and NVIDIA's driver.

    check.py                 all: instructions and steps against the emulator's, results against x86, classes, compute-sanitizer, times,
                             tuning, and beside PyTorch where that is here
    check.py --only steps    one part: goldens, steps, classes, sanitizer, times, tuning or peers
    check.py --one NAME      the steps of one library

Each line says `good`, `BAD`, `skipped` or gives times; the exit code is 1 if any was bad. SKIP_CUDA_DRIVER names another driver.
"""
from __future__ import annotations

import argparse
import ctypes
import json
import lzma
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import library as skip
import steps

HERE = pathlib.Path(__file__).resolve().parent
MOST_OTHER_CLASSES = {"f32": 0, "tf32": 0.01, "f16": 0.01, "bf16": 0.01}  # of the pictures, rounded up
FROM_X86 = {"f32": 1e-3, "tf32": 2e-2, "f16": 2e-2, "bf16": 1e-1}  # of the largest output, after all roundings
RUNS, TUNING_SECONDS = 30, 150
# What hangs ends then. How long a GPU takes is not known yet.
MOST_SECONDS_OF_GOLDENS, MOST_SECONDS_OF_A_LIBRARY, MOST_SECONDS_OF_CLASSES, MOST_SECONDS_OF_TIMES = 180, 120, 180, 120
MOST_MINUTES, STARTED = 9.5, time.monotonic()  # of all; only peers wait for what is left


def say(good: bool, what: str, text: str) -> bool:
    print(f"{'good' if good else 'BAD '} {what}: {text}", flush=True)
    return good


def cases(one: str | None) -> list[pathlib.Path]:
    return [path.parent for path in sorted(HERE.glob("*/case.json")) if one in (None, path.parent.name)]


def result_on_x86(folder: pathlib.Path, weights: pathlib.Path, values: list[float], images: int) -> list[float]:
    model = skip.Library(folder.parent / f"{folder.name.rsplit('-', 1)[0]}-x86", weights)
    result = model.run(values, images)
    model.destroy()
    return result


def check_steps(folder: pathlib.Path) -> bool:
    case = json.loads((folder / "case.json").read_text())
    precision, images = case["precision"], case["images"]
    with tempfile.TemporaryDirectory() as temporary:
        weights = pathlib.Path(temporary) / "weights.safetensors"
        skip.write_weights(weights, json.loads((folder / "net.json").read_text())["weights"]["tensors"])
        model = skip.Library(folder, weights)
        what = f"{folder.name} on {model.target} by {model.body}"
        values = skip.picture(images * model.floats("inputs"), 2)
        recorded, outputs = steps.record(model, case["plan"], values, images)
        good = say(model.target == "cuda", what, "a GPU") & say(*_named(what, steps.compare(recorded, case["steps"], precision)))
        graph = model.run(values, images)
        good &= say(graph == outputs and model.run(values, images) == graph, what, "the same bits step by step, as a graph, and again")
        model.destroy()
        worst = steps.difference(outputs, result_on_x86(folder, weights, values, images))
        return good & say(worst <= FROM_X86[precision], what, f"{worst:.1e} of {FROM_X86[precision]:.0e} from x86's result")


def _named(what: str, result: tuple[bool, str]) -> tuple[bool, str, str]:
    return result[0], what, result[1]


def classes_by(library: str, weights: pathlib.Path, case: dict) -> list[int | None]:
    model = skip.Library(HERE / library, weights)
    found = model.classes((HERE / case["pictures"]).read_bytes(), case["side"])
    model.destroy()
    return found


def check_classes_of(case: dict) -> bool:
    network, labels, good = case["network"], case["labels"], True
    packed = (HERE / case["checkpoint"]).read_bytes()
    with tempfile.TemporaryDirectory() as temporary:
        weights = pathlib.Path(temporary) / "weights.safetensors"
        weights.write_bytes(lzma.decompress(packed) if case["checkpoint"].endswith(".xz") else packed)
        expected = classes_by(f"{network}-x86", weights, case)
        for precision, share in MOST_OTHER_CLASSES.items():
            found = classes_by(f"{network}-{precision}", weights, case)
            others = sum(a != b or a is None for a, b in zip(found, expected))
            right = sum(a == b for a, b in zip(found, labels))
            good &= say(others <= math.ceil(share * len(labels)), f"classes of {network} in {precision}",
                        f"{len(labels) - others} of {len(labels)} as on x86, {right} right")
    return good


def check_classes() -> bool:
    if not (HERE / "classes.json").exists():
        print("skipped classes: no pictures were packed")
        return True
    return all([check_classes_of(case) for case in json.loads((HERE / "classes.json").read_text())])


def check_sanitizer() -> bool:
    tool = shutil.which("compute-sanitizer") or shutil.which("/usr/local/cuda/bin/compute-sanitizer")
    if not tool or "SKIP_CUDA_DRIVER" in os.environ:
        print("skipped compute-sanitizer: " + ("another driver stands for the GPU's" if tool else "it is not here"))
        return True
    good = True
    for folder in [path for path in cases(None) if path.name.startswith("cifar")]:
        for check in ("memcheck", "racecheck", "synccheck", "initcheck"):
            what = f"{folder.name} under {check}"
            command = [tool, "--tool", check, "--error-exitcode", "9", sys.executable, __file__, "--one", folder.name]
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=MOST_SECONDS_OF_A_LIBRARY)
            except subprocess.TimeoutExpired:
                good &= say(False, what, f"no end after {MOST_SECONDS_OF_A_LIBRARY} s")
                continue
            last = (done.stdout + done.stderr).strip().splitlines()[-1:]
            good &= say(done.returncode == 0, what, "".join(last))
    return good


def by_itself(what: str, seconds: float, *command: str) -> bool:
    """In a process of its own, which a fault or a GPU that hangs takes with it."""
    try:
        done = subprocess.run([sys.executable, *command], timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return say(False, what, f"no end after {seconds} s")
    return done.returncode == 0 or (done.returncode != 1 and say(False, what, f"ended with {done.returncode}"))


def check_goldens() -> bool:
    """What this GPU gave stays beside, for an emulator to be held against."""
    good = by_itself("goldens of instructions", MOST_SECONDS_OF_GOLDENS, str(HERE / "check_goldens.py"), str(HERE / "goldens.txt"), "--record",
                     str(HERE / "goldens-here.txt"))
    return say(good, "goldens of instructions", "as on the emulator" if good else "see above")


def check_libraries() -> bool:
    return all([by_itself(folder.name, MOST_SECONDS_OF_A_LIBRARY, __file__, "--one", folder.name) for folder in cases(None)])


def check_peers() -> bool:
    """In the time that is left; where PyTorch or a GPU of its liking is not here, it says so."""
    left = MOST_MINUTES - (time.monotonic() - STARTED) / 60
    if left < 1:
        print(f"skipped GPU peers: the {MOST_MINUTES} minutes are over")
        return True
    if "SKIP_CUDA_DRIVER" in os.environ:
        print("skipped GPU peers: another driver stands for the GPU's")
        return True
    command = [sys.executable, str(HERE / "peers" / "gpu.py"), "--minutes", f"{left / 2:.1f}", "--json", str(HERE / "gpu-peers.json")]
    try:
        done = subprocess.run(command, timeout=60 * left, check=False)
    except subprocess.TimeoutExpired:
        print("     GPU peers: the rest was left out, the time is over")
        return True
    return done.returncode == 0 or say(False, "GPU peers", "Skip failed or was wrong, see above")


class DeviceArrays:
    """Memory of the first device, by the driver's own calls, in its primary context."""

    def __init__(self) -> None:
        self.driver = ctypes.CDLL(os.environ.get("SKIP_CUDA_DRIVER", "libcuda.so.1"))
        context = ctypes.c_void_p()
        self.ok(self.driver.cuInit(0))
        self.ok(self.driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0))
        self.ok(self.driver.cuCtxSetCurrent(context))

    def ok(self, result: int) -> None:
        if result:
            raise RuntimeError(f"the driver answers {result}")

    def allocate(self, floats: int) -> int:
        address = ctypes.c_uint64()
        self.ok(self.driver.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(4 * floats)))
        zeros = (ctypes.c_float * floats)()
        self.ok(self.driver.cuMemcpyHtoD_v2(address, zeros, ctypes.c_size_t(4 * floats)))
        return address.value

    def free(self, address: int) -> None:
        self.ok(self.driver.cuMemFree_v2(ctypes.c_uint64(address)))

    def release(self) -> None:
        self.ok(self.driver.cuDevicePrimaryCtxRelease_v2(0))

    def name(self) -> str:
        text = ctypes.create_string_buffer(100)
        self.ok(self.driver.cuDeviceGetName(text, 100, 0))
        return text.value.decode()

    def capability(self) -> tuple[int, int]:
        parts = [ctypes.c_int(), ctypes.c_int()]
        for part, attribute in zip(parts, (75, 76)):  # major, minor
            self.ok(self.driver.cuDeviceGetAttribute(ctypes.byref(part), attribute, 0))
        return parts[0].value, parts[1].value


def median_seconds(model: skip.Library, arrays: DeviceArrays, batch: int, first: int, runs: int) -> float:
    """Of `runs`, behind the `first`, which are not counted."""
    source, destination = arrays.allocate(batch * model.floats("inputs")), arrays.allocate(batch * model.floats("outputs"))
    times = []
    for run in range(first + runs):
        start = time.perf_counter()
        model.call(batch, source, destination)
        if run >= first:
            times.append(time.perf_counter() - start)
    arrays.free(source)
    arrays.free(destination)
    return sorted(times)[len(times) // 2]


def measure_times() -> bool:
    arrays = DeviceArrays()
    emulated = "SKIP_CUDA_DRIVER" in os.environ
    gpu = next((name for name in ("a100", "h100", "h200") if name in arrays.name().lower()), "h100")
    print(f"times on {arrays.name()}, arrays on the device; predictions are {gpu}'s" + (", the driver is another one" if emulated else ""))
    for folder in cases(None):
        case = json.loads((folder / "case.json").read_text())
        with tempfile.TemporaryDirectory() as temporary:
            weights = pathlib.Path(temporary) / "weights.safetensors"
            skip.write_weights(weights, json.loads((folder / "net.json").read_text())["weights"]["tensors"])
            model = skip.Library(folder, weights)
            for batch in case["batches"]:
                seconds = median_seconds(model, arrays, batch, *((0, 1) if emulated else (3, RUNS)))
                predicted = case["predicted_us"][gpu][str(batch)]
                print(f"     {folder.name}, batch {batch}: {seconds * 1e6:.0f} us, predicted {predicted:.0f} us; {batch / seconds:.0f} images "
                      f"a second", flush=True)
            model.destroy()
    arrays.release()
    return True


def tune() -> bool:
    """Leaves what the candidates take in tuning.txt, for `skipc tune --merge`."""
    placements = ["--placements", "1"] if "SKIP_CUDA_DRIVER" in os.environ else []
    arrays = DeviceArrays()
    candidates = HERE / ("candidates-sm_90a" if arrays.capability() == (9, 0) else "candidates-sm_80")
    arrays.release()
    command = [str(HERE / "skip-time"), str(candidates), "--output", str(HERE / "tuning.txt"), *placements]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TUNING_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"     tuning: not done after {TUNING_SECONDS} s; the times so far are in {HERE / 'tuning.txt'}")
        return True
    faults = [line for line in done.stderr.splitlines() if "left out" in line or "error" in line]
    return say(done.returncode == 0, "tuning", "; ".join(faults) or f"all candidates are right; their times are in {HERE / 'tuning.txt'}")


def told(part: str, run) -> bool:
    """A failure of the driver or of a library is a line, too."""
    try:
        return run()
    except (RuntimeError, OSError) as error:
        return say(False, part, str(error))


def main() -> int:
    parts = {"goldens": check_goldens, "steps": check_libraries, "classes": check_classes, "sanitizer": check_sanitizer, "times": measure_times,
             "tuning": tune, "peers": check_peers}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=parts)
    parser.add_argument("--one", metavar="NAME")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # processes write to it in turn
    if arguments.one and not cases(arguments.one):
        parser.error(f"no library `{arguments.one}` lies here")
    if arguments.one:
        return 0 if told(arguments.one, lambda: all([check_steps(folder) for folder in cases(arguments.one)])) else 1
    if arguments.only:
        return 0 if told(arguments.only, parts[arguments.only]) else 1
    alone = {"classes": MOST_SECONDS_OF_CLASSES, "times": MOST_SECONDS_OF_TIMES}  # what uses the GPU in this process
    good = all([by_itself(part, alone[part], __file__, "--only", part) if part in alone else told(part, run) for part, run in parts.items()])
    print("all good" if good else "not all is good")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
