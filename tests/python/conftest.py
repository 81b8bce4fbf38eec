"""The package from the source tree, and a library of the trained ResNet-20 to try it with."""
import os
import pathlib
import sys

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "python"))
os.environ.setdefault("SKIPC", str(PROJECT / "build" / "release" / "bin" / "skipc"))

CHECKPOINT = PROJECT / "models" / "checkpoints" / "cifar10-resnet20.safetensors"


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A library for up to 16 pictures without weights; the path of its .so."""
    import skiprt
    return skiprt.compile(PROJECT / "models" / "cifar_resnet.skip", output=tmp_path_factory.mktemp("built"), batch=[1, 16], name="resnet20").path


@pytest.fixture
def model(built):
    import skiprt
    return skiprt.load(built, weights=CHECKPOINT)


@pytest.fixture(scope="session")
def pictures():
    """Ten pictures of ten classes in order, uint8 (10, 32, 32, 3)."""
    import numpy as np
    Image = pytest.importorskip("PIL.Image")
    files = sorted((PROJECT / "models" / "demo").glob("*.png"))
    assert len(files) == 10
    return np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
