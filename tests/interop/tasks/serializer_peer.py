"""kombu's serializers and compressions at both ends of ferry's task messages.

make    prints a JSON list of messages, one for each serializer and compression, their bodies in base64
read    reads such a list from standard input and prints the repr of each body as kombu reads it
show    reads a list of values, pickled and in base64, and prints what kombu's JSON has of each, and Celery's saferepr
"""
import base64
import json
import pickle
import sys

from celery.utils.saferepr import saferepr
from kombu.compression import compress, decompress
from kombu.serialization import dumps, enable_insecure_serializers, loads

enable_insecure_serializers()

embed = {'callbacks': None, 'errbacks': None, 'chain': None, 'chord': None}
body = ((2, 'caf\u00e9', 1.5, None, True, [1, {'a': 'b'}]), {'y': 3}, embed)
headers = {'lang': 'py', 'task': 'ferry.add', 'id': '1'}


def make():
    made = []
    for serializer in ('json', 'pickle', 'yaml', 'msgpack'):
        for compression in (None, 'gzip', 'zlib', 'bzip2', 'lzma', 'brotli'):
            content_type, encoding, data = dumps(body, serializer)
            head = dict(headers)
            if isinstance(data, str):
                data = data.encode()
            if compression:
                data, head['compression'] = compress(data, compression)
            made.append({'content-type': content_type, 'content-encoding': encoding, 'headers': head,
                         'body': base64.b64encode(data).decode()})
    return made


def read(m):
    data = base64.b64decode(m['body'])
    if m['headers'].get('compression'):
        data = decompress(data, m['headers']['compression'])
    return repr(loads(data, m['content-type'], m['content-encoding'], accept=[m['content-type']]))


def show(text):
    v = pickle.loads(base64.b64decode(text))
    return [json.loads(dumps(v, 'json')[2]), [saferepr(v, n) for n in (1024, 40, 13, 4, 1)]]


if sys.argv[1] == 'show':
    print(json.dumps([show(text) for text in json.load(sys.stdin)]))
elif sys.argv[1] == 'make':
    print(json.dumps(make()))
else:
    print(json.dumps([read(m) for m in json.load(sys.stdin)]))
