"""The trees that lxml makes of pages. Standard input: pages with NUL between; output: one dump a page, NUL behind
each."""
import sys

from lxml import etree, html


def dump(root):
    out = []
    stack = [(root, 0)]
    while stack:
        n, depth = stack.pop()
        if isinstance(n, str):
            out.append(n)
            continue
        if n.tag is etree.Comment:
            out.append('!%s' % n.text)
        elif n.tag is etree.ProcessingInstruction:
            out.append('?%s %s' % (n.target, n.text or ''))
        else:
            out.append('<%s' % n.tag)
            out.extend('%s=%s' % item for item in n.attrib.items())
            out.append('"%s"' % (n.text or ''))
        tail = [] if n is root else ['"%s"' % (n.tail or '')]
        for following in reversed(list(n) + (['>'] if isinstance(n.tag, str) else []) + tail):
            stack.append((following, depth + 1))
    return '\n'.join(out)


parser = html.HTMLParser(encoding='utf-8', huge_tree=True)
for page in sys.stdin.buffer.read().split(b'\0'):
    sys.stdout.buffer.write(dump(html.document_fromstring(page, parser=parser)).encode() + b'\0')
