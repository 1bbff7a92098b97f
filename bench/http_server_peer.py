"""aiohttp as a server of static files: http_server_peer.py PORT FOLDER"""
import sys

from aiohttp import web

app = web.Application()
app.router.add_static('/', sys.argv[2])
web.run_app(app, host='127.0.0.1', port=int(sys.argv[1]), print=None, access_log=None)
