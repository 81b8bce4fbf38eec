"""Pictures as PNG and as a C program reads them: picture-files.py FOLDER writes N.png and N.rgb (width and height as text, then bytes);
picture-files.py compare X.npy X.raw demands the same numbers."""
import pathlib
import struct
import sys
import zlib


def png(pixels: bytes, width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[3 * width * y:3 * width * (y + 1)] for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(
        b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    state = 1
    for number, (width, height) in enumerate([(53, 31), (14, 17), (7, 90), (1, 1), (200, 3)]):
        pixels = bytearray()
        for _ in range(width * height * 3):
            state = (state * 1103515245 + 12345) % 2**31
            pixels.append(state >> 16 & 255)
        (folder / f"{number}.png").write_bytes(png(bytes(pixels), width, height))
        (folder / f"{number}.rgb").write_bytes(b"%d %d\n" % (width, height) + pixels)


def compare(array: pathlib.Path, raw: pathlib.Path) -> None:
    expected, found = array.read_bytes(), raw.read_bytes()
    if len(found) == 0 or not expected.endswith(found) or len(expected) - len(found) > 256:
        sys.exit(f"{array} and {raw} differ")
    print("the same numbers")


if __name__ == "__main__":
    if sys.argv[1] == "compare":
        compare(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    else:
        write(pathlib.Path(sys.argv[1]))
