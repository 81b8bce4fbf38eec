#!/usr/bin/env python3
"""Decodes pictures, all of one size, to R, G and B of each pixel on standard output. Needs Debian's python3-pil.

    decode.py FILE...
"""
import sys

import PIL.Image


def main() -> int:
    for path in sys.argv[1:]:
        with PIL.Image.open(path) as picture:
            sys.stdout.buffer.write(picture.convert("RGB").tobytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
