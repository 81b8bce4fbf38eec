"""Writes a checkpoint of one value a tensor: constant.py FILE NAME=SHAPE=VALUE..., e.g. fc.weight=64,4096=0.01"""
import json
import math
import struct
import sys

header, data = {}, b""
for text in sys.argv[2:]:
    name, dims, value = text.split("=")
    shape = [int(dim) for dim in dims.split(",")]
    bytes_ = struct.pack("<f", float(value)) * math.prod(shape)
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(bytes_)]}
    data += bytes_
text = json.dumps(header).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
