"""XML by lxml, expat, xmltodict and untangle. Standard input: items with NUL between; output: one answer an
item, with NUL behind each. The first argument is the mode."""
import io
import json
import sys
from xml.parsers import expat

import untangle
import xmltodict
from lxml import etree


def tree(data):
    out = []

    def walk(n):
        if n.tag is etree.Comment:
            out.append('!%s' % n.text)
        elif n.tag is etree.ProcessingInstruction:
            out.append('?%s %s' % (n.target, n.text or ''))
        else:
            out.append('<%s' % n.tag)
            for key, value in sorted(n.attrib.items()):
                out.append('%s=%s' % (key, value))
            out.append('"%s"' % (n.text or ''))
            for child in n:
                walk(child)
            out.append('>')
        out.append('"%s"' % (n.tail or ''))

    walk(etree.fromstring(data))
    return '\n'.join(out)


def c14n(data):
    root = etree.ElementTree(etree.fromstring(data))
    forms = []
    for exclusive in (False, True):
        for comments in (False, True):
            forms.append(etree.tostring(root, method='c14n', exclusive=exclusive, with_comments=comments).decode())
    for e in root.getroot().iter(etree.Element):
        forms.append(etree.tostring(e, method='c14n', exclusive=True, with_comments=True, with_tail=False).decode())
    return '\n--\n'.join(forms)


def verdict(data):
    parser = expat.ParserCreate(None, '|')
    try:
        parser.Parse(data, True)
        return 'accepted'
    except expat.ExpatError:
        return 'refused'


OPTIONS = [
    {}, {'strip_whitespace': False}, {'xml_attribs': False}, {'attr_prefix': '!', 'cdata_key': '_'},
    {'cdata_separator': '|'}, {'force_list': ('b', 'c')}, {'force_list': True}, {'force_cdata': True},
    {'process_comments': True}, {'process_comments': True, 'strip_whitespace': False, 'cdata_separator': '|'},
    {'process_namespaces': True},
    {'process_namespaces': True, 'namespaces': {'http://p/': None, 'http://d/': 'short'}},
    {'process_namespaces': True, 'namespace_separator': '^', 'process_comments': True},
    {'disable_entities': False, 'cdata_separator': '|'}, {'attr_prefix': ''},
]


def dictionary(data):
    out = [json.dumps(xmltodict.parse(data, **how)) for how in OPTIONS]
    items = []

    def callback(path, item):
        items.append([[[name, attributes] for name, attributes in path], item])
        return True

    xmltodict.parse(data, item_depth=2, item_callback=callback)
    out.append(json.dumps(items))
    return '\n'.join(out)


def unparse(data):
    doc = json.loads(data)
    return '\x01'.join([
        xmltodict.unparse(doc), xmltodict.unparse(doc, pretty=True), xmltodict.unparse(doc, short_empty_elements=True),
        xmltodict.unparse(doc, full_document=False, pretty=True, indent='  ', newl='\r\n'),
    ])


def object_(data):
    def show(e):
        return '%s(%s)[%s]{%s}' % (e._name, ','.join('%s=%s' % i for i in e._attributes.items()), e.cdata,
                                   ''.join(show(c) for c in e.children))
    return show(untangle.parse(io.BytesIO(data)).children[0])


def xpath(data):
    text, expressions = data.decode().split('\x01', 1)
    root = etree.fromstring(text)
    names = {'p': 'http://p/', 'd': 'http://d/', 're': 'http://exslt.org/regular-expressions',
             'set': 'http://exslt.org/sets', 'math': 'http://exslt.org/math', 'str': 'http://exslt.org/strings'}
    out = []
    for expression in expressions.split('\n'):
        r = root.xpath(expression, namespaces=names, n=2, t='x')
        if isinstance(r, list):
            r = [e[1] if isinstance(e, tuple) else e for e in r]  # namespace nodes
            out.append('|'.join('<%s>' % e.tag if isinstance(getattr(e, 'tag', None), str) else
                                e.text if hasattr(e, 'tag') else str(e) for e in r))
        elif isinstance(r, bool):
            out.append(str(r).lower())
        elif isinstance(r, float):
            out.append('%.12g' % r)
        else:
            out.append(str(r))
    return '\n'.join(out)


act = {'tree': tree, 'c14n': c14n, 'verdict': verdict, 'xmltodict': dictionary, 'unparse': unparse,
       'untangle': object_, 'xpath': xpath}[sys.argv[1]]
for item in sys.stdin.buffer.read().split(b'\0'):
    sys.stdout.buffer.write(act(item).encode() + b'\0')
