"""Pictures in Python become what the tool makes of their files."""
import os
import struct
import subprocess
import zlib

import numpy as np
import pytest

import skiprt


@pytest.mark.parametrize("order, channels", [("rgb", 3), ("bgr", 3), ("rgba", 4), ("grey", 1)])
def test_prepares_pictures_of_any_size_and_order(model, order, channels):
    wide = np.random.default_rng(3).integers(0, 256, (61, 97, channels), dtype=np.uint8)
    colours = {"rgb": wide, "bgr": wide[:, :, ::-1], "rgba": wide[:, :, :3], "grey": wide[:, :, [0, 0, 0]]}[order] if channels > 1 else wide[:, :, [0, 0, 0]]
    expected = model.preprocess(np.ascontiguousarray(colours))
    assert expected.shape == (1, 3, 32, 32)
    assert np.array_equal(model.preprocess(wide, order=order), expected)
    assert np.array_equal(model.preprocess(np.concatenate([wide, wide], 1)[:, :97], order=order), expected)  # rows with gaps
    batch = np.zeros((3, 3, 32, 32), np.float32)
    model.preprocess(wide, order=order, out=batch[1:2])
    assert np.array_equal(batch[1:2], expected) and not batch[0].any() and not batch[2].any()


def test_a_picture_of_the_inputs_size_is_only_normalised(model):
    picture = np.random.default_rng(4).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    assert np.array_equal(model.preprocess(picture[0]), model.normalize(picture))


SPEC = """model seen() {{
  input image[{channels}, 24, 20] {{filter = "{filter}"}}
  output pixels = image |> flatten
}}
"""


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("filter_name", ["bilinear", "bicubic"])
def test_pictures_are_pillows_to_the_bit(tmp_path, channels, filter_name):
    Image = pytest.importorskip("PIL.Image")
    (tmp_path / "seen.skip").write_text(SPEC.format(channels=channels, filter=filter_name))
    model = skiprt.compile(tmp_path / "seen.skip", output=tmp_path)
    random = np.random.default_rng(5)
    for case in range(60):
        height, width = np.exp(random.uniform(0, np.log(300), 2)).astype(int)
        picture = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        picture = picture if case % 3 else picture.convert("L")
        if int(PIL_version(Image)) < 13 and height > 24 and height - 24 > 2 * (width - 20):
            continue  # scaled in the other order then
        resample = Image.Resampling[filter_name.upper()]
        pixels = np.asarray(picture.convert("RGB" if channels == 3 else "L").resize((20, 24), resample)).reshape(24, 20, channels)
        expected = (pixels.astype(np.float32) / np.float32(255)).transpose(2, 0, 1)[None]
        assert np.array_equal(model.preprocess(picture), expected), (width, height)


def PIL_version(Image):
    return Image.__version__.split(".")[0]


@pytest.mark.parametrize("picture, how, error, text", [
    (np.zeros((4, 4, 3)), {}, TypeError, "uint8"),
    (np.zeros((4, 4, 2), np.uint8), {}, ValueError, r"\(height, width, 3\)"),
    (np.zeros((4, 4, 4), np.uint8), {"order": "rgb"}, ValueError, r"\(height, width, 3\) is expected for the order rgb"),
    (np.zeros((4, 4, 3), np.uint8), {"order": "gbr"}, ValueError, "none of rgb, bgr"),
    (np.zeros((4, 8, 3), np.uint8)[:, ::2], {}, ValueError, "side by side"),
    (np.zeros((4, 8, 3), np.uint8)[:, ::-1], {}, ValueError, "from right to left"),
    (np.zeros((4, 4, 3), np.uint8)[::-1], {}, ValueError, "rows run upwards"),
    (np.zeros((4, 4, 3), np.uint8)[:, :, ::-1], {}, ValueError, 'run backwards .order="bgr"'),
    (np.zeros((3, 4, 4), np.uint8).transpose(1, 2, 0), {}, ValueError, "channels of a pixel do not lie"),
    (np.broadcast_to(np.zeros((1, 4, 3), np.uint8), (4, 4, 3)), {}, ValueError, "rows lie upon one another"),
    (np.broadcast_to(np.zeros((4, 1, 3), np.uint8), (4, 4, 3)), {}, ValueError, "pixels of a row are one"),
    (np.zeros((4, 4), np.uint16), {}, TypeError, "uint16 .of 16 bits"),
    ([[1]], {}, TypeError, "not list"),
    (np.zeros((4, 4, 3), np.uint8), {"input": "label"}, ValueError, "no input 'label'"),
    (np.zeros((0, 4, 3), np.uint8), {}, skiprt.InvalidArgument, "4 x 0"),
])
def test_refuses_what_is_no_picture(model, picture, how, error, text):
    with pytest.raises(error, match=text):
        model.preprocess(picture, **how)


