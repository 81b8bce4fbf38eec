#!/usr/bin/env python3
"""A compiled training gives one state, to the bit: with 1, 2, 3 and 7 threads, and with a caller's parallel loop that splits its
work unevenly and runs the parts backwards. Bodies are compared with themselves: they may differ.

    training_bits.py --skipc build/release/bin/skipc
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
GROUPS, IMAGES, STEPS = 3, 4, 3
# A spec, and the elements of a picture and the classes that it has.
NETWORKS = {"tiny": (HERE.parent / "tool" / "Inputs" / "train-tiny.skip", [], 3 * 8 * 8, 3),
            "dropout": (HERE.parent / "tool" / "Inputs" / "train-dropout.skip", [], 3 * 8 * 8, 3),
            "bottleneck": (HERE / "parity" / "bottleneck.skip", ["-D", "shortcut=B"], 3 * 32 * 32, 10)}
TASK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
PARALLEL_FOR = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, TASK, ctypes.c_void_p)
WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)


class Options(ctypes.Structure):
    """skip_trainer_options"""

    _fields_ = [("max_group", ctypes.c_int64), ("groups", ctypes.c_int64), ("state", ctypes.c_void_p), ("state_bytes", ctypes.c_size_t),
                ("workspace", ctypes.c_void_p), ("workspace_bytes", ctypes.c_size_t), ("pool", ctypes.c_void_p),
                ("parallel_for", PARALLEL_FOR), ("parallel_user", ctypes.c_void_p)]


class Result(ctypes.Structure):
    """skip_training_result"""

    _fields_ = [("loss", ctypes.c_double), ("wrong", ctypes.c_int64)]


@PARALLEL_FOR
def uneven_loop(_user: object, count: int, task: object, argument: object) -> None:
    bounds = sorted({0, count, count // 5, count // 2, 7 * count // 8})
    threads = [threading.Thread(target=task, args=(argument, first, last)) for first, last in zip(bounds, bounds[1:])]
    for thread in reversed(threads):
        thread.start()
    for thread in threads:
        thread.join()


class Library:
    def __init__(self, path: pathlib.Path) -> None:
        self.library = ctypes.CDLL(str(path))
        self.library.net_last_error.restype = self.library.net_model_isa.restype = ctypes.c_char_p

    def call(self, function: str, *arguments: object) -> None:
        if getattr(self.library, f"net_{function}")(*arguments):
            sys.exit(f"net_{function}: {self.library.net_last_error().decode()}")

    def created(self, function: str, *arguments: object) -> ctypes.c_void_p:
        result = ctypes.c_void_p()
        self.call(function, *arguments, ctypes.byref(result))
        return result

    def bodies(self) -> tuple[str, ...]:
        """Those that this machine runs, as SKIP_NO_AVX512 has it."""
        os.environ.pop("SKIP_ISA", None)
        model = self.created("model_create")
        widest = self.library.net_model_isa(model).decode()
        self.library.net_model_destroy(model)
        return ("avx2", "avx512") if widest == "avx512" else ("avx2",)

    def trained(self, elements: int, classes: int, threads: int) -> tuple[str, str]:
        """The body that ran, and the hash of the state after some steps; threads 0 means the caller's loop."""
        model = self.created("model_create")
        pool = self.created("pool_create", ctypes.c_int32(threads)) if threads else ctypes.c_void_p()
        options = Options(max_group=IMAGES, groups=GROUPS, pool=pool)
        if not threads:
            options.parallel_for = uneven_loop
        trainer = self.created("trainer_create", model, ctypes.byref(options))
        self.call("trainer_init", trainer, ctypes.c_uint64(11))
        values, result = random.Random(3), Result()
        for _ in range(STEPS):
            for _ in range(GROUPS):
                pixels = (ctypes.c_float * (IMAGES * elements))(*(values.gauss(0, 1) for _ in range(IMAGES * elements)))
                labels = (ctypes.c_int32 * IMAGES)(*(values.randrange(classes) for _ in range(IMAGES)))
                inputs = (ctypes.c_void_p * 1)(ctypes.addressof(pixels))
                self.call("trainer_gradients", trainer, ctypes.c_int64(IMAGES), inputs, labels, ctypes.byref(result))
            self.call("trainer_apply", trainer, ctypes.c_double(0.05))
        state = hashlib.sha256(struct.pack("<d", result.loss))
        take = WRITE(lambda _user, data, count: state.update(data[:count]) or 0)
        self.call("trainer_save", trainer, None, ctypes.c_int32(0), take, None)
        isa = self.library.net_model_isa(model).decode()
        self.library.net_trainer_destroy(trainer)
        if threads:
            self.library.net_pool_destroy(pool)
        self.library.net_model_destroy(model)
        return isa, state.hexdigest()

    def gradients(self, elements: int, classes: int, groups: int, draws: tuple[int, int, int]) -> list[bytes]:
        """The gradients of each of so many groups of one picture again and again, whose first has these draws."""
        model = self.created("model_create")
        trainer = self.created("trainer_create", model, ctypes.byref(Options(max_group=IMAGES, groups=groups)))
        self.call("trainer_init", trainer, ctypes.c_uint64(11))
        seed, step, first = draws
        self.call("trainer_set_draws", trainer, ctypes.c_uint64(seed), ctypes.c_int64(step), ctypes.c_int64(first))
        pixels = (ctypes.c_float * (IMAGES * elements))(*([0.5] * (IMAGES * elements)))
        inputs, labels, result = (ctypes.c_void_p * 1)(ctypes.addressof(pixels)), (ctypes.c_int32 * IMAGES)(*[classes - 1] * IMAGES), Result()
        losses = []
        for _ in range(groups):
            self.call("trainer_gradients", trainer, ctypes.c_int64(IMAGES), inputs, labels, ctypes.byref(result))
            losses.append(struct.pack("<d", result.loss))
        self.library.net_trainer_destroy(trainer)
        self.library.net_model_destroy(model)
        return losses


