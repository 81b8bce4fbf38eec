#!/usr/bin/env python3
"""The assembler takes the kernels of the catalogue's models for CUDA, for the oldest GPU and for later ones: no value is spilled, no wait
is put in for us, and registers and static shared memory stay within what is recorded here.

    ptxas.py --build BUILD_FOLDER                   skipped (exit code 77) where there is no ptxas
    ptxas.py --build BUILD_FOLDER --precision f16   in one precision
    ptxas.py --build BUILD_FOLDER --full            every model in each precision, and all of it for sm_90 too
    ptxas.py --build BUILD_FOLDER --verbose         with the registers of each kernel

A kernel is assembled once, whatever models have it, and a model whose plan has no kernel that those before it lack is not compiled.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import real_data
from networks import groups

SKIPPED = 77
MODELS = [("resnet50", []), ("resnet50", ["stride_on=conv1"]), ("resnet18", ["shortcut=A"]), ("resnet18", ["shortcut=C"]), ("resnet18", []),
          ("vgg16", []), ("cifar_resnet", ["depth=20"]), ("seresnet50", []), ("resnet_v2", []), ("iresnet", ["depth=100"]), ("resnext50_32x4d", []),
          ("resnext101_32x8d", []), ("wide_resnet50_2", []), ("resnet50d", []), ("cifar_resnet_v2", []),
          ("cifar_resnet_v2", ["depth=20", "bottlenecks=false"]), ("cifar_plain", ["depth=20"]), ("plain18", []), ("plain34", []), ("resnet34", []),
          ("resnet101", []), ("resnet152", []), ("vgg19", []), ("resnet101d", []), ("wide_resnet101_2", []), ("iresnet", ["depth=18"])]
PRECISIONS = ("f32", "tf32", "f16", "bf16")
# In tf32 what is no contraction is as in f32; the models have it with projections, with few and many channels, and in groups.
# What f16 has is planned as what bf16 has.
ONLY = {"tf32": ("resnet50", "cifar_resnet", "resnext50_32x4d"), "f16": ("resnet50",)}
FOR_SM_90 = ("resnet50", "resnext50_32x4d")  # its text is sm_80's, which the drivers of later GPUs compile
# By precision and architecture; sm_90a has kernels of another kind, but in f32.
MOST_REGISTERS = {"f32": {"sm_80": 156, "sm_90": 192}, "tf32": {"sm_80": 160, "sm_90": 160, "sm_90a": 168},
                  "f16": {"sm_80": 168, "sm_90": 168, "sm_90a": 168}, "bf16": {"sm_80": 168, "sm_90": 168, "sm_90a": 168}}
MOST_SHARED_BYTES = {"f32": 25600, "tf32": 0, "f16": 0, "bf16": 0}  # dynamic shared memory is the plan's
TILES = ("64x256/1*2", "64x208/1*2", "64x160/1*2", "128x128/1*2", "192x80/1*2", "128x96/1*3", "256x128/2*4", "256x128/2*4c4", "128x256/2*4c2")
OF_TILES = ("tf32", "bf16")
REPAIRED = re.compile(r"\(C75\d\d\).*")  # what ptxas says where it serialises products of matrices
ENTRY = re.compile(r"^\.visible \.entry (?P<name>[^\s(]+)\(.*?\n\n\}\n", re.DOTALL | re.MULTILINE)
PLANNED = re.compile(r"^ *%\S+ = plan\.kernel .*?\n *plan\.yield [^\n]*\n", re.DOTALL | re.MULTILINE)
VALUE = re.compile(r"%[\w.$-]+")
KERNEL = re.compile(r"Compiling entry function '(?P<name>[^']+)'.*?"
                    r"(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
                    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
                    re.DOTALL)


def find_ptxas() -> str | None:
    return shutil.which("ptxas") or shutil.which("/usr/local/cuda/bin/ptxas")


def planned(plan: str) -> set[str]:
    """The kernels of a plan without what their code does not depend on: their names, those of their values, and where these lie."""
    found = set()
    for kernel in PLANNED.finditer(plan):
        text = re.sub(r'kernel = "[^"]*"|(?<=#plan\.slot<)(\w+)[^>]*', r"\1", kernel[0])
        numbers: dict[str, str] = {}
        found.add(VALUE.sub(lambda value: numbers.setdefault(value[0], f"%{len(numbers)}"), text))
    if len(PLANNED.findall(plan)) != plan.count(" = plan.kernel "):
        raise RuntimeError("plans are written otherwise")
    return found


def without(known: set[str], text: str) -> str:
    """Without the kernels that a model before had: `known`, which gets those of this one, has them without their names and labels."""
    def once(entry: re.Match[str]) -> str:
        body = re.sub(r"\$L__BB\d+_", "$L_", entry[0].replace(entry["name"], "kernel"))
        is_new = body not in known
        known.add(body)
        return entry[0] if is_new else ""
    if len(ENTRY.findall(text)) != text.count(".visible .entry "):
        raise RuntimeError("kernels are written otherwise")
    return ENTRY.sub(once, text)


def assemble(ptxas: str, text: pathlib.Path, architecture: str) -> list[re.Match[str]]:
    command = [ptxas, "-v", f"-arch={architecture}", str(text), "-o", str(text.with_suffix(".cubin"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    if repaired := REPAIRED.search(done.stdout + done.stderr):
        raise RuntimeError(f"{' '.join(command)}: {repaired[0]}")
    return list(KERNEL.finditer(done.stdout + done.stderr))


def shared_bytes(kernel: re.Match[str]) -> int:
    found = re.search(r"(\d+) bytes smem", kernel["rest"])
    return int(found[1]) if found else 0


def check_text(ptxas: str, text: pathlib.Path, case: str, precision: str, architecture: str, verbose: bool) -> bool:
    entries = text.read_text(encoding="utf-8").count(".visible .entry ")
    kernels = assemble(ptxas, text, architecture) if entries else []
    spilling = [k["name"] for k in kernels if k["stores"] != "0" or k["loads"] != "0"]
    most, most_registers = max((int(k["registers"]) for k in kernels), default=0), MOST_REGISTERS[precision][architecture]
    shared = max(map(shared_bytes, kernels), default=0)
    print(f"{case} {architecture}: {len(kernels)} of {entries} kernels that are not of models before, "
          f"{text.stat().st_size} bytes of PTX, at most {most} of {most_registers} registers, {shared} of "
          f"{MOST_SHARED_BYTES[precision]} bytes of shared memory, spilling: {', '.join(spilling) or 'none'}", flush=True)
    for kernel in kernels if verbose else []:
        print(f"  {kernel['registers']:>4} {kernel['name']}")
    return len(kernels) == entries and not spilling and most <= most_registers and shared <= MOST_SHARED_BYTES[precision]


class Known:
    """The kernels of a precision that models before had, as they are planned and as they are written."""

    def __init__(self) -> None:
        self.planned: set[str] = set()
        self.written: set[str] = set()


def check(skipc: pathlib.Path, ptxas: str, spec: str, defines: list[str], precision: str, known: Known, arguments: argparse.Namespace) -> bool:
    case = " ".join([spec, *defines, precision])
    command = [str(skipc), "build", spec, "--target=cuda", "--precision", precision, "--batch", "1,16", "--name", "net"]
    command += ["--gpu-arch=sm_90a", "--gpu-code=ptx"] if "sm_90a" in MOST_REGISTERS[precision] else []
    for define in defines:
        command += ["-D", define]
    plan = planned(subprocess.run([*command, "--stop-after=plan", "-o", "-"], check=True, capture_output=True, text=True).stdout)
    if plan <= known.planned:
        print(f"{case}: its {len(plan)} kernels are planned as those of models before", flush=True)
        return True
    known.planned |= plan
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*command, "--emit=ptx", "-o", folder], check=True)
        texts = {name: path for name in ("net.ptx", "net.sm_90a.ptx") if (path := pathlib.Path(folder) / name).exists()}
        for text in texts.values():
            text.write_text(without(known.written, text.read_text(encoding="utf-8")), encoding="utf-8")
        return all([check_text(ptxas, texts["net.sm_90a.ptx" if architecture == "sm_90a" else "net.ptx"], case, precision, architecture, arguments.verbose)
                    for architecture in MOST_REGISTERS[precision]
                    if architecture != "sm_90" or arguments.full or spec in FOR_SM_90])


def check_tiles(skipc: pathlib.Path, ptxas: str, precision: str) -> bool:
    """Legal tiles of warp groups that no cost model would choose, but a tuning text may: as large as they can be."""
    good = True
    for tile in TILES:
        with tempfile.TemporaryDirectory() as folder:
            spec, text = pathlib.Path(folder) / "one.skip", pathlib.Path(folder) / "one.txt"
            spec.write_text("model m { input x[64, 14, 14] output y = x |> a: conv(256, 3) |> relu }")
            text.write_text(f"skip-tuning 1\ndevice {groups.DEVICE}\ncompiler {groups.COMPILER}\n"
                            f"conv2d 3x3/1 p1 64->256 14x14 n8 nhwc {precision}; t1; wgmma {tile}; 1000 ns; 13 runs\n")
            subprocess.run([str(skipc), "build", str(spec), "--target=cuda", f"--precision={precision}", "--batch=8", "--gpu-arch=sm_90a", "--gpu-code=ptx",
                            "--emit=ptx", "--name=net", "-o", folder, *groups.flags_for(text)], check=True)
            ptx = pathlib.Path(folder) / "net.sm_90a.ptx"
            spilling = [k["name"] for k in assemble(ptxas, ptx, "sm_90a") if k["stores"] != "0" or k["loads"] != "0"]
            has = "wgmma.mma_async" in ptx.read_text(encoding="utf-8")
            print(f"wgmma {tile} {precision}: {'taken' if has else 'NOT TAKEN'}, spilling: {', '.join(spilling) or 'none'}", flush=True)
            good &= has and not spilling
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=real_data.PROJECT / "build" / "release")
    parser.add_argument("--precision", choices=PRECISIONS, action="append")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    ptxas = find_ptxas()
    if not ptxas:
        print("skipped: no ptxas")
        return SKIPPED
    skipc, results = arguments.build / "bin" / "skipc", []
    for precision in arguments.precision or PRECISIONS:
        known = Known()
        results += [check(skipc, ptxas, spec, defines, precision, known, arguments) for spec, defines in MODELS
                    if arguments.full or spec in ONLY.get(precision, [spec])]
        if precision in OF_TILES:
            results.append(check_tiles(skipc, ptxas, precision))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