def png(path, colour: int, channels: int, numbers) -> None:
    """A PNG of 16 bits, of grey (0), RGB (2), grey and alpha (4) or RGBA (6)."""
    height, width = numbers.shape[:2]
    assert numbers.shape == (height, width, channels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in numbers)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seen")
    (folder / "seen.skip").write_text(SPEC.format(channels=3, filter="bilinear"))
    return skiprt.compile(folder / "seen.skip", output=folder)


def same_as_the_tool(model, file):
    Image = pytest.importorskip("PIL.Image")
    found = os.path.join(os.path.dirname(file), "found.npy")
    subprocess.run([os.environ["SKIPC"], "run", os.path.join(os.path.dirname(model.path), "seen.skip"), file, "--weights", "random:1", "--output", found], check=True,
                   stdout=subprocess.DEVNULL)
    return np.array_equal(model.preprocess(Image.open(file)).ravel(), np.load(found).ravel())


@pytest.mark.parametrize("colour, channels", [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_pictures_of_16_bits_are_the_tools(seen, tmp_path, colour, channels):
    png(tmp_path / "deep.png", colour, channels, np.random.default_rng(6).integers(0, 65536, (31, 40, channels), dtype=np.uint16))
    assert same_as_the_tool(seen, tmp_path / "deep.png")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pils_modes_are_the_tools(seen, tmp_path, mode):
    Image = pytest.importorskip("PIL.Image")
    colours = Image.fromarray(np.random.default_rng(7).integers(0, 256, (31, 40, 4), dtype=np.uint8), "RGBA")
    deep = np.random.default_rng(8).integers(0, 65536, (31, 40), dtype=np.uint16)
    image = Image.fromarray(deep) if mode == "I;16" else colours.convert("RGB").convert(mode) if mode in ("1", "P") else colours.convert(mode)
    assert image.mode == mode
    image.save(tmp_path / "picture.png")
    assert same_as_the_tool(seen, tmp_path / "picture.png")
    assert np.array_equal(seen.preprocess(image), seen.preprocess(Image.open(tmp_path / "picture.png")))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_refuses_images_whose_white_is_unknown(seen, mode):
    Image = pytest.importorskip("PIL.Image")
    with pytest.raises(ValueError, match=f"PIL image of mode {mode}: .*mode L or RGB"):
        seen.preprocess(Image.new(mode, (40, 31)))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_pil_image_tells_its_order_itself(seen, mode):
    Image = pytest.importorskip("PIL.Image")
    image = Image.new(mode, (40, 31), "red" if mode != "L" else 5)
    for order in ("bgr", "rgba", "grey"):
        with pytest.raises(ValueError, match="a PIL image tells the order"):
            seen.preprocess(image, order=order)
    assert np.array_equal(seen.preprocess(image, order="rgb"), seen.preprocess(image))


@pytest.mark.parametrize("cut", [np.s_[5:6], np.s_[5:6, ::2], np.s_[::-20], np.s_[::2, 7:8], np.s_[8:7:-1, ::1], np.s_[::3, 30:29:-1]])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_axis_of_one_has_any_stride(seen, cut, channels):
    whole = np.random.default_rng(9).integers(0, 256, (31, 40, channels), dtype=np.uint8)
    part = whole[cut][:1] if cut == np.s_[::-20] else whole[cut]
    if part.shape[1] > 1 and part.strides[1] != channels:
        part = part[:, :1]
    assert 1 in part.shape[:2]
    assert np.array_equal(seen.preprocess(part), seen.preprocess(part.copy()))


def test_one_channel_of_three_is_no_row_of_grey(seen):
    whole = np.random.default_rng(10).integers(0, 256, (31, 40, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="side by side"):
        seen.preprocess(whole[:, :, :1])
    assert np.array_equal(seen.preprocess(whole[:, :, 0].copy()), seen.preprocess(np.ascontiguousarray(whole[:, :, :1])))
