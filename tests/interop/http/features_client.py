"""Requests against the features of ferry's server."""
import sys

import requests

url = sys.argv[1]
r = requests.post(url + '/upload', data={'k': 'v'},
                  files={'f': ('n é.txt', b'small', 'text/plain'), 'g': ('big', b'b' * 3_000_000)})
print(r.text)
r = requests.get(url + '/events', stream=True, headers={'Last-Event-ID': '1', 'Accept-Encoding': 'identity'})
lines = []
for line in r.iter_lines():
    if not line:
        break
    lines.append(line.decode())
print('|'.join(lines))
r.close()
answer = requests.get(url + '/private/', auth=('user', 'pass'))
print(requests.get(url + '/private/').status_code, answer.status_code, answer.text)
r = requests.get(url + '/text', headers={'Accept-Encoding': 'gzip', 'Origin': 'http://a.example'})
print(r.headers['Content-Encoding'], len(r.text), r.headers['Access-Control-Allow-Origin'])
