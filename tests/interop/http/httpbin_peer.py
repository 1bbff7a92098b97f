"""httpbin on a free port of 127.0.0.1, with HTTP/1.1 and one more answer; prints the port."""
import logging

import flask
import httpbin
from werkzeug.serving import WSGIRequestHandler, make_server


@httpbin.app.route('/files', methods=['POST'])
def files():
    """Every file of a form in its order; httpbin's own answers show one of a name."""
    sent = flask.request.files.items(multi=True)
    return flask.jsonify([[name, f.filename, f.mimetype, f.read().decode()] for name, f in sent])


logging.getLogger('werkzeug').setLevel(logging.ERROR)
WSGIRequestHandler.protocol_version = 'HTTP/1.1'
server = make_server('127.0.0.1', 0, httpbin.app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
