"""Evaluates XPath expressions with lxml. Standard input: a page on the first line, then one expression a
line. Output, one line an expression: its type, then its values, with U+001F before each."""
import sys

from lxml import etree, html

lines = sys.stdin.buffer.read().decode().splitlines()
root = html.document_fromstring(lines[0])
tree = root.getroottree()


def shown(value):
    if isinstance(value, etree._Element):
        return tree.getpath(value)
    return str(value)


for expression in lines[1:]:
    try:
        found = tree.xpath(expression)
    except etree.XPathError as e:
        fields = ['error']
    else:
        if isinstance(found, bool):
            fields = ['boolean', str(found).lower()]
        elif isinstance(found, float):
            fields = ['number', repr(found)]
        elif isinstance(found, str):
            fields = ['string', found]
        else:
            fields = ['nodes'] + [shown(n) for n in found]
    sys.stdout.write('\x1f'.join(fields) + '\n')
