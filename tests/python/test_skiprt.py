"""Libraries in Python: runs, weights, threads, errors."""
import os
import signal
import subprocess
import threading
import time

import numpy as np
import pytest

import skiprt
from conftest import CHECKPOINT
from skiprt._signals import away_from_signals


def test_has_the_compilers_version():
    said = subprocess.run([os.environ["SKIPC"], "--version"], capture_output=True, text=True, check=True).stdout
    assert said.split()[1] == skiprt.__version__


def test_tells_what_a_model_is(model):
    assert model.name == "resnet20" and model.target == "x86" and model.max_batch == 16
    assert model.inputs == [("image", (3, 32, 32))] and model.outputs == [("logits", (10,))]
    assert "logits [10]" in repr(model)


def test_classifies_real_pictures(model, pictures):
    logits = model.run(model.normalize(pictures))
    assert logits.shape == (10, 10) and logits.dtype == np.float32
    assert (logits.argmax(1) == np.arange(10)).sum() >= 9


def test_normalises_as_the_spec_says(model, pictures):
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = ((pictures / 255 - mean) / std).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(model.normalize(pictures), expected, atol=1e-6)


def test_tells_what_an_input_makes_of_pictures(model):
    assert model.pictures == {"image": (3, (32, 32), None, None, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))}
    assert model.class_names["logits"][8] == "ship"


def test_writes_to_the_callers_array_and_copies_nothing(model):
    images, out = np.zeros((3, 3, 32, 32), np.float32), np.full((3, 10), np.nan, np.float32)
    assert model.run(images, out=out) is out
    assert np.isfinite(out).all() and (out[0] == out[2]).all()


def test_names_the_outputs_of_a_model_with_several(tmp_path):
    spec = tmp_path / "two.skip"
    spec.write_text("model two() {\n  input a[2, 4, 4]\n  input b[2, 4, 4]\n  s = add(a, b)\n  output sum = s\n  output positive = relu(s)\n}\n")
    two = skiprt.compile(spec, output=tmp_path, batch=2)
    a, b = np.full((2, 2, 4, 4), 1, np.float32), np.full((2, 2, 4, 4), -3, np.float32)
    results = two.run(a, b)
    assert list(results) == ["sum", "positive"]
    assert (results["sum"] == -2).all() and (results["positive"] == 0).all()
    for name, array in results.items():
        assert np.array_equal(two.run(a, b, wanted=name), array)
    with pytest.raises(ValueError, match="no output 'product'"):
        two.run(a, b, wanted="product")


def test_a_model_may_go_while_its_run_ends(built):
    for _ in range(20):
        skiprt.load(built, weights=CHECKPOINT).run(np.zeros((1, 3, 32, 32), np.float32))


def test_times_steps(model):
    steps = model.time_steps(np.zeros((2, 3, 32, 32), np.float32))
    assert len(steps) > 20 and "layer1.0.relu" in {step.name for step in steps}
    assert all(step.seconds > 0 for step in steps)


def test_steps_of_two_plans_are_not_one(tmp_path):
    model = skiprt.compile("cifar_resnet", "random:1", tmp_path, batch=[1, 4, 8], defines={"depth": 8})
    one, four, eight, five = (len(model.time_steps(np.zeros((n, 3, 32, 32), np.float32))) for n in (1, 4, 8, 5))
    assert five in (one + four, eight)  # five images are run as four and one, or by the plan for eight


def test_what_a_signal_raises_within_a_call_is_raised_when_that_has_ended():
    def interrupt(signal, frame):
        raise KeyboardInterrupt

    ended = []

    def call():
        os.kill(os.getpid(), signal.SIGALRM)
        time.sleep(0.05)
        ended.append(True)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            away_from_signals(call)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert ended


def test_one_model_serves_many_threads_while_weights_change(built):
    model = skiprt.load(built, weights=CHECKPOINT, threads=1)
    images = np.random.default_rng(1).standard_normal((4, 3, 32, 32), np.float32)
    expected, wrong = model.run(images), []

    def serve():
        for _ in range(50):
            if not np.array_equal(model.run(images), expected):
                wrong.append(1)

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        model.load_weights(CHECKPOINT)
    for thread in threads:
        thread.join()
    assert not wrong


