#!/usr/bin/env python3
"""What is packed for a GPU (scripts/gpu): what it calls good, and that a failure is a line of its own."""
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "gpu"
sys.path.insert(0, str(SCRIPTS))

import steps

NAN, INF = math.nan, math.inf


def step(numbers: list[float]) -> dict:
    return {"name": "a", "checksum": 0, "numbers": numbers}


class Differences(unittest.TestCase):
    def test_they_are_of_the_largest_number(self):
        self.assertEqual(steps.difference([1.0, -4.0], [1.5, -4.0]), 0.125)
        self.assertEqual(steps.difference([], []), 0)
        self.assertEqual(steps.difference([INF, 2.0], [INF, 2.0]), 0)

    def test_what_is_no_number_is_far_from_all_wherever_it_stands(self):
        for mine, others in (([NAN, 2.0, 3.0], [1.0, 2.0, 3.0]), ([1.0, NAN, 3.0], [1.0, 2.0, 3.0]), ([1.0, 2.0, NAN], [1.0, 2.0, 3.0]),
                             ([1.0, 2.0], [1.0, NAN]), ([NAN], [NAN]), ([1.0, INF], [1.0, 2.0]), ([1.0, 2.0], [1.0, INF]), ([INF], [-INF]),
                             ([1.0], [1.0, 2.0])):
            self.assertEqual(steps.difference(mine, others), INF, (mine, others))
            good, text = steps.compare([step(mine)], [step(others)], "bf16")
            self.assertFalse(good, text)

    def test_steps_of_other_names_are_not_compared(self):
        good, text = steps.compare([step([1.0])], [{**step([1.0]), "name": "b"}], "f32")
        self.assertFalse(good)
        self.assertIn("others than those", text)


class Failures(unittest.TestCase):
    def test_a_part_without_a_driver_is_bad_and_the_others_go_on(self):
        with tempfile.TemporaryDirectory() as folder:
            for script in ("check.py", "library.py", "steps.py"):
                shutil.copy(SCRIPTS / script, folder)
            environment = {**os.environ, "SKIP_CUDA_DRIVER": "/nonexistent.so"}
            done = subprocess.run([sys.executable, str(pathlib.Path(folder) / "check.py")], env=environment, check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("Traceback", done.stderr)
        lines = done.stdout.splitlines()
        for start in ("BAD  goldens of instructions: ", "skipped classes", "BAD  times: ", "BAD  tuning: ", "skipped GPU peers"):
            self.assertTrue(any(line.startswith(start) for line in lines), (start, lines))
        self.assertEqual(lines[-1], "not all is good")


if __name__ == "__main__":
    unittest.main()
