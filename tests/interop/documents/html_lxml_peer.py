"""Reads a page from a file and prints, as JSON, what lxml.html says of its forms, links and texts."""
import json
import sys

from lxml import html

with open(sys.argv[1], encoding='utf-8') as file:
    text = file.read()
page = html.document_fromstring(text)
found = {
    'forms': [form.form_values() for form in page.forms],
    'methods': [form.method for form in page.forms],
    'links': [[e.tag, attribute or '', link] for e, attribute, link, position in page.iterlinks()],
    'positions': [position for e, attribute, link, position in page.iterlinks()],
    'text': page.body.text_content(),
    'by_class': [e.get('id') for e in page.find_class('b')],
    'classes': sorted(page.get_element_by_id('c').classes),
}
page.make_links_absolute('http://h.example/dir/page.html')
found['absolute'] = [link for e, attribute, link, position in page.iterlinks()]
for e in page.xpath('//u'):
    e.drop_tag()
for e in page.xpath('//s'):
    e.drop_tree()
found['edited'] = page.get_element_by_id('c').text_content()
json.dump(found, sys.stdout)
