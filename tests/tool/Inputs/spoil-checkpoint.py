#!/usr/bin/env python3
"""Writes a checkpoint with a fault: spoil-checkpoint.py FROM TO header|nan|metadata."""
import json
import pathlib
import struct
import sys


def spoilt(data: bytearray, fault: str) -> bytes:
    if fault == "header":
        data[40] ^= 0xFF
        return bytes(data)
    if fault == "nan":  # the last element, of a file that says no checksum
        data[-4:] = struct.pack("<f", float("nan"))
        return bytes(data).replace(b'"checksum"', b'"no_check"', 1)
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    del header["__metadata__"]
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(data[8 + length :])


def main() -> None:
    source, target, fault = sys.argv[1:]
    pathlib.Path(target).write_bytes(spoilt(bytearray(pathlib.Path(source).read_bytes()), fault))


if __name__ == "__main__":
    main()
