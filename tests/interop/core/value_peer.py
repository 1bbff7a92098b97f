"""Prints pairs of numbers with their order, and integers with their two's complement."""
import random

r = random.Random(3)
special = [0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64, 10**30, 10**400,
           0.0, -0.0, 0.5, 2.0**53, 2.0**63, -2.0**63, 2.0**64, 1e30, 1e300, float('inf'),
           float('-inf'), 1e-300]
numbers = special + [r.randrange(-2**70, 2**70) >> r.randrange(70) for _ in range(60)]
numbers += [float(n) for n in numbers if isinstance(n, int) and abs(n) < 10**300][:40]
for a in numbers:
    for b in numbers:
        print('order', a, b, (a > b) - (a < b))
for n in numbers:
    if isinstance(n, int):
        # The shortest form, as in pickle: -128 is one byte.
        size = ((n if n >= 0 else ~n).bit_length() // 8 + 1) if n else 0
        print('bytes', n, n.to_bytes(size, 'little', signed=True).hex() or '-')
for _ in range(300):
    x = r.uniform(-1, 1) * 10.0 ** r.randrange(-320, 309)
    print('repr', x.hex(), repr(x))
