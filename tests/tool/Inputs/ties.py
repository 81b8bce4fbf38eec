#!/usr/bin/env python3
"""For the machine of a tuning text, one problem with two choices of these times: ties.py TEXT OUT NANOSECONDS NANOSECONDS"""
import sys

text, out, *times = sys.argv[1:]
PROBLEM = "conv2d 3x3/1 p1 32->32 12x12 n1 blocked avx2"
CHOICES = ("winograd4/9 1x1x5+4", "winograd4/9 1x1x6+3")
with open(text, encoding="utf-8") as file:
    heads = [line for line in file.read().splitlines() if line.startswith(("device ", "compiler "))]
rows = [f"{PROBLEM}; t1; {choice}; {time} ns; 13 runs; 5000 ns noise" for choice, time in zip(CHOICES, times)]
with open(out, "w", encoding="utf-8") as file:
    file.write("\n".join(["skip-tuning 2", *heads, *rows]) + "\n")
