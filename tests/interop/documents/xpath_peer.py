"""Evaluates XPath expressions with lxml. Standard input: a page on the first line, then one expression a
line; with the arguments SEED COUNT so many random expressions instead. Output, one line an expression: the
expression, its type, then its values, with U+001F between."""
import random
import re
import sys

from lxml import etree, html

AXES = ('ancestor ancestor-or-self attribute child descendant descendant-or-self following '
        'following-sibling parent preceding preceding-sibling self').split() + ['child'] * 6 + [''] * 6
TESTS = 'li ul div span * * node() text() td tr p a b body comment()'.split()
ATTRIBUTES = 'class id title * href node()'.split()


def predicate(depth):
    forms = ['%d' % random.randint(1, 3), '%d' % random.randint(1, 3), 'last()', 'last()-1',
             'position()%s%d' % (random.choice(('>', '<', '=', '!=', '<=')), random.randint(1, 3)),
             '@' + random.choice(ATTRIBUTES[:3]), '@title="buyer-name"', 'position()=last()',
             '.=%s' % random.choice(('1', '"1"', '"20"')), 'position() mod 2 = 1', 'contains(.,"o")']
    if depth:
        forms += [path(depth - 1), 'not(%s)' % path(depth - 1),
                  'count(%s)%s%d' % (path(depth - 1), random.choice('<>='), random.randint(0, 3)),
                  'position()<3 and %s' % path(depth - 1), '%s=%s' % (path(depth - 1), path(depth - 1)),
                  '%s%s2' % (path(depth - 1), random.choice(('<', '>', '=', '!=')))]
    return random.choice(forms)


def step(depth):
    if random.random() < .08:
        return random.choice(('.', '..'))
    axis = random.choice(AXES)
    if axis == 'attribute':
        text = random.choice(('@', 'attribute::')) + random.choice(ATTRIBUTES)
    else:
        text = (axis and axis + '::') + random.choice(TESTS)
    while random.random() < .4:
        text += '[%s]' % predicate(depth)
    return text


def path(depth):
    text = random.choice(('//', '//', '/') if depth == 2 else ('', '', '//', '/', './/')) + step(depth)
    for _ in range(random.randint(0, 2)):
        text += random.choice(('/', '/', '//')) + step(depth)
    return text


def expression():
    return random.choice((
        '%s', '%s', '%s', '%s', 'count(%s)', 'string(%s)', 'boolean(%s)', '%s | ' + path(2),
        '(%%s)[%s]' % predicate(1), '(%%s)/%s' % step(1))) % path(2)


def random_expressions(seed, count):
    random.seed(seed)
    while count:
        text = expression()
        # Where an attribute is in document order, libxml2 does not say as the Recommendation does.
        if not re.search('(@|attribute::).*following::', text):
            count -= 1
            yield text


def answer(tree, text):
    try:
        found = tree.xpath(text)
    except etree.XPathError:
        return ['error']
    if isinstance(found, bool):
        return ['boolean', str(found).lower()]
    if isinstance(found, float):
        return ['number', repr(found)]
    if isinstance(found, str):
        return ['string', found]
    return ['nodes'] + [tree.getpath(n) if isinstance(n, etree._Element) else str(n) for n in found]


lines = sys.stdin.buffer.read().decode().splitlines()
page = html.document_fromstring(lines[0]).getroottree()
wanted = random_expressions(int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else lines[1:]
for line in wanted:
    sys.stdout.write('\x1f'.join([line] + answer(page, line)) + '\n')
