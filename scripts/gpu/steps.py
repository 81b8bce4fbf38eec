"""What each step of a run left in memory, in short: a checksum of all bytes, and some of the numbers."""
from __future__ import annotations

import ctypes
import math
import struct
import zlib

from library import Library

SAMPLES = 512
# How far numbers may be from those of the emulator, of a step's largest: sums in another order, and roundings that turn over and go on.
MOST_DIFFERENT = {"f32": 1e-5, "tf32": 4e-3, "f16": 8e-3, "bf16": 6e-2}


def numbers(data: bytes, layout: str) -> list[float]:
    """Evenly spaced elements of a step's result."""
    element = layout.split(":")[1] if ":" in layout else "f32"
    size = 2 if element in ("f16", "bf16") else 4
    count = len(data) // size
    places = [i * count // SAMPLES for i in range(SAMPLES)] if count > SAMPLES else range(count)
    if element == "bf16":
        return [struct.unpack("<f", b"\0\0" + data[2 * i:2 * i + 2])[0] for i in places]
    return [struct.unpack_from("<e" if element == "f16" else "<f", data, size * i)[0] for i in places]


def record(library: Library, plan: dict, values: list[float], count: int) -> tuple[list[dict], list[float]]:
    """The steps of a run of as many images as the plan is for, and what it gives."""
    steps: list[dict] = []

    def visit(event) -> None:
        written = plan["steps"][event.index]["outputs"][0]
        data = ctypes.string_at(event.results[0], written["bytes"])
        steps.append({"name": event.name.decode(), "checksum": zlib.crc32(data), "numbers": numbers(data, written["layout"])})

    library.observe(visit)
    outputs = library.run(values, count)
    library.observe(None)
    return steps, outputs


def difference(mine: list[float], others: list[float]) -> float:
    """Of the largest number. Infinite where one of them is none, or infinite on one side alone."""
    apart = [abs(a - b) for a, b in zip(mine, others) if a != b]
    if len(mine) != len(others) or not all(map(math.isfinite, apart)):  # max() would pass over what is no number
        return math.inf
    worst, largest = max(apart, default=0.0), max(filter(math.isfinite, map(abs, others)), default=0.0)
    return worst / largest if largest > 0 else worst


def compare(steps: list[dict], golden: list[dict], precision: str) -> tuple[bool, str]:
    if [step["name"] for step in steps] != [step["name"] for step in golden]:
        return False, "its steps are others than those that were recorded"
    equal = sum(mine["checksum"] == other["checksum"] for mine, other in zip(steps, golden))
    worst, name = max((difference(mine["numbers"], other["numbers"]), mine["name"]) for mine, other in zip(steps, golden))
    text = f"{equal} of {len(steps)} steps bit for bit as on the emulator, worst {worst:.1e} of {MOST_DIFFERENT[precision]:.0e} at {name}"
    return worst <= MOST_DIFFERENT[precision], text
