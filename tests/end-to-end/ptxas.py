#!/usr/bin/env python3
"""The assembler takes the kernels of the catalogue's models for CUDA, for the oldest GPU and for later ones: no value is spilled, no wait
is put in for us, and registers and static shared memory stay within what is recorded here.

    ptxas.py --build BUILD_FOLDER                 skipped (exit code 77) where there is no ptxas
    ptxas.py --build BUILD_FOLDER --verbose       with the registers of each kernel
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
MODELS = [("cifar_resnet", ["depth=20"]), ("cifar_plain", ["depth=20"]), ("resnet18", []), ("resnet18", ["shortcut=A"]),
          ("resnet18", ["shortcut=C"]), ("resnet34", []), ("resnet50", []), ("resnet50", ["stride_on=conv1"]),
          ("resnet152", []), ("plain18", []), ("vgg16", [])]
PRECISIONS = ("f32", "tf32", "f16", "bf16")
OF_TENSOR_CORES = ("cifar_resnet", "resnet18", "resnet50", "vgg16")  # the others have no kernels of another kind
# By precision and architecture; sm_90a has kernels of another kind, but in f32.
MOST_REGISTERS = {"f32": {"sm_80": 150, "sm_90": 184}, "tf32": {"sm_80": 160, "sm_90": 160, "sm_90a": 168},
                  "f16": {"sm_80": 168, "sm_90": 168, "sm_90a": 168}, "bf16": {"sm_80": 168, "sm_90": 168, "sm_90a": 168}}
MOST_SHARED_BYTES = {"f32": 25600, "tf32": 0, "f16": 0, "bf16": 0}  # dynamic shared memory is the plan's
TILES = ("64x256/1*2", "64x208/1*2", "64x160/1*2", "128x128/1*2", "192x80/1*2", "128x96/1*3", "256x128/2*4", "256x128/2*4c4", "128x256/2*4c2")
REPAIRED = re.compile(r"\(C75\d\d\).*")  # what ptxas says where it serialises products of matrices
ENTRY = re.compile(r"^\.visible \.entry (?P<name>[^\s(]+)\(.*?// -- End function\n\}\n", re.DOTALL | re.MULTILINE)
KERNEL = re.compile(r"Compiling entry function '(?P<name>[^']+)'.*?"
                    r"(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
                    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
                    re.DOTALL)


def find_ptxas() -> str | None:
    return shutil.which("ptxas") or shutil.which("/usr/local/cuda/bin/ptxas")


def without(known: set[str], text: str) -> str:
    """Without the kernels that a model before had: `known`, which gets those of this one, has them without their names and labels."""
    def once(entry: re.Match[str]) -> str:
        body = re.sub(r"\$L__BB\d+_", "$L_", entry[0].replace(entry["name"], "kernel"))
        is_new = body not in known
        known.add(body)
        return entry[0] if is_new else ""
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


def check(skipc: pathlib.Path, ptxas: str, spec: str, defines: list[str], precision: str, known: set[str], verbose: bool) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        command = [str(skipc), "build", spec, "--target=cuda", "--precision", precision, "--batch", "1,16", "--name", "net", "--emit=ptx",
                   "-o", folder]
        command += ["--gpu-arch=sm_90a", "--gpu-code=ptx"] if "sm_90a" in MOST_REGISTERS[precision] else []
        for define in defines:
            command += ["-D", define]
        subprocess.run(command, check=True)
        texts = [path for name in ("net.ptx", "net.sm_90a.ptx") if (path := pathlib.Path(folder) / name).exists()]
        all_entries = entries = 0
        for text in texts:
            whole = text.read_text(encoding="utf-8")
            text.write_text(without(known, whole), encoding="utf-8")
            all_entries += whole.count(".visible .entry ")
            entries += text.read_text(encoding="utf-8").count(".visible .entry ")
        if all_entries and not entries:
            print(f"{' '.join([spec, *defines])} {precision}: its {all_entries} kernels are those of models before")
            return True
        good = True
        for architecture, most_registers in MOST_REGISTERS[precision].items():
            text = texts[architecture == "sm_90a"]
            entries = text.read_text(encoding="utf-8").count(".visible .entry ")
            kernels = assemble(ptxas, text, architecture) if entries else []
            spilling = [k["name"] for k in kernels if k["stores"] != "0" or k["loads"] != "0"]
            good &= len(kernels) == entries and not spilling
            most = max((int(k["registers"]) for k in kernels), default=0)
            shared = max(map(shared_bytes, kernels), default=0)
            good &= most <= most_registers and shared <= MOST_SHARED_BYTES[precision]
            print(f"{' '.join([spec, *defines])} {precision} {architecture}: {len(kernels)} of {entries} kernels that are not of models before, "
                  f"{text.stat().st_size} bytes of PTX, at most {most} of {most_registers} registers, {shared} of "
                  f"{MOST_SHARED_BYTES[precision]} bytes of shared memory, spilling: {', '.join(spilling) or 'none'}", flush=True)
            for kernel in kernels if verbose else []:
                print(f"  {kernel['registers']:>4} {kernel['name']}")
        return good


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
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    ptxas = find_ptxas()
    if not ptxas:
        print("skipped: no ptxas")
        return SKIPPED
    cases = [(spec, defines, precision) for precision in PRECISIONS for spec, defines in MODELS
             if precision == "f32" or (spec in OF_TENSOR_CORES and "shortcut=C" not in defines)]
    known: dict[str, set[str]] = {precision: set() for precision in PRECISIONS}
    results = [check(arguments.build / "bin" / "skipc", ptxas, *case, known[case[2]], arguments.verbose) for case in cases]
    results += [check_tiles(arguments.build / "bin" / "skipc", ptxas, precision) for precision in ("tf32", "bf16")]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
