"""rename.py FROM TO OLD=NEW...: a safetensors file with other labels at the front of its names; with NEW+1+1 a tensor called NEW that
has these sizes at its end too."""
import json
import struct
import sys

source, target, *renames = sys.argv[1:]
with open(source, "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header, data = json.loads(file.read(length)), file.read()
for rename in renames:
    old, new = rename.split("=")
    new, *ones = new.split("+")
    if ones:
        header[old]["shape"] += [int(one) for one in ones]
    header = {new + name[len(old):] if name == old or name.startswith(old + ".") else name: entry for name, entry in header.items()}
text = json.dumps(header).encode()
with open(target, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
