"""npy.py FILE N,C,H,W VALUE...: a tensor of float32 as numpy would write it."""
import struct
import sys

path, shape, *values = sys.argv[1:]
header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}"
header += " " * (-(len(header) + 11) % 64) + "\n"
with open(path, "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    file.write(struct.pack(f"<{len(values)}f", *map(float, values)))
