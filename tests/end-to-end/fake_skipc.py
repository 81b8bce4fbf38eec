#!/usr/bin/env python3
"""A stand-in for skipc whose faults are known, for test_random_networks.py.

It fails as FAKE_FAULT says, with values that are wrong where a relu reads the sum of a convolution and of that convolution's input:

    shortcut   there
    flags      there, if it is compiled for x86-64-v3 and runs two images or more
    crash      is killed by a signal there; what has no sum gets another error
    none       nowhere
"""
import json
import os
import re
import signal
import sys


def has_shortcut(spec: str) -> bool:
    """relu(conv(x) + x), or relu(x + conv(x)), of kernel 3 and two channels at least."""
    made = dict(re.findall(r"^ *(\w+) = (.*)$", spec, re.MULTILINE))
    for value in made.values():
        relu = re.fullmatch(r"relu\((\w+)\)", value)
        terms = re.fullmatch(r"(\w+) \+ (\w+)", made.get(relu[1], "")) if relu else None
        for x, y in ((terms[1], terms[2]), (terms[2], terms[1])) if terms else ():
            conv = re.match(r"\w+: conv\((\w+), channels = (\d+), kernel = 3[,)]", made.get(y, ""))
            if conv and conv[1] == x and int(conv[2]) > 1:
                return True
    return False


def main() -> int:
    arguments, fault = sys.argv[1:], os.environ["FAKE_FAULT"]
    if arguments[0] == "tune":
        print(json.dumps({"device": "a machine avx512 l1 32768"}))
        return 0
    with open(arguments[1], encoding="utf-8") as file:
        spec = file.read()
    if fault == "crash" and " + " not in spec:
        print("skipc: error: no sum in `net`", file=sys.stderr)
        return 2
    wrong = fault != "none" and has_shortcut(spec)
    if fault == "flags":
        images = max(map(int, arguments[arguments.index("--batch") + 1].split(",")))
        wrong = wrong and "x86-64-v3" in arguments and images > 1
    if wrong and fault == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    print(json.dumps({"worst_relative_error": 0.5 if wrong else 1e-6}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
