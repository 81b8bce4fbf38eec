#!/usr/bin/env python3
"""The assembler takes the kernels of the catalogue's models for CUDA, with no value spilled, for the oldest GPU and for later ones.

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

SKIPPED = 77
MODELS = [("cifar_resnet", ["depth=20"]), ("cifar_plain", ["depth=20"]), ("resnet18", []), ("resnet18", ["shortcut=A"]),
          ("resnet18", ["shortcut=C"]), ("resnet34", []), ("resnet50", []), ("resnet50", ["stride_on=conv1"]),
          ("resnet152", []), ("plain18", []), ("vgg16", [])]
PRECISIONS = ("f32", "tf32", "f16", "bf16")
OF_TENSOR_CORES = ("cifar_resnet", "resnet18", "resnet50", "vgg16")  # the others have no kernels of another kind
ARCHITECTURES = ("sm_80", "sm_90")
KERNEL = re.compile(r"Compiling entry function '(?P<name>[^']+)'.*?"
                    r"(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?Used (?P<registers>\d+) registers",
                    re.DOTALL)


def find_ptxas() -> str | None:
    return shutil.which("ptxas") or shutil.which("/usr/local/cuda/bin/ptxas")


def assemble(ptxas: str, text: pathlib.Path, architecture: str) -> list[re.Match[str]]:
    command = [ptxas, "-v", f"-arch={architecture}", str(text), "-o", str(text.with_suffix(".cubin"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return list(KERNEL.finditer(done.stdout + done.stderr))


def check(skipc: pathlib.Path, ptxas: str, spec: str, defines: list[str], precision: str, verbose: bool) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        command = [str(skipc), "build", spec, "--target=cuda", "--precision", precision, "--batch", "1,16", "--name", "net", "--emit=ptx",
                   "-o", folder]
        for define in defines:
            command += ["-D", define]
        subprocess.run(command, check=True)
        text = pathlib.Path(folder) / "net.ptx"
        entries = text.read_text(encoding="utf-8").count(".visible .entry ")
        good = True
        for architecture in ARCHITECTURES:
            kernels = assemble(ptxas, text, architecture)
            spilling = [k["name"] for k in kernels if k["stores"] != "0" or k["loads"] != "0"]
            good &= len(kernels) == entries > 0 and not spilling
            most = max((int(k["registers"]) for k in kernels), default=0)
            print(f"{' '.join([spec, *defines])} {precision} {architecture}: {len(kernels)} of {entries} kernels, {text.stat().st_size} bytes "
                  f"of PTX, at most {most} registers, spilling: {', '.join(spilling) or 'none'}", flush=True)
            for kernel in kernels if verbose else []:
                print(f"  {kernel['registers']:>4} {kernel['name']}")
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
    results = [check(arguments.build / "bin" / "skipc", ptxas, *case, arguments.verbose) for case in cases]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
