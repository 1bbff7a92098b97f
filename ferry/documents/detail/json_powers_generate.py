"""Writes json_powers.inc: for each k from -342 to 324 the 128 bits, rounded up, of b in 10^k = b * 2^r with
2^127 <= b < 2^128, as two words, the upper one first.

Run without arguments.
"""
import pathlib

FIRST, LAST = -342, 324


def log2(k):
    """floor(log2(10^k)), exactly."""
    if k >= 0:
        return (10 ** k).bit_length() - 1
    return -((10 ** -k - 1).bit_length())


def bits(k):
    shift = 127 - log2(k)
    up, down = 10 ** max(k, 0), 10 ** max(-k, 0)
    up <<= max(shift, 0)
    down <<= max(-shift, 0)
    return -(-up // down)


rows = []
for k in range(FIRST, LAST + 1):
    # The header's formula for the logarithm holds for all of them.
    assert k * 1741647 >> 19 == log2(k)
    b = bits(k)
    assert 1 << 127 <= b < 1 << 128
    rows.append(f'{{0x{b >> 64:016X}, 0x{b & (1 << 64) - 1:016X}}},')
lines = [' '.join(rows[i:i + 2]) for i in range(0, len(rows), 2)]
path = pathlib.Path(__file__).with_name('json_powers.inc')
path.write_text('// Made by json_powers_generate.py.\n// clang-format off\n' + '\n'.join(lines) + '\n')
