#!/usr/bin/env python3
"""Networks and values on which compiled code was once wrong."""
import ctypes
import math
import pathlib
import random

import trouble

SPECS = trouble.folder() / "specs"
MAGNITUDE = 8e-6  # of an element's terms: what Strassen's products may be off, of either of a pair of rows


class Specs(trouble.Case):
    def run_spec(self, spec: str, weights, x, *flags: str) -> list[float]:
        y = self.folder / "y.npy"
        self.succeed("run", SPECS / spec, "--weights", weights, "--input", x, "--output", y, *flags)
        return trouble.read_npy(y)[1]

    def test_every_spec_is_verified(self):
        for path in sorted(SPECS.glob("*.skip")):
            for flags in ([], ["--exact"], ["--batch", "1,5"]):
                with self.subTest(spec=path.name, flags=flags):
                    self.succeed("verify", path, "--weights", "random:30", *flags)

    def test_a_sum_of_a_convolution_and_its_input(self):
        draw = random.Random(1)
        x = trouble.write_npy(self.folder / "x.npy", (2, 3, 32, 32), [draw.gauss(0, 1) for _ in range(2 * 3 * 32 * 32)])
        usual, exact = (self.run_spec("dirac_min.skip", "random:1", x, *flags) for flags in ([], ["--exact"]))
        worst = max(abs(a - b) for a, b in zip(usual, exact)) / max(map(abs, exact))
        self.assertLess(worst, 2e-5)

    def call(self, library: ctypes.CDLL, weights: pathlib.Path, x: list[float]) -> list[float]:
        """One image through the C API, which says nothing of values that are not finite; `skipc run` refuses to write them."""
        def create(what: str, *arguments: object) -> ctypes.c_void_p:
            made = ctypes.c_void_p()
            self.assertEqual(getattr(library, f"net_{what}")(*arguments, ctypes.byref(made)), 0)
            return made

        model = create("model_create")
        packed = create("weights_load_file", model, str(weights).encode())
        context = create("context_create", model, packed, None)
        data, result = (ctypes.c_float * len(x))(*x), (ctypes.c_float * len(x))()
        inputs, outputs = (ctypes.POINTER(ctypes.c_float) * 1)(data), (ctypes.POINTER(ctypes.c_float) * 1)(result)
        self.assertEqual(library.net_run(context, ctypes.c_int64(1), inputs, outputs), 0)
        return list(result)

    def test_infinity_stays_where_it_is(self):
        ones = {name: ((1, 1, 1, 1), [1.0]) for name in ("c.weight", "d.weight")}
        weights = trouble.write_safetensors(self.folder / "ones.safetensors", ones)
        for flags in ([], ["--exact"]):
            folder = self.folder / f"with{''.join(flags)}"  # a path of its own: of one path the first is loaded again
            self.succeed("build", SPECS / "inf.skip", "--name", "net", "--emit", "shared", "-o", folder, *flags)
            library = ctypes.CDLL(folder / "libnet.so")
            for special in (math.inf, -math.inf, math.nan):
                x = [0.5] * 36
                x[15] = special
                self.assertEqual(list(map(str, self.call(library, weights, x))), list(map(str, x)))

    def builds(self, spec: str) -> tuple[ctypes.CDLL, ctypes.CDLL]:
        """The usual and the exact one. Many checkpoints run with each, and `skipc run` would build it for each."""
        def build(*flags: str) -> ctypes.CDLL:
            folder = self.folder / f"{spec}{''.join(flags)}"
            self.succeed("build", SPECS / spec, "--name", "net", "--emit", "shared", "-o", folder, *flags)
            return ctypes.CDLL(folder / "libnet.so")

        return build(), build("--exact")

    def hold_to_terms(self, builds: tuple[ctypes.CDLL, ctypes.CDLL], x: list[float], tensors: dict) -> None:
        """The usual result against the exact one, relative to the same network of absolute values."""
        weights = trouble.write_safetensors(self.folder / "w.safetensors", tensors)
        absolute = {name: (size, [abs(value) for value in values]) for name, (size, values) in tensors.items()}
        of_absolute = trouble.write_safetensors(self.folder / "a.safetensors", absolute)
        usual, exact = (self.call(library, weights, x) for library in builds)
        magnitude = self.call(builds[1], of_absolute, x)
        worst = max(abs(a - b) / m for a, b, m in zip(usual, exact, magnitude))
        self.assertLess(worst, MAGNITUDE)

    def test_channels_of_unlike_sizes(self):
        draw = random.Random(2)
        of_inputs, of_norms = self.builds("strassen_inputs.skip"), self.builds("strassen_bn.skip")
        flat = [draw.random() for _ in range(128 * 28 * 28)]
        filters = [draw.gauss(0, 1) for _ in range(128 * 128)]
        for ratio in (1e-6, 1e-3, 1, 1e3, 1e4, 1e5, 1e6):
            size = [ratio if channel % 2 else 1.0 for channel in range(128)]
            undone = [value / size[i % 128] for i, value in enumerate(filters)]
            with self.subTest(ratio=ratio, by="inputs"):
                x = [value * size[i // 784] for i, value in enumerate(flat)]
                self.hold_to_terms(of_inputs, x, {"c.weight": ((128, 128, 1, 1), undone)})
            with self.subTest(ratio=ratio, by="batch norm"):
                norm = {"n.weight": size, "n.bias": [0.0] * 128, "n.running_mean": [0.0] * 128, "n.running_var": [1.0] * 128}
                tensors = {name: ((128,), values) for name, values in norm.items()}
                self.hold_to_terms(of_norms, flat, {**tensors, "c.weight": ((128, 128, 1, 1), undone)})


if __name__ == "__main__":
    trouble.main(Specs)
