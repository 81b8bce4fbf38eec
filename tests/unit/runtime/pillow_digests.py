#!/usr/bin/env python3
"""Writes PillowDigests.h: what Pillow makes of pictures that PillowTest.cpp makes too. Needs numpy and Pillow 13 or later.

    pillow_digests.py [--check]      with --check it compares the file with what Pillow gives
"""
import math
import pathlib
import random
import sys
import zlib

import numpy
from PIL import Image

FILE = pathlib.Path(__file__).with_name("PillowDigests.h")
FILTERS = {"BILINEAR": Image.Resampling.BILINEAR, "BICUBIC": Image.Resampling.BICUBIC}


def pattern(count: int, seed: int) -> numpy.ndarray:
    """Bytes without an order; every third seed has 0 and 255 alone, where cubics overshoot."""
    value = (numpy.arange(count, dtype=numpy.uint64) + seed) * 2654435761 % 2**32
    value ^= value >> 15
    value = value * 2246822519 % 2**32
    value ^= value >> 13
    return (numpy.where(value >> 31, 255, 0) if seed % 3 == 0 else value >> 24).astype(numpy.uint8)


def digest(order: str, filter_name: str, width: int, height: int, to_width: int, to_height: int, seed: int) -> int:
    pixels = pattern(width * height * {"GREY": 1, "RGBA": 4}.get(order, 3), seed).reshape(height, width, -1)
    if order == "GREY":
        picture = Image.fromarray(pixels[..., 0])
    else:
        picture = Image.fromarray(numpy.ascontiguousarray(pixels[..., ::-1] if order == "BGR" else pixels[..., :3]))
    if order == "GREY_OF_RGB":
        picture = picture.convert("L")
    return zlib.crc32(picture.resize((to_width, to_height), FILTERS[filter_name]).tobytes())


def cases():
    draw = random.Random(1)
    sizes = [(500, 375, 341, 256), (375, 500, 256, 341), (257, 1281, 256, 1276), (1, 1, 7, 5), (640, 1, 3, 9), (1, 333, 5, 2)]
    while len(sizes) < 200:
        sizes.append(tuple(int(math.exp(draw.uniform(0, math.log(most)))) for most in (260, 260, 200, 200)))
    for i, (width, height, to_width, to_height) in enumerate(sizes):
        to_width, to_height = (width if i % 17 == 9 else to_width), (height if i % 17 == 12 else to_height)
        yield ["RGB", "GREY", "BGR", "RGBA", "GREY_OF_RGB"][i % 5], list(FILTERS)[i // 5 % 2], width, height, to_width, to_height, i


def text() -> str:
    lines = ["// By pillow_digests.py, of what Pillow gives: CRC-32 of the bytes.", "#pragma once", "", "#include <cstdint>", "", "namespace test {", "",
             "struct PillowDigest {", "  const char *order, *filter;", "  int width, height, toWidth, toHeight, seed;", "  uint32_t crc;", "};", "",
             "// clang-format off", "inline constexpr PillowDigest pillowDigests[] = {"]
    for case in cases():
        lines.append("  {" + ", ".join(f'"{part}"' if isinstance(part, str) else str(part) for part in case) + f", 0x{digest(*case):08x}}},")
    return "\n".join([*lines, "};", "// clang-format on", "", "} // namespace test", ""])


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if FILE.read_text() == text() else f"{FILE.name} is not what Pillow {Image.__version__} gives")
    FILE.write_text(text())
