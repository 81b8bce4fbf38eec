#!/usr/bin/env python3
"""The goldens of instructions by which GPUs are held against the emulator (scripts/gpu/goldens):

- each form of instruction in the catalogue's kernels, and in those of random networks, has one,
- each runs on the emulator, and gives the same bits with any seed and mode of completion,
- each tells something: its results are not all one number,
- the bits of arithmetic, conversions and products of matrices are those of exact arithmetic (golden_references.py), and tensor maps are walked
  as the ISA says (golden_walks.py),
- where a GPU's results lie in silicon/, the emulator gives the same,
- what is judged finds a bit that is another, and numbers that are too far apart,
- ptxas assembles them all, where it is.

    SKIP_CUDA_DRIVER=build/release/lib/libskip-cuda-emulator.so gpu_goldens.py --build build/release
"""

from __future__ import annotations

import argparse
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import golden_references
import ptxas
import real_data
from networks.draw import draw_for

SCRIPTS = real_data.PROJECT / "scripts" / "gpu"
sys.path.insert(0, str(SCRIPTS))

import check_goldens
import golden_walks
import goldens
from goldens import runs
from goldens.forms import forms
from goldens.golden import Golden, Judge, differences, entry, head

MODELS = [
    ["cifar_resnet", "-D", "depth=8"],
    ["cifar_resnet_v2"],
    ["iresnet"],
    ["resnet50"],
    ["resnet50d"],
    ["resnext50_32x4d"],
    ["seresnet50"],
    ["vgg16"],
]
IN_EACH_PRECISION = (["cifar_resnet", "-D", "depth=8"], ["resnet50"], ["seresnet50"])
RANDOM_SEEDS = range(1, 13)
PRECISIONS = ("f32", "tf32", "f16", "bf16")
ORDERS = [("1", "eager"), ("2", "lazy"), ("3", "mixed")]
LEAST_REFERENCES = 70
OF_ONE_NUMBER = {"bar.red.popc.u32", "elect.sync", "tensor map, tile 2d, all outside"}  # as it should be


def say(good: bool, text: str) -> bool:
    print(f"{'good' if good else 'BAD '} {text}", flush=True)
    return good


def text_of(skipc: pathlib.Path, spec: list[str], precision: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--target=cuda", "--precision", precision]
        flags += ["--batch", "1,64", "--gpu-arch=sm_90a", "--gpu-code=ptx"] if precision in ("f16", "bf16") else ["--batch", "1,3"]
        subprocess.run([str(skipc), "build", *spec, *flags, "--name", "net", "--emit=ptx", "-o", folder], check=True)
        return "".join(text.read_text(encoding="utf-8") for text in sorted(pathlib.Path(folder).glob("*.ptx")))


def catalogue(skipc: pathlib.Path) -> list[str]:
    texts = [
        text_of(skipc, spec, precision) for precision in PRECISIONS for spec in MODELS if precision in ("f32", "bf16") or spec in IN_EACH_PRECISION
    ]
    with tempfile.TemporaryDirectory() as folder:
        for seed in RANDOM_SEEDS:
            path = pathlib.Path(folder) / f"random-{seed}.skip"
            path.write_text(draw_for(seed, "cuda", wider=True).text())
            texts.append(text_of(skipc, [str(path)], PRECISIONS[seed % len(PRECISIONS)]))
    return texts


def check_forms(skipc: pathlib.Path) -> bool:
    texts = catalogue(skipc)
    found = set().union(*map(forms, texts))
    missing = check_goldens.uncovered(texts)
    good = say(
        len(found) > 90 and not missing,
        f"{len(found)} forms of instructions in {len(texts)} libraries; without a golden: {', '.join(missing) or 'none'}",
    )
    planted = (
        ".visible .entry k()\n{\n  @%p1 frob.rn.f32 \t%f1, %f2;\n"
        "L1: cp.async.cg.shared.global [%r1], [%rd1], 8, %r2; // mul.x\n  mov.u32 %r1, %smid;\n}\n"
    )
    return good & say(
        check_goldens.uncovered([planted]) == ["cp.async.cg.shared.global 8 of fewer", "frob.rn.f32", "mov.u32 %smid"],
        "forms that no golden has are told",
    )


def check_runs(folder: pathlib.Path) -> bool:
    good = True
    for number, (seed, completion) in enumerate(ORDERS):
        order = {
            **os.environ,
            "SKIP_EMULATOR_ARCH": "sm_90a",
            "SKIP_EMULATOR_SEED": seed,
            "SKIP_EMULATOR_COMPLETION": completion,
            "SKIP_EMULATOR_LEAKS": "fail",
        }
        files = [str(folder / "first")] if number else []
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / "check_goldens.py"), *files, "--record", str(folder / ("again" if number else "first"))],
            env=order,
            capture_output=True,
            text=True,
            check=False,
        )
        good &= say(
            done.returncode == 0, f"seed {seed}, {completion}: {done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr.strip()}"
        )
        if done.returncode:
            print(done.stdout + done.stderr)
    return good


def check_results(results: runs.Results) -> bool:
    words = {name: {result[at : at + 4] for at in range(0, len(result), 4)} for name, result in results.items()}
    dull = {name for name, numbers in words.items() if len(numbers) < 2}
    return say(dull == OF_ONE_NUMBER, f"results of one number: {', '.join(sorted(dull))}")


