"""write: prints pickles of every kind that ferry reads. read: loads pickles and says what they hold.

write: name, protocol, hex, the value as ferry has it (Python's repr), tab separated.
read: for each line "protocol hex" on standard input, the repr of what it holds and whether Python's
own pickler writes the same bytes.
"""
import array
import collections
import datetime
import decimal
import enum
import fractions
import ipaddress
import pathlib
import pickle
import sys
import types
import uuid

UTC = datetime.timezone.utc


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


class Slotted:
    __slots__ = ('x', 'y')


class Stack(list):
    pass


class Table(dict):
    pass


class Color(enum.Enum):
    RED = 1
    BLUE = 2


Pair = collections.namedtuple('Pair', 'a b')
for cls in (Point, Slotted, Stack, Table, Color, Pair):
    cls.__module__ = 'geo'
sys.modules['geo'] = sys.modules[__name__]


class Text:
    """A value whose repr is given."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def slotted():
    s = Slotted()
    s.x = 1
    s.y = 'b'
    return s


shared = [1, 2]
memo_heavy = [str(i) * 2 for i in range(300)]
cases = {
    'none': (None, None),
    'bools': ([True, False], [True, False]),
    'ints': ([0, 1, 255, 256, 65535, 65536, -1, 2**31 - 1, -2**31, 2**31, -2**31 - 1, 2**39, -2**39,
              2**63 - 1, -2**63, 2**63, -2**63 - 1, 2**64, 10**100, -10**100, 2**2040],) * 2,
    'floats': ([0.0, -0.0, 1.5, 1e300, -1e-300, float('inf'), 0.1],) * 2,
    'texts': (['', 'a', 'text', 'caf\u00e9', '\u20ac', '\U0001f600', 'a\nb\\c\0\x1a', 'x' * 256, 'q' * 70000],) * 2,
    'bytes': ([b'', b'a', bytes(range(256)), b'z' * 70000],) * 2,
    'bytearray': (bytearray(b'abc'), b'abc'),
    'empty bytearray': (bytearray(), b''),
    'tuples': ([(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((), ((1,),))],) * 2,
    'lists': ([[], [1], [1, 2], list(range(2500))],) * 2,
    'dicts': ([{}, {'a': 1}, {'a': 1, 'b': {'c': []}}, {str(i): i for i in range(2500)}],) * 2,
    'keys': ({1: 'a', None: 'b', 2.5: 'c', 'd': 'e', 10**20: 'f'},
             {'1': 'a', 'null': 'b', '2.5': 'c', 'd': 'e', '100000000000000000000': 'f'}),
    'sets': ([set(), {1}, frozenset(), frozenset([2]), {(1, 2)}], [set(), {1}, set(), {2}, {(1, 2)}]),
    'shared': ([shared, shared, {'again': shared}], [[1, 2], [1, 2], {'again': [1, 2]}]),
    'many memo entries': (memo_heavy + memo_heavy,) * 2,
    'decimals': ([decimal.Decimal('1.50'), decimal.Decimal('-3')], Text("[Decimal('1.50'), Decimal('-3')]")),
    'datetimes': ([datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.datetime(2020, 1, 2, tzinfo=UTC),
                   datetime.datetime(1969, 12, 31, 23, tzinfo=datetime.timezone(datetime.timedelta(hours=-1, minutes=-30)))],) * 2,
    'date': (datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2)),
    'timedelta': ([datetime.timedelta(days=1, seconds=5), datetime.timedelta(microseconds=-500000)], [86405, -0.5]),
    'time': ([datetime.time(3, 4, 5), datetime.time(3, 4, 5, 6), datetime.time(1, 2, tzinfo=UTC)],
             ['03:04:05', '03:04:05.000006', '01:02:00+00:00']),
    'uuid': (uuid.UUID('f47ac10b-58cc-4372-a567-0e02b2c3d479'), 'f47ac10b-58cc-4372-a567-0e02b2c3d479'),
    'fraction': (fractions.Fraction(1, 3), Text('*')),
    'complex': (complex(1, -2), (1.0, -2.0)),
    'range': (range(1, 10, 2), (1, 10, 2)),
    'slice': (slice(1, None), (1, None, None)),
    'ordered': (collections.OrderedDict([('b', 1), ('a', 2)]), {'b': 1, 'a': 2}),
    'default': (collections.defaultdict(int, {'a': 1, 'b': 2}), {'a': 1, 'b': 2}),
    'counter': (collections.Counter('aab'), {'a': 2, 'b': 1}),
    'deque': ([collections.deque([1, 2]), collections.deque([3, 4], 5)], [[1, 2], [3, 4]]),
    'namespace': (types.SimpleNamespace(a=1, b=[2]), {'a': 1, 'b': [2]}),
    'paths': (pathlib.PurePosixPath('/usr/lib'), '/usr/lib'),
    'addresses': ([ipaddress.ip_address('127.0.0.1'), ipaddress.ip_address('::1')], ['127.0.0.1', '::1']),
    'arrays': ([array.array('i', [1, -2]), array.array('d', [0.5]), array.array('B', [255])], [[1, -2], [0.5], [255]]),
    'point': (Point(1, [2]), {'x': 1, 'y': [2]}),
    'slots': (slotted(), {'x': 1, 'y': 'b'}),
    'namedtuple': (Pair(1, 'b'), (1, 'b')),
    'list subclass': (Stack([1, 2]), [1, 2]),
    'dict subclass': (Table(a=1, b=2), {'a': 1, 'b': 2}),
    'enum': (Color.RED, Text('*')),
}

if sys.argv[1] == 'write':
    for name, (value, expected) in cases.items():
        for protocol in range(6):
            if name == 'slots' and protocol < 2:
                continue
            print(name, protocol, pickle.dumps(value, protocol).hex(), repr(expected), sep='\t')
    # The pickler written in Python batches and memoizes a little differently.
    for name, (value, expected) in cases.items():
        import io
        for protocol in range(6):
            if name in ('slots', 'enum') and protocol < 2:
                continue
            out = io.BytesIO()
            pickle._Pickler(out, protocol).dump(value)
            print(name + ' by Python', protocol, out.getvalue().hex(), repr(expected), sep='\t')
else:
    for line in sys.stdin:
        protocol, data = line.split()
        data = bytes.fromhex(data)
        value = pickle.loads(data)
        print(repr(value), pickle.dumps(value, int(protocol)) == data, sep='\t')
