"""Runs a command with less and less memory, and checks that it succeeds or says in one line why not: little-memory.py COMMAND...

Of what is said but for notes, prints each line once, without its numbers. A limit under which not even the program's libraries
can be loaded tells nothing.
"""
import re
import resource
import subprocess
import sys

LIMITS = [2000, 550, 490, 470, 450, 430, 415, 400, 390, 380, 370, 360, 345, 330]
said = set()
for megabytes in LIMITS:
    limit = megabytes << 20
    run = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
    lines = [line for line in run.stderr.splitlines() if not line.startswith("skipc: note:")]
    if run.returncode == 127 and "shared libraries" in run.stderr:
        break
    if run.returncode not in (0, 2, 3) or len(lines) != (run.returncode != 0):
        print(f"WRONG: {megabytes} MB: {run.returncode}: {run.stderr}")
    said.update(re.sub(r"\d+", "N", line) for line in lines)
print(*sorted(said), sep="\n")
