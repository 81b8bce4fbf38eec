#!/usr/bin/env python3
"""Writes a PNG, and another with the same picture lying on its side and EXIF that says so: turned.py UPRIGHT TURNED"""
import struct
import sys
import zlib

SIDE = 32


def pixel(x: int, y: int) -> bytes:
    return bytes([8 * x, 8 * y, (x * y) % 256])


def write(path: str, rows: "list[bytes]", *more: "tuple[bytes, bytes]") -> None:
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, content in ((b"IHDR", header), *more, (b"IDAT", data), (b"IEND", b"")):
            file.write(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content)))


upright = [b"".join(pixel(x, y) for x in range(SIDE)) for y in range(SIDE)]
# Orientation 6: to be turned by a quarter to the right.
turned = [b"".join(pixel(SIDE - 1 - y, x) for x in range(SIDE)) for y in range(SIDE)]
exif = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
write(sys.argv[1], upright)
write(sys.argv[2], turned, (b"eXIf", exif))