def test_bits_do_not_depend_on_threads(built):
    images = np.random.default_rng(2).standard_normal((5, 3, 32, 32), np.float32)
    results = [skiprt.load(built, weights=CHECKPOINT, threads=n).run(images) for n in (1, 2, 3)]
    assert all(np.array_equal(results[0], other) for other in results)


def test_weights_from_memory(built):
    images = np.zeros((1, 3, 32, 32), np.float32)
    model = skiprt.load(built)
    model.load_weights(CHECKPOINT.read_bytes())
    assert np.array_equal(model.run(images), skiprt.load(built, weights=CHECKPOINT).run(images))


def test_refused_weights_leave_those_before(model, tmp_path):
    images = np.zeros((1, 3, 32, 32), np.float32)
    expected = model.run(images)
    with pytest.raises(skiprt.IoError, match="absent"):
        model.load_weights(tmp_path / "absent.safetensors")
    with pytest.raises(skiprt.BadWeights):
        model.load_weights(b"\x02\0\0\0\0\0\0\0{}")
    assert np.array_equal(model.run(images), expected)


def test_a_run_without_weights(built):
    with pytest.raises(skiprt.NoWeights):
        skiprt.load(built).run(np.zeros((1, 3, 32, 32), np.float32))


@pytest.mark.parametrize("array, error, text", [
    (np.zeros((1, 3, 32, 32)), TypeError, "float64"),
    ([[0.0]], TypeError, "list"),
    (np.zeros((3, 32, 32), np.float32), ValueError, r"array\[None\]"),
    (np.zeros((3, 32, 16), np.float32), ValueError, r"\(n, 3, 32, 32\)"),
    (np.zeros((1, 32, 32, 3), np.float32), ValueError, r"\(n, 3, 32, 32\)"),
    (np.zeros((1, 3, 32, 64), np.float32)[..., ::2], ValueError, "ascontiguousarray"),
    (np.zeros((17, 3, 32, 32), np.float32), skiprt.InvalidArgument, "16"),
])
def test_refuses_what_is_no_input(model, array, error, text):
    with pytest.raises(error, match=text):
        model.run(array)
    model.run(np.zeros((1, 3, 32, 32), np.float32))  # and goes on


def test_no_images_are_no_error(model):
    assert model.run(np.zeros((0, 3, 32, 32), np.float32)).shape == (0, 10)


def test_refuses_wrong_counts_and_outputs(model):
    images = np.zeros((1, 3, 32, 32), np.float32)
    with pytest.raises(TypeError, match="takes 1 input"):
        model.run(images, images)
    with pytest.raises(ValueError, match="logits"):
        model.run(images, out=np.zeros((2, 10), np.float32))
    with pytest.raises(ValueError, match=r"logits: .*batch\[i:i \+ 1\]"):
        model.run(images, out=np.zeros((3, 10), np.float32)[2])
    readonly = np.zeros((1, 10), np.float32)
    readonly.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        model.run(images, out=readonly)
    for out in (5, {"logits": readonly}, "logits"):
        with pytest.raises(TypeError, match="out: an array, or a list"):
            model.run(images, out=out)
    readonly = np.zeros((1, 3, 32, 32), np.float32)
    readonly.flags.writeable = False
    for make, picture in ((model.normalize, np.zeros((1, 32, 32, 3), np.uint8)), (model.preprocess, np.zeros((32, 32, 3), np.uint8))):
        with pytest.raises(ValueError, match="out: .*read-only"):
            make(picture, out=readonly)


def test_refuses_what_is_no_library(tmp_path, built):
    with pytest.raises(FileNotFoundError):
        skiprt.load(tmp_path / "none.so")
    for content in (b"", b"text", b"\x7fELF\0\0"):
        (tmp_path / "other.so").write_bytes(content)
        with pytest.raises(ValueError, match="no library that"):
            skiprt.load(tmp_path / "other.so")
    with pytest.raises(ValueError, match="holds no model 'other'"):
        skiprt.load(built, name="other")
    with pytest.raises(skiprt.InvalidArgument, match="cuda"):
        skiprt.load(built, target="cuda")


