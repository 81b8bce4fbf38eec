"""Where the real checkpoints and pictures are: the folder that SKIP_DATA names, else ../shared/data beside the project."""
import os
import pathlib
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def source() -> pathlib.Path:
    return pathlib.Path(os.environ.get("SKIP_DATA", PROJECT.parent / "shared" / "data"))


def skip_without_data() -> None:
    """Ends the test as skipped, saying so, where there is no data."""
    if not (source() / "unpack.py").exists():
        print(f"skipped: no data at {source()} (set SKIP_DATA to the folder that holds unpack.py)")
        sys.exit(SKIPPED)


def unpacked(build: pathlib.Path, part: str) -> pathlib.Path:
    """The folder below `build` with `part` (`cifar10` or `weights`) unpacked; does it the first time."""
    folder = build / "test-data"
    done = folder / f".{part}-done"
    if not done.exists():
        subprocess.run(["/usr/bin/python3", str(source() / "unpack.py"), str(folder), part], check=True, stdout=subprocess.DEVNULL)
        done.touch()
    return folder


def checkpoint(build: pathlib.Path, name: str) -> pathlib.Path:
    plain = source() / "weights" / f"{name}.safetensors"
    return plain if plain.exists() else unpacked(build, "weights") / f"{name}.safetensors"
