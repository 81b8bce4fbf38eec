"""rename.py FROM TO OLD=NEW...: a safetensors file with other labels at the front of its names."""
import json
import struct
import sys

source, target, *renames = sys.argv[1:]
with open(source, "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header, data = json.loads(file.read(length)), file.read()
for rename in renames:
    old, new = rename.split("=")
    header = {new + name[len(old):] if name.startswith(old + ".") else name: entry for name, entry in header.items()}
text = json.dumps(header).encode()
with open(target, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