def test_says_what_the_compiler_said(tmp_path):
    with pytest.raises(skiprt.CompilerError, match="nothing.skip"):
        skiprt.compile(tmp_path / "nothing.skip")
    with pytest.raises(FileNotFoundError, match="absent"):
        skiprt.compile("resnet18", skipc=tmp_path / "absent")


def test_the_compilers_warnings_are_pythons(tmp_path):
    (tmp_path / "unused.skip").write_text("model unused() {\n  input image[3, 8, 8]\n  y = relu(image)\n  output logits = image |> flatten\n}\n")
    with pytest.warns(skiprt.CompilerWarning, match=r"unused.skip:3:3: `y` is never used \[W0201\]") as said:
        skiprt.compile(tmp_path / "unused.skip", output=tmp_path)
    assert said[0].filename == __file__


def test_takes_numpys_integers_and_booleans(tmp_path, built):
    (tmp_path / "either.skip").write_text("model either(negative = false) {\n  input a[2, 4, 4]\n  if negative {\n    b = mul(a, a)\n  } else {\n    b = a\n  }\n"
                                          "  output pixels = b |> flatten\n}\n")
    model = skiprt.compile(tmp_path / "either.skip", output=tmp_path, batch=np.int64(4), defines={"negative": True}, threads=np.int32(1))
    assert model.max_batch == 4
    assert (model.run(np.full((1, 2, 4, 4), -2, np.float32)) == 4).all()
    assert skiprt.compile(tmp_path / "either.skip", output=tmp_path / "of", batch=np.array([1, 3])).max_batch == 3
    assert skiprt.load(built, threads=np.int64(2), device=np.int8(0)).max_batch == 16


@pytest.mark.parametrize("how, error, text", [
    ({"threads": "2"}, TypeError, "threads: an integer is expected, not '2'"),
    ({"threads": 2.0}, TypeError, "threads: an integer"),
    ({"threads": -1}, ValueError, "threads: 0 for as many"),
    ({"threads": 2**40}, ValueError, "threads"),
    ({"device": None}, TypeError, "device: an integer"),
    ({"device": -1}, ValueError, "device"),
    ({"target": 1}, TypeError, "target: a text"),
    ({"name": b"resnet20"}, TypeError, "name: a text"),
    ({"target": "x86\0cuda"}, ValueError, "target: a text without NUL"),
    ({"weights": "a\0b"}, ValueError, "weights: a path without NUL"),
])
def test_refuses_what_is_no_way_to_load(built, how, error, text):
    with pytest.raises(error, match=text):
        skiprt.load(built, **how)


@pytest.mark.parametrize("how, error, text", [
    ({"batch": "4"}, TypeError, "batch: an integer or several"),
    ({"batch": 4.0}, TypeError, "batch: an integer or several"),
    ({"batch": []}, ValueError, "batch: at least one"),
    ({"batch": 0}, skiprt.CompilerError, "--batch"),
    ({"flags": "--exact"}, TypeError, "flags: a list"),
    ({"name": 1}, TypeError, "name: a text"),
    ({"threads": "2"}, TypeError, "threads: an integer"),
    ({"defines": "depth=20"}, TypeError, "defines: a dict"),
    ({"skipc": "/bin/true"}, skiprt.CompilerError, "/bin/true did not say what it built"),
])
def test_refuses_what_is_no_way_to_compile(how, error, text):
    with pytest.raises(error, match=text):
        skiprt.compile("resnet18", **how)


def test_equals_onnxruntime(tmp_path):
    onnxruntime, torch, torchvision = map(pytest.importorskip, ("onnxruntime", "torch", "torchvision"))
    from safetensors.torch import save_file
    torch.manual_seed(1)
    network = torchvision.models.resnet18().eval()
    save_file(network.state_dict(), tmp_path / "resnet18.safetensors")
    images = torch.randn(2, 3, 224, 224)
    torch.onnx.export(network, (images,), tmp_path / "resnet18.onnx", input_names=["image"], dynamo=False)
    [expected] = onnxruntime.InferenceSession(tmp_path / "resnet18.onnx").run(None, {"image": images.numpy()})
    found = skiprt.compile("resnet18", weights=tmp_path / "resnet18.safetensors", output=tmp_path, batch=2).run(images.numpy())
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
