"""Writes files whose names and contents a terminal would obey, or that are no UTF-8, into a folder: raw.py FOLDER PICTURE"""
import json
import pathlib
import shutil
import struct
import sys

folder, picture = pathlib.Path(sys.argv[1]), sys.argv[2]
folder.mkdir(parents=True, exist_ok=True)
red = b"\x1b[31m"
SPECS = {
    "names.skip": b"model tiny() {\n  input x[3, 32, 32]\n  output y = x |> flatten |> f: linear(2) {classes = [\"a%s\", \"\xff\"]}\n}\n" % red,
    "comment.skip": b"model tiny() {\n  input x[3, 32, 32]\n  output y = \"%s\xc3\xb6\xe6\xbc\xa2\" nowhere // \xc2\x9b\n\toutput z = flattn(x)\n}\n" % red,
    "import.skip": b"import \"%s\xff.skip\"\n" % red,
    "binary.skip": bytes(range(1, 256)) * 2,
}
for name, text in SPECS.items():
    (folder / name).write_bytes(text)
(folder / "classes.txt").write_bytes(b"a%s\n\xc3\xb6\xff\n" % red)
header = json.dumps({"\x1b[31mf.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
(folder / "foreign.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
shutil.copy(picture, bytes(folder) + b"/ship\x1b\xff.png")
shutil.copy(bytes(folder) + b"/classes.txt", bytes(folder) + b"/\x1b.png")
