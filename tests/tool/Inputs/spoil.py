"""Copies a safetensors file of F32 tensors with the first element of some replaced: spoil.py FROM TO NAME=VALUE..."""
import json
import struct
import sys

source, target, *changes = sys.argv[1:]
file = bytearray(open(source, "rb").read())
(length,) = struct.unpack_from("<Q", file)
header = json.loads(file[8 : 8 + length])
for change in changes:
    name, value = change.split("=")
    struct.pack_into("<f", file, 8 + length + header[name]["data_offsets"][0], float(value))
open(target, "wb").write(file)
