"""httpbin on a free port of 127.0.0.1, with HTTP/1.1; prints the port."""
import logging

import httpbin
from werkzeug.serving import WSGIRequestHandler, make_server

logging.getLogger('werkzeug').setLevel(logging.ERROR)
WSGIRequestHandler.protocol_version = 'HTTP/1.1'
server = make_server('127.0.0.1', 0, httpbin.app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
