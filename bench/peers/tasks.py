"""The functions that workers run, in a module so that they travel by name."""

import os
import time


def noop(_=None):
    return None


def increment(x):
    return x + 1


def node(*inputs):
    return (1 + sum(inputs)) % 2**64


def total(inputs):
    return node(*inputs)


def busy(i, us):
    end = time.perf_counter_ns() + us * 1000
    while time.perf_counter_ns() < end:
        pass
    return i


def doze(i, ms):
    time.sleep(ms / 1000)
    return i


def blob(size):
    """Bytes that compression does not make smaller."""
    unit = os.urandom(min(size, 1 << 20))
    return (unit * (size // len(unit) + 1))[:size]


def length(content):
    return len(content)


def split(parts, size):
    content = blob(size)
    return [bytearray(content) for _ in range(parts)]


def pick(pieces, j):
    return pieces[j]


def join(pieces):
    return sum(len(piece) for piece in pieces)
