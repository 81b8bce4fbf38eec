#!/usr/bin/env python3
"""Pictures to ImageNet's input, shorter side to 256 and the middle 224 x 224, beside Pillow: milliseconds, and whether the bits are Pillow's.

    chrt -f 10 bench/pictures.py [--skipc SKIPC]      needs numpy and Pillow

`scale` is Pillow's Image.resize alone; `all` also crops, and normalises with numpy. skip does all of it, on one thread.
"""
import argparse
import pathlib
import sys
import tempfile
import time

import numpy as np
import PIL
from PIL import Image

PROJECT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "python"))
import skiprt  # noqa: E402

SPEC = """model pictures() {{
  input image[3, 224, 224] {{mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225], resize = 256, crop = 224, filter = "{filter}"}}
  output seen = image |> global_avg_pool
}}
"""
SIZES = [(500, 375), (375, 500), (1024, 768), (1920, 1080), (4032, 3024), (100, 75), (333, 1000)]


def best(call, seconds: float = 0.3) -> float:
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def scaled(picture: Image.Image, resample) -> Image.Image:
    shorter = min(picture.size)
    return picture.resize((256 * picture.width // shorter, 256 * picture.height // shorter), resample)


def prepared(picture: Image.Image, resample, table: np.ndarray) -> np.ndarray:
    whole = scaled(picture, resample)
    left, top = round((whole.width - 224) / 2), round((whole.height - 224) / 2)
    pixels = np.asarray(whole.crop((left, top, left + 224, top + 224)))
    return np.stack([table[channel][pixels[:, :, channel]] for channel in range(3)])[None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skipc", default=str(PROJECT / "build" / "release" / "bin" / "skipc"))
    arguments = parser.parse_args()
    values = np.arange(256, dtype=np.float32) / np.float32(255)
    table = np.stack([(values - np.float32(mean)) / np.float32(std) for mean, std in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    random, wrong = np.random.default_rng(1), 0
    print(f"Pillow {PIL.__version__}\n{'filter':9} {'picture':>12} {'scale':>8} {'all':>8} {'skip':>8}  all/skip  scale/skip  bits")
    with tempfile.TemporaryDirectory() as folder:
        for name, resample in (("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)):
            spec = pathlib.Path(folder) / "pictures.skip"
            spec.write_text(SPEC.format(filter=name))
            model = skiprt.compile(spec, output=pathlib.Path(folder) / name, skipc=arguments.skipc)
            out = np.empty((1, 3, 224, 224), np.float32)
            for width, height in SIZES:
                pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
                picture = Image.fromarray(pixels)
                same = np.array_equal(model.preprocess(pixels, out=out), prepared(picture, resample, table))
                wrong += not same
                scale, everything, skip = (best(call) for call in (lambda: scaled(picture, resample), lambda: prepared(picture, resample, table),
                                                                   lambda: model.preprocess(pixels, out=out)))
                print(f"{name:9} {f'{width} x {height}':>12} {scale:8.3f} {everything:8.3f} {skip:8.3f} {everything / skip:8.1f} {scale / skip:11.1f}"
                      f"  {'equal' if same else 'DIFFERENT'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
