"""write: hex and repr of values, tab separated. read: the repr of each hex line and whether Python packs the same."""
import datetime
import sys

import msgpack

UTC = datetime.timezone.utc
numbers = [n for p in (0, 5, 7, 8, 15, 16, 31, 32, 63, 64) for n in (2**p - 1, 2**p, -(2**p), -(2**p) - 1)]
cases = [
    [None, True, False],
    [n for n in numbers if -2**63 <= n < 2**64],
    [0.0, -0.0, 1.5, 1e300, float('inf')],
    [''] + ['x' * n for n in (1, 31, 32, 255, 256, 65535, 65536)] + ['caf\u00e9 \u20ac \U0001f600'],
    [b''] + [b'x' * n for n in (1, 255, 256, 65536)],
    [list(range(n)) for n in (0, 1, 15, 16, 70000)],
    [{str(i): i for i in range(n)} for n in (0, 1, 15, 16, 70000)],
    {'a': [{'b': {}}, []]},
]
if sys.argv[1] == 'write':
    for v in cases:
        print(msgpack.packb(v).hex(), repr(v), sep='\t')
    print(msgpack.packb([msgpack.ExtType(5, b'abc'), msgpack.ExtType(7, b'x' * 16), msgpack.ExtType(1, b'')]).hex(),
          repr([(5, b'abc'), (7, b'x' * 16), (1, b'')]), sep='\t')
    times = [datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), datetime.datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
             datetime.datetime(1, 1, 1, tzinfo=UTC), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
    print(msgpack.packb(times, datetime=True).hex(), repr(times), sep='\t')
    print(msgpack.packb({1: 'a', True: 'b', None: 'c', 2.5: 'd', -7: 'e'}).hex(),
          repr({'1': 'b', 'null': 'c', '2.5': 'd', '-7': 'e'}), sep='\t')
    print(msgpack.packb([1.5, 0.1], use_single_float=True).hex(), repr([1.5, 0.10000000149011612]), sep='\t')
else:
    for line in sys.stdin:
        data = bytes.fromhex(line)
        v = msgpack.unpackb(data, timestamp=3)
        print(repr(v), msgpack.packb(v, datetime=True) == data, sep='\t')
