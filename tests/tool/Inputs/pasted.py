#!/usr/bin/env python3
"""A command that a note proposes is read back by a shell as it was meant, whatever the spec's path is: pasted.py SPEC"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    spec = pathlib.Path(folder) / "a\nb'c\\d\x01 .skip"
    shutil.copy(sys.argv[1], spec)
    built = subprocess.run(["skipc", "build", spec, "-o", folder + "/out"], check=True, capture_output=True, text=True,
                           env={**os.environ, "XDG_CACHE_HOME": folder})
    command = re.search(r"`skipc (tune .*)` measures", built.stderr)[1]
    words = subprocess.run(["bash", "-c", r"printf '%s\0' " + command], check=True, capture_output=True, text=True).stdout.split("\0")
    assert words[1] == str(spec), (command, words)
