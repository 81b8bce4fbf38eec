#!/usr/bin/env python3
"""Writes folders of small PNG pictures, a folder a class, each of another colour: colours.py FOLDER PICTURES.

With `black` behind it all are black."""
import pathlib
import struct
import sys
import zlib


def png(pixels: bytes, side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[3 * side * y : 3 * side * (y + 1)] for y in range(side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + chunk(
        b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main() -> None:
    folder, count, black = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["black"]
    state = 1
    for part in ("train", "val"):
        for number, name in enumerate(("red", "green", "blue")):
            place = folder / part / name
            place.mkdir(parents=True)
            for picture in range(count):
                pixels = bytearray()
                for i in range(8 * 8 * 3):
                    state = (state * 1103515245 + 12345) % 2**31
                    pixels.append(0 if black else (120 if i % 3 == number else 60) + (state >> 16) % 80)
                (place / f"{picture}.png").write_bytes(png(bytes(pixels), 8))


if __name__ == "__main__":
    main()
