"""What libyaml reads and PyYAML's own scanner does not (a question mark or a tab inside of a plain scalar, directives that
nobody knows) is left out.

write: for each document its hex, and the hex of what PyYAML reads in ferry's kinds ("error" if it refuses) and of
what safe_dump makes of that. read: for each hex line the repr of what it holds and whether safe_dump writes the same."""
import datetime
import sys

import yaml

UTC = datetime.timezone.utc
scalars = '''yes Yes YES no No NO true True TRUE false False FALSE on On ON off Off OFF y n Y N yEs ~ null Null NULL nULL
0 1 -1 +1 010 -010 0o10 08 0_ 1_000 1__0 _1 1_ 0x1F 0xff_ 0x -0x1F 0b11 0b -0b1 0b2 190:20:30 1:5 1:60 1:05 -1:30 0:30 01:30
1.5 1. .5 -.5 +.5 . 1.5e3 1.5e+3 1.5E-3 1e3 1e+3 .5e+1 1_0.5_0 190:20:30.15 1:5. .inf -.inf +.Inf .INF .nan .NaN -.nan .iNF
685_230.15 9223372036854775807 9223372036854775808 -9223372036854775809 0xffffffffffffffffff 0b1111111100000000111111110000000011111111000000001111111100000000111
0777777777777777777777777 123456789012345678901234567890
2001-12-14 2001-1-1 2001-12-14T21:59:43.10-05:00 2001-12-14t21:59:43Z 2001-12-14T1:59:43 2001-12-14T21:59:43.1234567+05 2020-13-01 2020-02-30
2001-12-14T21:59:43+5:30 2001-12-14T24:00:00 0000-01-01
<< = => a=b @x %x !x &x *x `x - -- --- : :a a:b a: ? ?a # a#b , [ ] { } > | ' " 'x "x x' x" \\x ~x null. truex 1x x1 http://a.local/x?y=1#z'''.split()
documents = ['- ' + s for s in scalars] + ['{a: ' + s + '}' for s in scalars if '?y' not in s] + [s + ': 1' for s in scalars] + [
    '- !!str ' + s for s in scalars[:60]] + [
    '', '---\n...\n', '# only a comment', 'a\n---\nb', 'a: 1\n...\n', '\ufeffa: 1', '- 2001-12-15 2:59:43.10',
    '- 2001-12-14 21:59:43.10 -5',
    'a: &x 1\nb: *x', 'a: &x [1, 2]\nb: *x', 'a: &x 1\nb: &x 2', '- *nope', '- &a [*a]',
    '{a: 1, a: 2}', '? [a]\n: 1', '? {a: 1}\n: 1', '? a\n? b\n', '? a\n: b\n', '=: 1',
    '<<: {a: 1}\na: 2', 'a: 1\n<<: [{a: 2, b: 3}, {b: 4, c: 5}]', '<<: 3', '<<: [1]', '<<: [{a: 1}, 2]',
    'base: &b {x: 1, y: 2}\nderived:\n  <<: *b\n  y: 3\n', 'a: &a\n  x: &x {p: 1}\n  <<: *x\nb:\n  <<: *a\n  p: 2',
    '- !!int "3"', '- !!int 3:30', "- !!int ''", '- !!int x', '- !!float 3', '- !!float x', '- !!bool yes', '- !!bool maybe',
    '- !!null x', '- !!str 3', '- !!timestamp 2001-1-1', '- !!timestamp x', '- !!binary aGk=', '- !!binary |\n  aGVs\n  bG8=',
    '- !!binary "a"', '- ! 12', '- !!map [a]', '- !!seq {a: 1}', '!!set {a, b}', '!!set [a]', '- !!omap [a: 1, b: 2]',
    '- !!omap {a: 1}', '- !!pairs [a: 1, a: 2]', '- !!pairs [a]', '- !!pairs [{a: 1, b: 2}]', '- !!set x', '- !!seq x',
    '- !!foo 3', '- !foo 3', '- !!python/object:x.Y {}', '- !!python/name:os.system', '- !<tag:yaml.org,2002:int> 7',
    '%TAG !e! tag:yaml.org,2002:\n---\n- !e!int "7"', '%YAML 1.1\n---\na: 1', '%YAML 2.0\n---\na: 1', 
    '\ta: 1', 'a:\n\t- 1', '{a: 1', "'unterminated", '"unterminated', '"bad \\q escape"', '- "\\x41\\u00e9\\U0001F600\\n\\t\\e\\0\\_\\N"',
    'a: b: c', '- [a, b', '[a, b,]', '{a, b: }', '{a: {b: {c: [1, {d: 2}]}}}', '[[[[]]]]', '- - - 1\n    - 2\n', '-\n- \n-   x',
    'key: >\n folded\n text\n\n more\n', 'key: |\n kept\n  as it\n is\n', 'key: |-\n strip\n', 'key: |+\n keep\n\n', 'key: >2\n   two\n',
    'plain text\n over lines', '"quoted\n over\n\n lines"', "'it''s'", 'a: "x: y"', '{a: "b"}', 'a: # comment\n  b', 'a: 1 # c', 'a: x#y',
    'anchors: [&a one, &b two, *a, *b]', 'x: \x01', 'caf\u00e9: \u20ac \U0001f600', 'a: 1\nb', 'a:\n b: 1\n  c: 2', ' a: 1\n b: 2', 'a: 1\n b: 2',
    '{3: a, 2.5: b, yes: c, ~: d, 2001-12-14: e}', '- 1\n-2', '-', '?', ': a', '"a" "b"', '[a]: 1', '&a : 1', '&a key: *a',
]


def key(k):
    if isinstance(k, str):
        return k
    if k is None:
        return 'null'
    if isinstance(k, bool):
        return 'true' if k else 'false'
    return ferry(k).isoformat() if isinstance(k, datetime.date) else repr(k)


def ferry(v):
    """What ferry makes of a value."""
    if isinstance(v, datetime.date) and not isinstance(v, datetime.datetime):
        return datetime.datetime(v.year, v.month, v.day)
    if isinstance(v, dict):
        return {key(k): ferry(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return type(v)(ferry(x) for x in v)
    return v


class Sorted:
    """A set in an order that both know."""

    def __init__(self, v):
        self.v = v

    def __repr__(self):
        return '{' + ', '.join(sorted(map(repr, self.v))) + '}'


def hexed(text):
    return text.encode('utf-8', 'surrogatepass').hex() or '-'


if sys.argv[1] == 'write':
    for d in documents:
        try:
            v = yaml.safe_load(d)
            plain = ferry(v)
            shown = repr(Sorted(plain)) if isinstance(plain, set) else repr(plain)
            dumped = yaml.safe_dump(v)
            if repr(plain) != repr(v) or 'datetime.' in shown or '&id' in dumped:
                dumped = '-'  # not the same in ferry
        except (yaml.YAMLError, ValueError, KeyError, IndexError, AttributeError, RecursionError, TypeError) as e:
            shown = dumped = 'error ' + type(e).__name__
        print(hexed(d), hexed(shown), hexed(dumped), sep='\t')
else:
    for line in sys.stdin:
        text = bytes.fromhex(line.strip()).decode()
        v = yaml.safe_load(text)
        print(hexed(repr(v)), yaml.safe_dump(v) == text, hexed(yaml.safe_dump(v)), sep='\t')
