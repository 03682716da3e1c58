"""Formats source code with ruff."""

import functools
import subprocess

WIDTH = 104  # of a line
FIX = ["check", "--fix", "--unsafe-fixes", "--select=I,F401,B007,B009,UP034", "--exit-zero"]
FORMAT = ["format", "--config=format.skip-magic-trailing-comma=true"]


@functools.lru_cache(maxsize=1000)
def format_code(source):
    """Formats source code. A trailing comma does not keep a list on several lines.

    Example:

    >>> format_code("f(a,\\n  b,\\n)")
    'f(a, b)\\n'
    """
    return _run(FORMAT, source)


def clean(source):
    """Formats source code, sorts its imports, and removes the ones that are not used."""
    return format_code(_run(FIX, source))


def _run(words, source):
    import ruff

    options = ["--isolated", f"--line-length={WIDTH}", "--quiet", "--stdin-filename=copy.py", "-"]
    command = [ruff.find_ruff_bin(), *words, *options]
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ruff: {done.stderr}\n{source}")
    return done.stdout
