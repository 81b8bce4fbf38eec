#!/usr/bin/env python3
"""Checkpoints and pictures as people have them: the right values, or a refusal that says what is wrong."""
import trouble
from test_trouble_pytorch import PTH

SPECS, CHECKPOINTS, PICTURES = (trouble.folder() / part for part in ("specs", "checkpoints", "pictures"))

# spec and checkpoint: what is said where it is refused, or None where the result is tiny_y.npy
SAFETENSORS = {
    ("tiny", "ok"): None,
    ("tiny_prefixed", "prefix_model-"): None,
    ("tiny_prefixed", "prefix_module-model-"): None,
    ("tiny", "prefix_model-"): None,
    ("tiny", "prefix_module-model-"): None,
    ("tiny", "prefix__orig_mod-"): None,
    ("tiny", "extra_buffers"): "extra: `criterion.weight`",
    ("tiny_features", "ok"): "extra: `fc.weight`",
    ("tiny", "f64"): None,
    ("tiny", "duplicate_same"): "two tensors called `conv1.weight`",
}

# The means of R, G, B over each quarter of a picture, by Pillow 12.3 (that of 16 bits: a 256th of its values).
TURNED = [131.37, 40.98, 78.1, 190.83, 63.13, 129.08, 63.23, 190.78, 128.69, 127.97, 152.87, 152.19]
INKS = [131.43, 40.99, 78.04, 190.92, 63.14, 128.9, 63.28, 190.75, 128.61, 127.83, 152.82, 152.6]
GREY = [63.25] * 3 + [63.74] * 3 + [191.25] * 3 + [191.74] * 3
QUARTERS = {
    "cmyk_adobe.jpg": (260, 300, INKS),
    "cmyk_no_adobe.jpg": (260, 300, INKS),
    "exif6.jpg": (260, 300, TURNED),
    "no_eoi.jpg": (260, 300, TURNED),
    "grey16.png": (260, 300, GREY),
    "p224.png": (224, 224, [130.63, 40.89, 81.8, 191.04, 63.05, 126.31, 63.24, 190.91, 126.53, 126.98, 152.39, 156.37]),
    "size_257x1281.png": (1281, 257, [130.13, 41.26, 79.22, 190.51, 63.24, 126.2, 62.7, 190.61, 126.73, 127.76, 153.01, 154.33]),
}

PICTURE_MODEL = """model picture(h, w) {{
  input image[3, h, w] {{mean = [0, 0, 0], std = [1, 1, 1]{}}}
  output y = relu(image)
}}
"""


def quarters(height: int, width: int, planes: list[float]) -> list[float]:
    """Of an even part of [3, height, width]."""
    tall, wide = height // 2, width // 2
    return [255 * sum(sum(planes[(channel * height + y) * width + left:][:wide]) for y in range(top, top + tall)) / (tall * wide)
            for top in (0, tall) for left in (0, wide) for channel in range(3)]


class Files(trouble.Case):
    def test_every_file_is_tried(self):
        tried = {f"{name}.safetensors" for _, name in SAFETENSORS} | {f"{name}.pth" for name in PTH} | set(QUARTERS)
        there = {path.name for folder in (CHECKPOINTS, PICTURES) for path in folder.iterdir() if path.suffix != ".npy"}
        self.assertEqual(there, tried)

    def test_safetensors(self):
        for (spec, name), refusal in SAFETENSORS.items():
            with self.subTest(spec=spec, checkpoint=name):
                path = CHECKPOINTS / f"{name}.safetensors"
                if refusal is None:
                    self.hold_to_right_values(spec, path, 1e-5)
                else:
                    self.refused("run", SPECS / f"{spec}.skip", "--weights", path, "--input", CHECKPOINTS / "tiny_x.npy", "--output",
                                 self.folder / "none.npy", expected=refusal)
                    self.assertFalse((self.folder / "none.npy").exists())

    def picture(self, name: str, height: int, width: int, *flags: str, settings: str = "") -> list[float]:
        spec, y = self.folder / "picture.skip", self.folder / "y.npy"
        spec.write_text(PICTURE_MODEL.format(settings), encoding="ascii")
        self.succeed("run", spec, "-D", f"h={height}", "-D", f"w={width}", "--weights", "random:1", PICTURES / name, "--output", y,
                     *flags)
        return trouble.read_npy(y)[1]

    def test_pytorch_files_are_read_as_they_are(self):
        for name, expected in PTH.items():
            with self.subTest(checkpoint=name):
                path = CHECKPOINTS / f"{name}.pth"
                if name == "whole_module":
                    self.refused("run", SPECS / "tiny.skip", "--weights", path, "--input", CHECKPOINTS / "tiny_x.npy",
                                 expected="an object of the class `tiny_torch.Tiny`, which only its own code can open")
                else:
                    spec = expected if expected.startswith("tiny") else "tiny"
                    self.hold_to_right_values(spec, path, 2e-4 if name == "half" else 1e-5)

    def test_pictures_hold_what_pillow_reads(self):
        for name, (height, width, right) in QUARTERS.items():
            with self.subTest(picture=name):
                got = quarters(height, width, self.picture(name, height, width, "--as-is"))
                self.assertLess(max(abs(a - b) for a, b in zip(got, right)), 0.01)

    def test_a_picture_of_the_right_size_is_scaled_and_cropped_unless_as_is(self):
        fitted = self.picture("p224.png", 224, 224, settings=", resize = 256, crop = 224")
        whole = self.picture("p224.png", 224, 224, "--as-is", settings=", resize = 256, crop = 224")
        self.assertNotEqual(fitted, whole)
        self.refused("run", self.folder / "picture.skip", "-D", "h=224", "-D", "w=224", "--weights", "random:1", "--as-is",
                     "--output", self.folder / "y.npy", PICTURES / "exif6.jpg", expected="300 x 260")


if __name__ == "__main__":
    trouble.main(Files)
