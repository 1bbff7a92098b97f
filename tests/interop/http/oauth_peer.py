"""An OAuth 2 authorization server and the API behind it, on a free port; prints the port.

POST /token   client_credentials with id:secret, or refresh_token; tokens last 3600 s
GET  /api     200 with a good token, 401 otherwise
GET  /revoke  makes every token given so far bad
GET  /count   how many tokens were given
GET  /flaky   503 with Retry-After: 0 twice, then 200
"""
import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

tokens = set()
given = 0
flaky = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, document, **fields):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        for name, value in fields.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        global given
        form = parse_qs(self.rfile.read(int(self.headers['Content-Length'])).decode())
        basic = 'Basic ' + base64.b64encode(b'id:secret').decode()
        if self.headers.get('Authorization') != basic:
            self.answer(401, {'error': 'invalid_client'})
        elif form['grant_type'] == ['client_credentials'] or form.get('refresh_token') == ['r1']:
            given += 1
            token = 't%d' % given
            tokens.add(token)
            self.answer(200, {'access_token': token, 'token_type': 'Bearer', 'expires_in': 3600,
                              'scope': form.get('scope', [''])[0]})
        else:
            self.answer(400, {'error': 'invalid_grant'})

    def do_GET(self):
        global flaky
        if self.path == '/api':
            token = self.headers.get('Authorization', '').removeprefix('Bearer ')
            good = token in tokens
            self.answer(200 if good else 401, {'token': token},
                        **({} if good else {'WWW_Authenticate': 'Bearer error="invalid_token"'}))
        elif self.path == '/revoke':
            tokens.clear()
            self.answer(200, {})
        elif self.path == '/flaky':
            flaky += 1
            self.answer(503 if flaky % 3 else 200, {'seen': flaky}, Retry_After='0')
        else:
            self.answer(200, {'given': given})


server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