def expected(golden: Golden) -> list[int] | None:
    """Its output words by a second reading of the ISA, where there is one."""
    if golden.tensor_map:
        return golden_walks.loaded(golden)
    opcode = golden.body.split()[0]
    threads = golden.threads * golden.blocks
    columns = [list(golden.words[at : at + threads]) for at in range(0, len(golden.words), threads)]
    if golden.name.endswith(" whole") and (product := golden_references.matrix_product(opcode, columns)):
        return [word for register in product for word in register]
    operation = golden_references.elementwise(opcode) if golden.judge.rule == "bits" else None
    return [operation(*words) for words in zip(*columns)] if operation else None


def check_references(rows: list[Golden], results: runs.Results) -> bool:
    held, wrong = 0, []
    for golden in rows:
        words = expected(golden)
        held += words is not None
        if words is not None and struct.pack(f"<{len(words)}I", *words) != results[golden.name]:
            found = struct.unpack(f"<{len(words)}I", results[golden.name])
            at = next(i for i, pair in enumerate(zip(found, words)) if pair[0] != pair[1])
            wrong.append(f"{golden.name}: {found[at]:#x}, not {words[at]:#x}, in thread {at}")
    return say(held >= LEAST_REFERENCES and not wrong, f"{held} goldens held against a second reading of the ISA; otherwise: {'; '.join(wrong) or 'none'}")


def check_silicon() -> bool:
    files = sorted((pathlib.Path(__file__).parent / "silicon").glob("*.txt"))
    if not files:
        print("skipped: no GPU's results are here yet")
    order, good = {**os.environ, "SKIP_EMULATOR_ARCH": "sm_90a"}, True
    for path in files:
        done = subprocess.run([sys.executable, str(SCRIPTS / "check_goldens.py"), str(path)], env=order, check=False)
        good &= say(done.returncode == 0, f"as {path.name}")
    return good


def check_judges(rows: list[Golden], results: runs.Results) -> bool:
    blind = []
    for golden in rows:
        result = bytearray(results[golden.name])
        result[len(result) // 2] ^= 1 if golden.judge.rule == "bits" else 0xFF
        result[len(result) // 2 + 1] ^= 0 if golden.judge.rule == "bits" else 0xFF
        result[-1] ^= 0 if golden.judge.rule == "bits" else 0x7F
        if differences(golden, bytes(result), results[golden.name])[2]:
            blind.append(golden.name)
    good = say(not blind, f"goldens that do not see other results: {', '.join(blind) or 'none'}")
    near = Golden(name="near", body="", inputs="", outputs="w", words=(), judge=Judge("ulps", 2))
    numbers = [
        struct.pack("<3f", 1.0, float("nan"), -0.0),
        struct.pack("<3f", 1 + 2**-22, float("nan"), 0.0),
        struct.pack("<3f", 1 + 3 * 2**-23, float("nan"), 0.0),
        struct.pack("<3f", 1.0, 5.0, 0.0),
    ]
    return good & say(
        [differences(near, numbers[0], other)[2] for other in numbers] == [True, True, False, False], "two ulp are near, three are not, nor is a NaN"
    )


def check_files(rows: list[Golden], folder: pathlib.Path) -> bool:
    """What is read is held against what is expected of it."""
    text, good = (folder / "first").read_text(encoding="utf-8"), True
    for what, changed in {
        "another kernel": text.replace("\t", "\t0", 1),
        "no results": text[:-3] + "\n",
        "no tabs": text + "what\n",
        "other bytes": text + "a\tb\t???\n",
    }.items():
        (folder / "bad").write_text(changed, encoding="utf-8")
        try:
            runs.read(folder / "bad", rows)
            good &= say(False, f"{what}: it was read")
        except ValueError as error:
            good &= say("line" in str(error), f"{what}: {str(error).split('bad, ')[-1]}")
    return good


def check_assembly(folder: pathlib.Path, rows: list[Golden]) -> bool:
    assembler = ptxas.find_ptxas()
    if not assembler:
        print("skipped: no ptxas")
        return True
    good = True
    for target in sorted({golden.target for golden in rows}):
        some = [golden for golden in rows if golden.target == target]
        path = folder / f"{target}.ptx"
        path.write_text(head(target) + "".join(entry(golden, f"golden{i}") for i, golden in enumerate(some)))
        done = subprocess.run(
            [assembler, f"-arch={target}", str(path), "-o", str(path.with_suffix(".cubin"))], capture_output=True, text=True, check=False
        )
        good &= say(
            done.returncode == 0 and "(C7" not in done.stderr, f"ptxas takes {len(some)} goldens for {target}{done.stderr if done.returncode else ''}"
        )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=real_data.PROJECT / "build" / "release")
    arguments = parser.parse_args()
    rows = goldens.everything()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        good = check_runs(folder)
        if good:
            results = runs.read(folder / "first", rows)
            good = all([check_results(results), check_references(rows, results), check_judges(rows, results), check_files(rows, folder)])
        good = all([good, check_silicon(), check_assembly(folder, rows), check_forms(arguments.build / "bin" / "skipc")])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
