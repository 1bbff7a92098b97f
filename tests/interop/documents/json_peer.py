"""Writes documents with Python's json, checks what ferry wrote, and says where json finds errors.

write: for each document its forms, each ended by NUL. check: reads one NUL-ended form a document.
errors: mutated documents and json's verdict, `ok` or `LINE:COLUMN:MESSAGE`, each ended by NUL.
options: random documents with random options: the options as an object, the document, and what
json.dumps makes of it, or `ValueError`, each ended by NUL.
"""
import json
import random
import sys

DOCUMENTS = 300


def number(r):
    kind = r.randrange(8)
    if kind == 0:
        return r.randrange(-10, 10)
    if kind == 1:
        return r.randrange(-2**31, 2**31)
    if kind == 2:
        return r.choice((2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64 - 1, 2**64, 2**53 + 1))
    if kind == 3:
        return r.randrange(-10**40, 10**40)
    if kind == 4:
        return r.choice((0.0, -0.0, 1e16, 9999999999999998.0, 1e-5, 1e-4, 5e-324,
                         1.7976931348623157e308, 2.2250738585072014e-308, 123456789.0))
    if kind == 5:
        return r.random()
    if kind == 6:
        return r.uniform(-1, 1) * 10.0 ** r.randrange(-320, 309)
    return r.randrange(10**17) / 10 ** r.randrange(1, 18)


def text(r):
    alphabet = 'ab"\\/\b\f\n\r\t\x00\x1f\x7f é€\u2028\U0001f600\U0010ffff<&>'
    return ''.join(r.choice(alphabet) for _ in range(r.choice((0, 1, 3, 13, 14, 15, 16, 17, 40))))


def document(r, depth=0):
    kind = r.randrange(8 if depth < 4 else 5)
    if kind == 0:
        return r.choice((None, True, False))
    if kind in (1, 2):
        return number(r)
    if kind in (3, 4):
        return text(r)
    size = r.choice((0, 1, 2, 5, 20))
    if kind == 5:
        return [document(r, depth + 1) for _ in range(size)]
    return {text(r): document(r, depth + 1) for _ in range(size)}


def documents():
    r = random.Random(20261125)
    return [document(r) for _ in range(DOCUMENTS)]


def forms(v):
    yield json.dumps(v)
    yield json.dumps(v, ensure_ascii=False, separators=(',', ':'))
    yield json.dumps(v, indent=2)
    yield json.dumps(v, indent='\t', ensure_ascii=False)
    yield json.dumps(v, sort_keys=True)


def put(item):
    sys.stdout.buffer.write(item.encode() + b'\0')


def same(a, b):
    """Equal, also in types and in the signs of zeros."""
    return repr(a) == repr(b)


def verdict(s):
    try:
        json.loads(s)
        return 'ok'
    except json.JSONDecodeError as e:
        return f'{e.lineno}:{e.colno}:{e.msg}'


def mutated():
    r = random.Random(7)
    seeds = ['{"a": [1, 2.5e3, -0, "x\\n\\u00e9\\ud83d\\ude00"], "b": {"c": null, "d": true}}',
             '[1,\n {"k": "v",\n  "é": [false, NaN, -Infinity]},\n "a text over one block\\t"]',
             '{"key": "value", "list": [[], {}, [{}]], "n": 123456789012345678901234567890}',
             '"plain"', '-12.75E-2', ' [ 1 , 2 ] ']
    alphabet = '{}[]",:\\/ \n\t0123456789eE+-.truefalsnNaIiy\'\x01é€\U0001f600u'
    for seed in seeds:
        for cut in range(len(seed)):
            yield seed[:cut]
    for _ in range(1500):
        s = list(r.choice(seeds))
        for _ in range(r.randrange(1, 4)):
            at = r.randrange(len(s) + 1)
            what = r.randrange(3)
            if what == 0:
                s.insert(at, r.choice(alphabet))
            elif what == 1 and at < len(s):
                del s[at]
            elif at < len(s):
                s[at] = r.choice(alphabet)
        yield ''.join(s)


def optioned():
    r = random.Random(8259)
    pieces = ('', ' ', ',', ', ', ': ', ':', '\n', '\t', ' \u20ac ')
    for _ in range(2500):
        v = document(r)
        if r.randrange(4) == 0:
            v = [v, r.choice((float('nan'), float('inf'), float('-inf')))]
        options = {}
        if r.randrange(3) == 0:
            options['separators'] = (r.choice(pieces), r.choice(pieces))
        if r.randrange(2) == 0:
            options['indent'] = r.choice((0, 1, 2, 4, 7, '', '\t', ' - '))
        for name in ('sort_keys', 'ensure_ascii', 'allow_nan'):
            if r.randrange(2) == 0:
                options[name] = r.choice((True, False))
        try:
            text = json.dumps(v, **options)
        except ValueError:
            text = 'ValueError'
        yield json.dumps(options)
        yield json.dumps(v)
        yield text


def main():
    mode = sys.argv[1]
    if mode == 'options':
        for item in optioned():
            put(item)
        return
    if mode == 'write':
        for v in documents():
            for form in forms(v):
                put(form)
    elif mode == 'check':
        given = sys.stdin.buffer.read().split(b'\0')[:-1]
        wanted = documents()
        if len(given) != len(wanted):
            sys.exit(f'{len(given)} documents instead of {len(wanted)}')
        for i, (mine, theirs) in enumerate(zip(wanted, given)):
            if not same(json.loads(theirs), mine):
                sys.exit(f'document {i} differs: {theirs!r}')
        print('ok')
    else:
        for s in mutated():
            put(s)
            put(verdict(s))


main()
