"""Nothing of a library goes too early, whatever order Python's collector and the interpreter's end choose, and nothing stays too long."""
import ctypes
import gc
import os
import pathlib
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import skiprt
from conftest import CHECKPOINT, PROJECT

START = """
import atexit, gc, sys, threading, time
import numpy as np
import skiprt
library, checkpoint = sys.argv[1:]
images = np.zeros((2, 3, 32, 32), np.float32)
"""

SCRIPTS = {
    "a global model and a function that uses it": """
model = skiprt.load(library, weights=checkpoint, threads=2)
def serve():
    return model.run(images)
serve()
model.load_weights(checkpoint)
serve()
""",
    "a cycle that holds the model": """
class Service:
    def __init__(self):
        self.model = skiprt.load(library, weights=checkpoint, threads=2)
        self.handler = self.handle
    def handle(self):
        return self.model.run(images)
for _ in range(20):
    service = Service()
    service.handle()
    service.model.load_weights(checkpoint)
    service.handle()
    del service
    gc.collect()
""",
    "a cycle at the end": """
gc.disable()
class Service:
    def __init__(self):
        self.model = skiprt.load(library, weights=checkpoint)
        self.me = self
        self.model.service = self
service = Service()
service.model.run(images)
del service
""",
    "threads that run still": """
model = skiprt.load(library, weights=checkpoint, threads=1)
def serve():
    while True:
        model.run(images)
for _ in range(3):
    threading.Thread(target=serve, daemon=True).start()
time.sleep(0.3)
""",
    "a run when finalizers have ended": """
atexit.register(lambda: model.run(images))
model = skiprt.load(library, weights=checkpoint)
model.run(images)
""",
    "what goes within a run": """
model = skiprt.load(library, weights=checkpoint)
class Other:
    def __init__(self):
        self.model, self.me = skiprt.load(library, weights=checkpoint), self
        self.model.run(images)
for _ in range(5):
    Other()
    model.time_steps(images)
    gc.collect()
""",
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_the_order_of_destruction_holds(built, tmp_path, what):
    script = tmp_path / "script.py"
    script.write_text(START + SCRIPTS[what] + "\nprint('done')\n")
    done = subprocess.run([sys.executable, script, built, CHECKPOINT], env={**os.environ, "PYTHONPATH": str(PROJECT / "python")}, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("done\n"), done.stdout + done.stderr
    assert not done.stderr


def test_a_model_of_an_imported_module(built, tmp_path):
    (tmp_path / "service.py").write_text(f"import skiprt\nmodel = skiprt.load({str(built)!r}, weights={str(CHECKPOINT)!r})\n"
                                         "def serve(images):\n    return model.run(images)\n")
    done = subprocess.run([sys.executable, "-c", "import service, numpy; print(service.serve(numpy.zeros((1, 3, 32, 32), numpy.float32)).shape)"],
                          cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PROJECT / "python")}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "(1, 10)\n", "")


def test_everything_goes_and_children_first(built, monkeypatch):
    model = skiprt.load(built, weights=CHECKPOINT, threads=2)
    library, gone = model._library, []
    del model
    gc.collect()
    for kind in ("model", "weights", "pool", "context"):
        destroy = getattr(library, f"{kind}_destroy")
        monkeypatch.setattr(library, f"{kind}_destroy", lambda handle, kind=kind, destroy=destroy: (gone.append(kind), destroy(handle)))
    monkeypatch.setattr("skiprt._model.Library", lambda *_: library)
    model = skiprt.load(built, weights=CHECKPOINT, threads=2)
    model.run(np.zeros((1, 3, 32, 32), np.float32))
    model.me = model
    del model
    gc.collect()
    assert sorted(gone) == ["context", "model", "pool", "weights"]
    assert gone[0] == "context" and gone[-1] == "model"


def test_idle_contexts_hold_no_weights_that_were_replaced(built):
    model = skiprt.load(built, weights=CHECKPOINT, threads=1)
    images = np.zeros((1, 3, 32, 32), np.float32)
    with model._runner(), model._runner(), model._runner():
        pass
    assert len(model._idle) == 3
    old = weakref.ref(model._weights)
    model.load_weights(CHECKPOINT)
    gc.collect()
    assert old() is None and len(model._idle) == 3
    expected = model.run(images)
    old = weakref.ref(model._weights)
    with model._runner():
        model.load_weights(CHECKPOINT)
        assert old() is not None  # its run has begun
    gc.collect()
    assert old() is None
    assert np.array_equal(model.run(images), expected)