def check_draws(library: Library, elements: int, classes: int) -> list[str]:
    """Groups draw by their number in the step, steps by theirs, trainings by their seed."""
    of = [library.gradients(elements, classes, groups, draws)
          for groups, draws in ((4, (1, 0, 0)), (2, (1, 0, 2)), (1, (1, 1, 0)), (1, (2, 0, 0)), (1, (1, 0, 0)))]
    faults = []
    if of[0][2:] != of[1] or of[0][0] != of[4][0]:
        faults.append("groups draw otherwise where another process has those before them")
    if len({*of[0], *of[2], *of[3]}) != 6:
        faults.append("groups, steps or seeds draw the same")
    return faults


def build(skipc: str, spec: pathlib.Path, defines: list[str], output: str) -> Library:
    settings = ["--set", f"batch={IMAGES * GROUPS}", "--set", f"groups={GROUPS}"]
    subprocess.run([skipc, "build", str(spec), *defines, "--train", *settings, "--name", "net", "--emit", "shared", "-o", output], check=True)
    return Library(pathlib.Path(output) / "libnet.so")


def check(skipc: str, name: str) -> list[str]:
    spec, defines, elements, classes = NETWORKS[name]
    faults, seen = [], {}
    with tempfile.TemporaryDirectory() as folder:
        library = build(skipc, spec, defines, folder)
        for body in library.bodies():
            os.environ["SKIP_ISA"] = body
            for threads in (1, 2, 3, 7, 0):
                isa, state = library.trained(elements, classes, threads)
                if seen.setdefault(isa, state) != state:
                    faults.append(f"{name}, {isa}: {f'{threads} threads' if threads else 'a loop of the caller'}: another state than 1 thread")
        if name == "dropout":
            faults += check_draws(library, elements, classes)
    print(f"{name}: {', '.join(f'{isa} {state[:12]}' for isa, state in seen.items())}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", required=True)
    skipc = parser.parse_args().skipc
    faults = [fault for name in NETWORKS for fault in check(skipc, name)]
    print("\n".join(faults) or "the same bits")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
