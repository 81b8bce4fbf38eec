#!/usr/bin/env python3
"""random_networks.py against a compiler whose faults are known: that it finds them, and shrinks what shows them to the least."""
import itertools
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from fake_skipc import has_shortcut
from networks.draw import SMALL_WEIGHTS, draw
from networks.spec import Network, Node, multiply_adds, shapes_of

HERE = pathlib.Path(__file__).resolve().parent
LEAST = """model net() {
  input image[2, 1, 1]
  conv1 = conv1: conv(image, channels = 2, kernel = 3)
  add2 = SUM
  relu3 = relu(add2)
  output y0 = relu3
}
"""


def up_to_shortcuts(count: int) -> list[str]:
    """The options for the seeds from the first whose network the planted fault shows in to that which is the so manieth."""
    seeds = list(itertools.islice((seed for seed in itertools.count(1) if has_shortcut(draw(seed).network.text())), count))
    return ["--first-seed", str(seeds[0]), "--count", str(seeds[-1] + 1 - seeds[0])]


class RandomNetworks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_with(self, fault: str, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, HERE / "random_networks.py", "--skipc", HERE / "fake_skipc.py", "--keep", self.folder, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "FAKE_FAULT": fault})

    def assert_reduced(self, output: str) -> list[pathlib.Path]:
        reduced = sorted(self.folder.glob("*-reduced.skip"))
        self.assertTrue(reduced, output)
        for path in reduced:
            sums = ("conv1 + image", "image + conv1")
            self.assertIn(path.read_text(), [LEAST.replace("SUM", sum) for sum in sums])
            self.assertTrue(path.with_name(path.name.replace("-reduced", "")).exists())
        return reduced

    def test_nothing_fails(self):
        done = self.run_with("none", "--count", "20")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("20 of 20 networks agree", done.stdout)
        self.assertFalse(list(self.folder.glob("*.skip")))

    def test_wrong_values_shrink_to_the_least_network(self):
        done = self.run_with("shortcut", *up_to_shortcuts(2), "--most-reduced", "2")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        reduced = self.assert_reduced(done.stdout)
        self.assertEqual(len(reduced), 2)
        for path in reduced:
            self.assertRegex(done.stdout, rf"{path.name} --weights random:\d+ --batch 1 --threads 1 --jobs 1 --json\n")

    def test_flags_that_matter_stay(self):
        done = self.run_with("flags", "--count", "150", "--most-reduced", "1")
        self.assert_reduced(done.stdout)
        self.assertRegex(done.stdout, r"reduced.* --batch 2 --target-cpu x86-64-v3 --threads 1 --jobs 1")

    def test_another_failure_is_not_this_one(self):
        done = self.run_with("crash", *up_to_shortcuts(1), "--most-reduced", "1")
        self.assertIn("failed: signal 9", done.stdout)
        self.assert_reduced(done.stdout)

    def test_no_reduce(self):
        done = self.run_with("shortcut", *up_to_shortcuts(1), "--no-reduce")
        self.assertEqual(done.returncode, 1)
        self.assertFalse(list(self.folder.glob("*-reduced.skip")))
        seeds = re.findall(r"^seed (\d+) failed", done.stdout, re.MULTILINE)
        again = self.run_with("shortcut", "--count", "1", "--first-seed", seeds[0], "--no-reduce")
        self.assertIn(f"seed {seeds[0]} failed: wrong values", again.stdout)


class Drawing(unittest.TestCase):
    def test_a_seed_is_one_case_that_the_language_allows(self):
        for seed in range(1, 301):
            case = draw(seed)
            self.assertEqual(case, draw(seed))
            shapes_of(case.network)

    def test_what_is_drawn_covers_the_language(self):
        """Among the 300 that are tested: every operation, values used often, sums of each order, outputs of each kind."""
        cases = [draw(seed) for seed in range(1, 301)]
        found = {node.op for case in cases for node in case.network.nodes}
        self.assertEqual(found, {"conv", "bn", "relu", "add", "dropout", "max_pool", "subsample", "pad_channels", "shortcut", "flatten",
                                 "global_avg_pool", "linear", "softmax"})
        uses = max(sum(node.operands.count(other.name) for node in case.network.nodes) for case in cases for other in case.network.nodes)
        self.assertGreaterEqual(uses, 5)
        outputs = [case.network.outputs for case in cases]
        self.assertTrue(any("image" in values for values in outputs))
        self.assertTrue(any(len(set(values)) < len(values) for values in outputs))
        self.assertTrue(any(set(values) & {operand for node in case.network.nodes for operand in node.operands}
                            for case, values in zip(cases, outputs)))
        self.assertEqual({case.target_cpu for case in cases}, {None, "x86-64-v3", "x86-64-v4"})

    def test_small_ones_have_few_weights_and_all_operations(self):
        """Among the 25 that are tested on the emulator in each precision."""
        found = set()
        for seed in range(1, 26):
            network = draw(seed, small=True).network
            shapes = shapes_of(network)
            weights = [multiply_adds(node, [shapes[operand] for operand in node.operands], shapes[node.name]) // math.prod(shapes[node.name][1:])
                       for node in network.nodes]
            self.assertLessEqual(sum(weights), SMALL_WEIGHTS)
            found |= {node.op for node in network.nodes}
        self.assertEqual(found, {node.op for seed in range(1, 301) for node in draw(seed).network.nodes})

    def test_wide_points_are_drawn(self):
        """For one case in eight at least: a 1x1 convolution of whole pairs of blocks, 128 or more wide on one side, in a picture of
        even height, and a build that may hold AVX-512. Strided ones are among them."""
        cases = [draw(seed) for seed in range(1, 301)]
        points = [self.wide_points(case.network) for case in cases if not case.exact and case.target_cpu != "x86-64-v3"]
        self.assertGreaterEqual(len([nodes for nodes in points if nodes]), len(cases) / 8)
        self.assertTrue(any(node.settings.get("stride") == 2 for nodes in points for node in nodes.values()))

    @staticmethod
    def wide_points(network: Network) -> dict[str, Node]:
        shapes, found = shapes_of(network), {}
        for node in network.nodes:
            if node.op == "conv" and node.settings["kernel"] == 1:
                channels = (shapes[node.operands[0]][0], shapes[node.name][0])
                if max(channels) >= 128 and min(channels) >= 64 and all(c % 32 == 0 for c in channels) and shapes[node.name][1] % 2 == 0:
                    found[node.name] = node
        return found


if __name__ == "__main__":
    unittest.main()
