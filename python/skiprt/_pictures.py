"""Pictures of callers' as rows of pixels that a library reads."""
import numpy as np

# As the header numbers them, and how many channels a pixel has.
ORDERS = {"rgb": (0, 3), "bgr": (1, 3), "rgba": (2, 4), "grey": (3, 1)}

# Modes of PIL images of 8 bits, which its own conversion makes RGB as `skipc run` does.
CONVERTED = ("1", "P", "PA", "LA", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV")


def rows_of(picture, order: "str | None"):
    """An array whose rows are pixels side by side, its order's number, and the bytes from row to row."""
    if not isinstance(picture, np.ndarray) and hasattr(picture, "mode") and hasattr(picture, "convert"):
        picture, order = _of_pil(picture, order)
    if not isinstance(picture, np.ndarray):
        raise TypeError(f"picture: a numpy array of uint8, or a PIL image, is expected, not {type(picture).__name__}")
    if picture.dtype != np.uint8:
        hint = " (of 16 bits: (picture >> 8).astype(numpy.uint8))" if picture.dtype == np.uint16 else ""
        raise TypeError(f"picture: an array of uint8 is expected, not of {picture.dtype}{hint}")
    if picture.ndim == 2:
        picture = picture[:, :, None]
    channels = picture.shape[2] if picture.ndim == 3 else 0
    order = order or {1: "grey", 3: "rgb", 4: "rgba"}.get(channels)
    if order is None:
        raise ValueError(f"picture of shape {picture.shape}: (height, width, 3), (height, width, 4) or (height, width) is expected")
    if order not in ORDERS:
        raise ValueError(f"order: {order!r} is none of {', '.join(ORDERS)}")
    code, expected = ORDERS[order]
    if channels != expected:
        raise ValueError(f"picture of shape {picture.shape}: (height, width, {expected}) is expected for the order {order}")
    return picture, code, _row_bytes(picture)


def _of_pil(image, order):
    """An image's 8 bits a channel, as `skipc run` reads them from its file: of 16 the upper 8."""
    if order not in (None, "rgb"):
        raise ValueError(f"order: a PIL image tells the order of its channels itself: leave order={order!r} out, or give numpy.asarray(image)")
    if image.mode in ("RGB", "L"):
        return np.asarray(image), None
    if image.mode in CONVERTED:
        return np.asarray(image.convert("RGB")), None
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):  # what Pillow before 11 makes of a PNG of 16 bits
        return (np.asarray(image) >> 8).astype(np.uint8), None
    raise ValueError(f"a PIL image of mode {image.mode}: which of its numbers is white is not known; make it one of mode L or RGB, or an array of uint8")


def _row_bytes(picture) -> int:
    """From row to row. Axes of length 1 have any stride, for nothing is reached by it."""
    height, width, channels = picture.shape
    row, pixel, channel = picture.strides
    if channels > 1 and channel != 1:
        fault = "the channels of a pixel " + ('run backwards (order="bgr" reads them so)' if channel == -1 else "do not lie side by side")
    elif width > 1 and pixel != channels:
        fault = {0: "the pixels of a row are one and the same (broadcast)", -channels: "its rows run from right to left"}.get(
            pixel, "its pixels do not lie side by side")
    elif height > 1 and row < width * channels:
        fault = "its rows run upwards" if row < 0 else "its rows lie upon one another (broadcast)"
    else:
        return row if height > 1 else width * channels
    if picture.size > 0:
        raise ValueError(f"picture: {fault}; numpy.ascontiguousarray(picture) copies it to what is read")
    return width * channels