def test_threads_leave_one_set_of_weights(built):
    model = skiprt.load(built, weights=CHECKPOINT, threads=1)
    images = np.zeros((2, 3, 32, 32), np.float32)
    threads = [threading.Thread(target=lambda: [model.run(images) for _ in range(20)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    seen = []
    for _ in range(10):
        model.load_weights(CHECKPOINT)
        seen.append(weakref.ref(model._weights))
    for thread in threads:
        thread.join()
    gc.collect()
    assert [weights() is None for weights in seen] == [True] * 9 + [False]


def test_arrays_live_until_the_library_has_ended_with_them(model, monkeypatch):
    """What a run is given must not be memory that numpy has already handed to others."""
    library, images, run = model._library, np.zeros((4, 3, 32, 32), np.float32), model._library.run
    made, alive = [], []
    empty = np.empty

    class Watched(np.ndarray):
        pass

    def watched_empty(shape, dtype=float):
        array = empty(shape, dtype).view(Watched)
        made.append(weakref.ref(array))
        return array

    def watched_run(*arguments):
        alive.extend(array() is not None for array in made)
        return run(*arguments)

    monkeypatch.setattr(np, "empty", watched_empty)
    monkeypatch.setattr(library, "run", watched_run)
    for call in (model.time_steps, model.run, lambda images: model.run(images, wanted="logits")):
        made.clear()
        call(images)
    assert alive == [True] * 3


def test_pointers_hold_what_they_point_to():
    from skiprt._model import _pointers
    pointers = _pointers([np.full(1000, 7, np.float32), None])
    others = [np.zeros(1000, np.float32) for _ in range(20)]
    assert ctypes.cast(pointers[0], ctypes.POINTER(ctypes.c_float))[999] == 7 and pointers[1] is None and not any(map(np.any, others))


def test_a_forked_process_waits_for_nothing_of_its_parent(built):
    """Neither for the threads of an idle context nor for a lock that is held; and what it lets go is its parent's."""
    script = f"""if True:
        import os, signal
        import numpy as np
        import skiprt
        model = skiprt.load({str(built)!r}, weights={str(CHECKPOINT)!r}, threads=2)
        x = np.random.default_rng(1).standard_normal((4, *model.inputs[0].shape)).astype("f4")
        expected = model.run(x)
        model._lock.acquire()
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            same = np.array_equal(model.run(x), expected)
            model.load_weights({str(CHECKPOINT)!r})
            same &= np.array_equal(model.run(x), expected)
            del model
            os._exit(0 if same else 1)
        assert os.waitpid(child, 0)[1] == 0
        model._lock.release()
        assert np.array_equal(model.run(x), expected)
    """
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": str(PROJECT / "python")}, timeout=120)


@pytest.mark.parametrize("how", ["built again", "replaced", "another link"])
def test_what_is_at_a_path_now_is_loaded(tmp_path, how):
    def built(features, folder):
        (tmp_path / "tiny.skip").write_text(f"model tiny {{\n  input x[2, 1, 1]\n  output y = x |> flatten |> f: linear({features})\n}}\n")
        return skiprt.compile(tmp_path / "tiny.skip", weights=f"random:{features}", output=folder)
    old = built(3, tmp_path / "a")
    library = tmp_path / "a" / "libtiny.so"
    if how == "built again":
        new = built(5, tmp_path / "a")
    elif how == "replaced":
        os.replace(built(5, tmp_path / "b").path, library)
        new = skiprt.load(library)
    else:
        link = tmp_path / "current.so"
        link.symlink_to(library)
        assert skiprt.load(link).outputs[0].shape == (3,)
        link.unlink()
        link.symlink_to(built(5, tmp_path / "b").path)
        new = skiprt.load(link)
    x = np.ones((1, 2, 1, 1), np.float32)
    assert new.run(x).shape == (1, 5)
    assert old.run(x).shape == (1, 3)
    assert new.run(x).any() and not np.array_equal(new.run(x)[:, :3], old.run(x))
    again = skiprt.load(new.path)
    assert np.array_equal(again.run(x), new.run(x))


def test_a_library_that_was_written_over_is_refused(built, tmp_path):
    copy = tmp_path / "libresnet20.so"
    copy.write_bytes(pathlib.Path(built).read_bytes())
    assert skiprt.load(copy).max_batch == 16
    os.utime(copy)  # as if it had been; it is mapped, and to write it would end this process
    with pytest.raises(ValueError, match="was written over while this process has it loaded"):
        skiprt.load(copy)
