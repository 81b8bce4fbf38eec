#!/usr/bin/env python3
"""The program of docs/examples/finetune: built by its CMake file for a small network, it learns three new classes of twenty pictures
each in one process, and says what it cannot use.

    test_finetune.py --skipc build/release/bin/skipc
"""

from __future__ import annotations

import argparse
import math
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parents[1] / "docs" / "examples" / "finetune"
SPEC = HERE / "finetune" / "small.skip"
sys.path.insert(0, str(HERE.parent / "tool" / "Inputs"))
from colours import png  # noqa: E402

TRAINED, HELD_BACK, LEAST_RIGHT = 20, 8, 20  # of three classes: 24 are asked


def picture(angle: float, period: float, side: int) -> bytes:
    """Stripes at a random place, with noise."""
    phase, tint = random.uniform(0, 2 * math.pi), [random.uniform(0.6, 1) for _ in range(3)]
    pixels = bytearray()
    for y in range(side):
        for x in range(side):
            wave = math.sin(2 * math.pi * (x * math.cos(angle) + y * math.sin(angle)) / period + phase)
            pixels += bytes(max(0, min(255, int(128 + 70 * wave * t + random.gauss(0, 25)))) for t in tint)
    return png(bytes(pixels), side)


def write(folder: pathlib.Path, classes: dict[str, tuple[float, float]], count: int, side: int) -> None:
    for name, (angle, period) in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            (folder / name / f"{number:02}.png").write_bytes(picture(math.radians(angle), period, side))


def run(*command: str, expected: int = 0) -> str:
    """Its output, both streams."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != expected:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}")
    return done.stdout


def pretrain(skipc: str, folder: pathlib.Path) -> str:
    """A checkpoint of a network that knows four other classes."""
    write(folder / "first", {"a": (0, 4), "b": (45, 4), "c": (90, 8), "d": (135, 8)}, 24, 28)
    run(skipc, "train", str(SPEC), "--data", str(folder / "first"), "-o", str(folder / "run"))
    return str(folder / "run" / "last.safetensors")


def check_one_class(skipc: str, folder: pathlib.Path) -> list[str]:
    output = run("cmake", "-S", str(EXAMPLE), "-B", str(folder / "one-class"), f"-DSKIPC={skipc}", "-DCLASSES=1", expected=1)
    return [] if "two classes or more" in " ".join(output.split()) else [f"a network of one class: {output}"]


def build(skipc: str, folder: pathlib.Path) -> str:
    run("cmake", "-S", str(EXAMPLE), "-B", str(folder / "build"), f"-DSKIPC={skipc}", f"-DSPEC={SPEC}", "-DCLASSES=3", "-DBATCH=16",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror")
    run("cmake", "--build", str(folder / "build"))
    return str(folder / "build" / "finetune")


def check_jpeg(program: str, checkpoint: str, folder: pathlib.Path) -> list[str]:
    """Where there is something to write one with."""
    try:
        import PIL.Image
    except ImportError:
        return []
    path = folder / "of z.jpg"
    PIL.Image.open(folder / "new" / "z" / f"{TRAINED + 7}.png").save(path, quality=95)
    output = run(program, checkpoint, str(folder / "new"), str(path))
    return [] if output.splitlines()[-1].startswith(f"{path}: z ") else [f"a JPEG picture of z: {output}"]


def check_errors(program: str, checkpoint: str, folder: pathlib.Path) -> list[str]:
    (folder / "two").mkdir()
    (folder / "one" / "x").mkdir(parents=True)
    (folder / "one" / "x" / "0.png").touch()
    for name in ("x", "y"):
        (folder / "new" / name).rename(folder / "two" / name)
    (folder / "text").write_text("hello")
    faults = []
    for arguments, said, code in (([], "usage: finetune CHECKPOINT FOLDER", 2),
                                  ([checkpoint, str(folder / "two")], "it has 2 subfolders, one a class, and the network was built for 3 classes", 1),
                                  ([checkpoint, str(folder / "one")], "it has one subfolder; expected one for each of two classes or more", 1),
                                  ([checkpoint, str(folder / "nowhere")], "No such file or directory", 1)):
        if said not in (output := run(program, *arguments, expected=code)):
            faults.append(f"{arguments}: expected `{said}`, got {output}")
    for name in ("x", "y"):
        (folder / "two" / name).rename(folder / "new" / name)
    if "is not a safetensors file" not in (output := run(program, str(folder / "text"), str(folder / "new"), expected=1)):
        faults.append(f"a checkpoint that is none: {output}")
    return faults


def check_broken(program: str, checkpoint: str, folder: pathlib.Path) -> list[str]:
    """Pictures that are none are named, counted and passed over."""
    new, faults = folder / "new", []
    texts = [new / "x" / "00.png", new / "y" / f"{TRAINED + 2}.png", new / "z" / "01.png"]
    for path in texts:
        path.write_text("no picture")
    texts[2].write_bytes(b"\xff\xd8\xff no picture")  # of JPEG, by its first bytes
    output = run(program, checkpoint, str(new))
    for said in [f"passed over: {path}: " for path in texts] + [f"trained on {3 * TRAINED - 2} of {3 * TRAINED} pictures",
                                                              f"1 of {3 * HELD_BACK} passed over"]:
        if said not in output:
            faults.append(f"pictures that are none: expected `{said}`, got {output}")
    if not output.splitlines()[-1].endswith(f" of {3 * HELD_BACK - 1} right"):
        faults.append(f"pictures that are none are counted: {output}")
    good = str(new / "x" / "01.png")
    if "1 of 2 passed over" not in (output := run(program, checkpoint, str(new), str(texts[0]), good)):
        faults.append(f"of two pictures one is none: {output}")
    if "pictures to classify: none can be read" not in (output := run(program, checkpoint, str(new), str(texts[0]), expected=1)):
        faults.append(f"the only picture is none: {output}")
    for path in (new / "x").iterdir():
        path.write_text("no picture")
    if "x: no picture of this class can be read" not in (output := run(program, checkpoint, str(new), expected=1)):
        faults.append(f"no picture of a class: {output}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", required=True)
    skipc = str(pathlib.Path(parser.parse_args().skipc).resolve())
    random.seed(4)
    faults = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        checkpoint = pretrain(skipc, folder)
        write(folder / "new", {"x": (20, 6), "y": (70, 6), "z": (110, 10)}, TRAINED + HELD_BACK, 37)
        program = build(skipc, folder)
        output = run(program, checkpoint, str(folder / "new"))
        print(output)
        right, of = (int(word) for word in output.splitlines()[-1].split()[0:3:2])
        if of != 3 * HELD_BACK or right < LEAST_RIGHT:
            faults.append(f"{right} of {of} right, expected {LEAST_RIGHT} of {3 * HELD_BACK}")
        if run(program, checkpoint, str(folder / "new")) != output:
            faults.append("a second run gives another output")
        one = str(folder / "new" / "y" / f"{TRAINED + 1}.png")
        if f"{one}: " not in (said := run(program, checkpoint, str(folder / "new"), one)).splitlines()[-1]:
            faults.append(f"a picture of its own: {said}")
        faults += check_one_class(skipc, folder)
        faults += check_jpeg(program, checkpoint, folder)
        faults += check_errors(program, checkpoint, folder)
        faults += check_broken(program, checkpoint, folder)
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
