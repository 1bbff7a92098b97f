"""Requests as a client of ferry's server: prints what it sees as JSON lines."""
import json
import sys

import requests

base = sys.argv[1]
session = requests.Session()


def show(name, response):
    print(json.dumps([name, response.status_code, response.text], ensure_ascii=False))


show('get', session.get(base + '/hello', params={'name': 'café'}))
show('json', session.post(base + '/echo', json={'a': ['é', 1]}))
show('chunked', session.post(base + '/echo', data=iter([b'ab', b'cd'])))
show('form', session.post(base + '/echo', data={'a': [1, 2]}))
show('stream', session.get(base + '/stream'))
show('head', session.head(base + '/hello'))
show('options', session.options(base + '/hello'))
show('missing', session.get(base + '/none'))
show('file', session.get(base + '/files/page.txt'))
show('range', session.get(base + '/files/page.txt', headers={'Range': 'bytes=1-3'}))
tag = session.get(base + '/files/page.txt').headers['ETag']
show('cached', session.get(base + '/files/page.txt', headers={'If-None-Match': tag}))
show('gzip', session.get(base + '/files/packed.txt'))
