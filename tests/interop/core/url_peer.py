"""Reads lines `function<TAB>argument as hex`, prints the result of urllib.parse or idna as hex."""
import sys
import urllib.parse

import idna

functions = {
    'quote': urllib.parse.quote,
    'quote_all': lambda s: urllib.parse.quote(s, safe=''),
    'quote_plus': urllib.parse.quote_plus,
    'unquote': urllib.parse.unquote,
    'unquote_plus': urllib.parse.unquote_plus,
    'requote': lambda s: urllib.parse.urlencode(urllib.parse.parse_qsl(s, keep_blank_values=True)),
    'to_ascii': lambda s: idna.encode(s, uts46=True).decode(),
}
for line in sys.stdin:
    name, argument = line.rstrip('\n').split('\t')
    print(functions[name](bytes.fromhex(argument).decode()).encode().hex())
