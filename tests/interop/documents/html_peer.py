"""Reads pages from a file, in UTF-8 and separated by NUL, and prints the tree that html5lib builds from each."""
import sys

import html5lib
from html5lib.treebuilders import getTreeBuilder

with open(sys.argv[1], 'rb') as file:
    pages = file.read().decode('utf-8').split('\0')
for page in pages:
    parser = html5lib.HTMLParser(getTreeBuilder('dom'))
    document = parser.parse(page)
    sys.stdout.buffer.write(parser.tree.testSerializer(document).encode('utf-8') + b'\0')
