#!/usr/bin/env python3
"""Packs what a machine with a GPU, and nothing else, needs to check and measure Skip there: goldens of instructions, libraries, what
their steps gave on the emulator, what they are predicted to take, pictures, and the scripts that run them.

    make_pack.py --build build/release --output FOLDER [--reduced]

The emulator stands for the GPU here: each library runs on it once, and what each step gave is recorded in short (steps.py).
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

import library as skip
import steps

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "end-to-end"))

import real_data

SCRIPTS = ("check.py", "check_goldens.py", "driver.py", "library.py", "steps.py")
PEERS = ("gpu.py", "gpu_contenders.py", "gpu_table.py", "networks.py", "torch_networks.py", "checkpoint.py")  # of bench/peers
GPUS = ("a100", "h100", "h200")
PRECISIONS = ("f32", "tf32", "f16", "bf16")
# name: spec, images that steps are recorded for, batches that are measured, precisions
MODELS = {
    "cifar20": (["cifar_resnet", "-D", "depth=20"], 2, [], PRECISIONS),
    "resnet18": (["resnet18"], 1, [1, 32, 256], PRECISIONS),
    "resnet50": (["resnet50"], 1, [1, 32, 256], PRECISIONS),
    "vgg16": (["vgg16"], 1, [], ["bf16"]),  # f32 takes the emulator minutes
    "seresnet50": (["seresnet50"], 1, [], ["f32", "bf16"]),
    "resnext50": (["resnext50_32x4d"], 1, [], ["f32", "bf16"]),
    "resnet50d": (["resnet50d"], 1, [], ["bf16"]),
    "resnet_v2": (["resnet_v2"], 1, [], ["f32", "bf16"]),
    "iresnet": (["iresnet", "-D", "depth=18"], 1, [], ["f32", "bf16"]),
}
REDUCED = {"cifar8": (["cifar_resnet", "-D", "depth=8"], 2, [4], PRECISIONS)}
TUNED, TUNED_REDUCED = ["resnet50"], [str(HERE.parents[1] / "tests" / "tool" / "Inputs" / "tiny.skip")]
# Real checkpoints and the pictures that they classify: as many as go into 64 MiB.
CLASSES_REDUCED = {"cifar20": (["cifar_resnet", "-D", "depth=20"], "cifar10-resnet20-akamaster", "cifar")}
CLASSES = {
    **CLASSES_REDUCED,
    "cifar110": (["cifar_resnet", "-D", "depth=110"], "cifar10-resnet110-fhempcnn", "cifar"),
    "resnet18": (["resnet18"], "imagenet-resnet18-pqf", "imagenet"),
    "resnet50": (["resnet50"], "imagenet-resnet50-large-pqf", "imagenet"),
}
PICTURES, REDUCED_PICTURES = {"cifar": 200, "imagenet": 24}, 4
SIDE, PLANE, RECORD = 32, 1024, 3073


class Packer:
    def __init__(self, arguments: argparse.Namespace):
        self.build, self.output, self.reduced = arguments.build.resolve(), arguments.output.resolve(), arguments.reduced
        self.skipc = str(self.build / "bin" / "skipc")

    def compile(self, folder: pathlib.Path, spec: list[str], *flags: str) -> None:
        command = [self.skipc, "build", *spec, "--name", "net", "--emit=shared", "-o", str(folder), *flags]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(command)}: {done.stderr}")

    def say(self, *command: str) -> dict:
        return json.loads(subprocess.run([self.skipc, *command, "--json"], check=True, capture_output=True, text=True).stdout)

    def codes(self) -> list[str]:
        """Objects start at once, where an assembler is here; text is there in any case, also of what is sm_90a's own."""
        if shutil.which("ptxas") and not self.reduced:
            return ["--gpu-arch=sm_80,sm_90a", "--gpu-code=object,ptx"]
        return ["--gpu-arch=sm_90a", "--gpu-code=ptx"]

    def add(self, name: str, spec: list[str], images: int, batches: list[int], precisions: list[str]) -> None:
        weights = self.output / "weights.safetensors"
        for precision in precisions:
            folder = self.output / f"{name}-{precision}"
            flags = ["--target=cuda", "--precision", precision, *self.codes()]
            bounds = ",".join(map(str, sorted({images, *batches})))
            self.compile(folder, spec, *flags, "--batch", bounds)
            variants = self.say("plan", *spec, *flags, "--batch", str(images))["variants"]
            skip.write_weights(weights, json.loads((folder / "net.json").read_text())["weights"]["tensors"])
            model = skip.Library(folder, weights)
            recorded, _ = steps.record(model, variants[0], skip.picture(images * model.floats("inputs"), 2), images)
            model.destroy()
            explained = {gpu: self.say("explain-plan", *spec, *flags, "--gpu", gpu, "--batch", bounds)["variants"] for gpu in GPUS}
            case = {"precision": precision, "images": images, "batches": batches, "plan": variants[0], "steps": recorded}
            for key in ("predicted_us", "roofline_us"):
                case[key] = {gpu: {str(variant["batch"]): variant[key] for variant in explained[gpu]} for gpu in GPUS}
            (folder / "case.json").write_text(json.dumps(case))
            print(f"{folder.name}: {len(recorded)} steps recorded", flush=True)
        weights.unlink()
        self.compile(self.output / f"{name}-x86", spec, "--batch", str(images))

    def add_goldens(self) -> None:
        """What the emulator gives for each instruction, of sm_90a, which has them all."""
        shutil.copytree(HERE / "goldens", self.output / "goldens", ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run([sys.executable, str(self.output / "check_goldens.py"), "--record", str(self.output / "goldens.txt")], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "SKIP_EMULATOR_ARCH": "sm_90a", "SKIP_EMULATOR_CHECKS": "on"})

    def add_classes(self) -> None:
        """Real checkpoints, and labelled pictures for them, where they are at hand."""
        if not (real_data.source() / "unpack.py").exists():
            print(f"no pictures: no data at {real_data.source()} (SKIP_DATA names another folder)")
            return
        sources, cases = {"cifar": self.cifar, "imagenet": self.imagenet}, []
        pictures = {}
        for network, (spec, checkpoint, kind) in (CLASSES_REDUCED if self.reduced else CLASSES).items():
            files = list((real_data.source() / "weights").glob(f"{checkpoint}.safetensors*"))
            if not files:
                print(f"no classes of {network}: no {checkpoint} at {real_data.source()}")
                continue
            for precision in ("x86", *PRECISIONS):
                folder = self.output / f"{network}-{precision}"
                if not folder.exists():
                    flags = [] if precision == "x86" else ["--target=cuda", "--precision", precision, *self.codes()]
                    self.compile(folder, spec, "--batch", "20", *flags)
            shutil.copy(files[0], self.output / files[0].name)
            if kind not in pictures:
                pictures[kind] = sources[kind](REDUCED_PICTURES if self.reduced else PICTURES[kind])
            cases.append({"network": network, "checkpoint": files[0].name, "pictures": f"{kind}.rgb", **pictures[kind]})
        (self.output / "classes.json").write_text(json.dumps(cases))

    def cifar(self, count: int) -> dict:
        """The first test pictures, whose records are a label and three planes."""
        records = (real_data.unpacked(self.build, "cifar10") / "test_batch.bin").read_bytes()[:count * RECORD]
        rgb = bytearray(3 * PLANE * count)
        for i in range(count):
            for channel in range(3):
                rgb[3 * PLANE * i + channel:3 * PLANE * (i + 1):3] = records[RECORD * i + 1 + PLANE * channel:][:PLANE]
        (self.output / "cifar.rgb").write_bytes(rgb)
        return {"side": SIDE, "labels": list(records[::RECORD])}

    def imagenet(self, count: int) -> dict:
        """Every so many of the labelled pictures, which are sorted by class."""
        folder = real_data.source() / "images"
        lines = [line.split("\t") for line in (folder / "labels.tsv").read_text(encoding="utf-8").splitlines()]
        chosen = lines[::max(1, len(lines) // count)][:count]
        rgb = subprocess.run(["/usr/bin/python3", str(HERE / "decode.py"), *(str(folder / line[0]) for line in chosen)], check=True,
                             stdout=subprocess.PIPE).stdout
        (self.output / "imagenet.rgb").write_bytes(rgb)
        return {"side": 224, "labels": [int(line[1]) for line in chosen]}

    def add_candidates(self) -> None:
        """What is tuned there, and what measures it."""
        shutil.copy(self.build / "bin" / "skip-time", self.output / "skip-time")
        specs = TUNED_REDUCED if self.reduced else TUNED
        for architecture in ("sm_80", "sm_90a"):
            self.say("tune", *specs, "--target=cuda", "--precision", "bf16", "--gpu-arch", architecture, "--compile-only",
                     str(self.output / f"candidates-{architecture}"))

    def pack(self) -> None:
        if not pathlib.Path(self.skipc).exists():
            sys.exit(f"no {self.skipc}: `make` builds it")
        if self.output.exists():
            shutil.rmtree(self.output)
        self.output.mkdir(parents=True)
        for script in SCRIPTS:
            shutil.copy(HERE / script, self.output / script)
        (self.output / "peers").mkdir()
        for script in PEERS:
            shutil.copy(HERE.parents[1] / "bench" / "peers" / script, self.output / "peers" / script)
        self.add_goldens()
        for name, model in (REDUCED if self.reduced else MODELS).items():
            self.add(name, *model)
        self.add_classes()
        self.add_candidates()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--reduced", action="store_true", help="one small model, for the emulator")
    arguments = parser.parse_args()
    Packer(arguments).pack()
    return 0


if __name__ == "__main__":
    sys.exit(main())
