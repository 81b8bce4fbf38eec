#!/usr/bin/env python3
"""Writes a checkpoint with a fault: spoil-checkpoint.py FROM TO header|nan|metadata|checksum|fold."""
import json
import pathlib
import struct
import sys


def spoilt(data: bytearray, fault: str) -> bytes:
    if fault == "header":
        data[40] ^= 0xFF
        return bytes(data)
    if fault == "checksum":
        return bytes(data).replace(b'"checksum"', b'"cheaksum"', 1)
    if fault == "nan":  # the last element, of a file of an earlier skipc, that had no checksums
        data[-4:] = struct.pack("<f", float("nan"))
        return bytes(data).replace(b'"checksum"', b'"no_check"', 1).replace(b'"validation"', b'"no_validat"', 1)
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    if fault == "fold":  # values whose quotient is no number
        for name, value in (("conv1.weight", 1e30), ("bn1.running_var", 1e-20)):
            begin, end = (8 + length + offset for offset in header[name]["data_offsets"])
            data[begin:end] = struct.pack("<f", value) * ((end - begin) // 4)
        return bytes(data).replace(b'"checksum"', b'"no_check"', 1)
    del header["__metadata__"]
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(data[8 + length :])


def main() -> None:
    source, target, fault = sys.argv[1:]
    pathlib.Path(target).write_bytes(spoilt(bytearray(pathlib.Path(source).read_bytes()), fault))


if __name__ == "__main__":
    main()
