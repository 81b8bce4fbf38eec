#!/usr/bin/env python3
"""C programs that use a library where stacks are small: pools of musl, whose threads have 128 KB, and threads of little stack."""
import re
import shutil
import subprocess

import trouble

SOURCES = trouble.folder() / "c"


class Programs(trouble.Case):
    def compile(self, compiler: str, source: str, *flags: str):
        program = self.folder / f"{compiler}-{source}"
        subprocess.run([compiler, "-O1", "-DNAME=resnet18", '-DHEADER="resnet18.h"', f"-I{self.folder}", SOURCES / f"{source}.c",
                        self.folder / "libresnet18.a", "-lpthread", "-o", program, *flags], check=True)
        return program

    def output(self, *command: object) -> str:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.split()[-1]

    def test_small_stacks(self):
        self.succeed("build", "resnet18", "--weights", "random:1", "--emit", "lib", "-o", self.folder)
        expected = self.output(self.compile("cc", "basic"), 1)
        if shutil.which("musl-gcc"):
            program = self.compile("musl-gcc", "basic", "-static")
            for threads in (1, 2, 4):
                with self.subTest(threads=threads):
                    self.assertEqual(self.output(program, threads), expected)
        thread = self.compile("cc", "small_stack")
        refused = subprocess.run([thread, "128"], capture_output=True, text=True, check=False)
        self.assertEqual(refused.returncode, 3, refused.stderr)
        stated = re.search(r"create it with (\d+)", refused.stderr)
        self.assertTrue(stated, refused.stderr)
        self.assertEqual(self.output(thread, (int(stated[1]) + 1023) // 1024), expected)


if __name__ == "__main__":
    trouble.main(Programs)
