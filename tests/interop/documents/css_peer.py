"""Reads {"pages": [...], "selectors": [...]} from a file and prints, for each page and selector, the numbers of the
elements that cssselect finds on html5lib's tree, in document order; with {"xml": ...} those in that document."""
import json
import sys

import html5lib
from cssselect import GenericTranslator, HTMLTranslator
from lxml import etree

with open(sys.argv[1], encoding='utf-8') as file:
    job = json.load(file)
if 'xml' in job:
    root = etree.fromstring(job['xml'])
    elements = {element: i for i, element in enumerate(root.iter('*'))}
    to_xpath = GenericTranslator().css_to_xpath
    json.dump([' '.join(str(elements[e]) for e in root.xpath(to_xpath(s), namespaces={'n': 'urn:n'}))
               for s in job['selectors']], sys.stdout)
    sys.exit()
queries = [etree.XPath(HTMLTranslator().css_to_xpath(s)) for s in job['selectors']]
result = []
for page in job['pages']:
    tree = html5lib.parse(page, treebuilder='lxml', namespaceHTMLElements=False)
    root = tree.getroot()
    numbers = {}
    for element in root.iter('*'):
        if not any(a.tag == 'template' for a in element.iterancestors()):
            numbers[element] = len(numbers)
    result.append([' '.join(str(numbers[e]) for e in query(root) if e in numbers) for query in queries])
json.dump(result, sys.stdout)
