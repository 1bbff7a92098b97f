"""Websocket echo, by the packages websockets and aiohttp: `serve KIND`, or `visit KIND URL`."""
import asyncio
import sys

import aiohttp
from aiohttp import web
import websockets


async def serve_websockets():
    async def handler(ws):
        async for message in ws:
            if isinstance(message, str) and message.startswith('close '):
                await ws.close(int(message.split()[1]))
                return
            await ws.send(message)
    server = await websockets.serve(handler, '127.0.0.1', 0, subprotocols=['echo'], max_size=2_000_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


async def serve_aiohttp():
    async def handler(request):
        ws = web.WebSocketResponse(protocols=['echo'], max_msg_size=2_000_000)
        await ws.prepare(request)
        async for message in ws:
            if message.type == aiohttp.WSMsgType.TEXT:
                if message.data.startswith('close '):
                    await ws.close(code=int(message.data.split()[1]))
                    break
                await ws.send_str(message.data)
            elif message.type == aiohttp.WSMsgType.BINARY:
                await ws.send_bytes(message.data)
        return ws
    app = web.Application()
    app.router.add_get('/', handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, '127.0.0.1', 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


PAYLOADS = ['', 'a', 'café ' * 30, 'x' * 70_000, 'y' * 1_000_000, b'\x00\xff' * 1000]


async def visit_websockets(url, compression):
    async with websockets.connect(url, subprotocols=['echo'], compression=compression, max_size=None) as ws:
        assert ws.subprotocol == 'echo'
        assert bool(ws.extensions) == (compression is not None)
        for payload in PAYLOADS:
            await ws.send(payload)
            assert await ws.recv() == payload
        await ws.send(['in ', '', 'parts'])
        assert await ws.recv() == 'in parts'
        await (await ws.ping())
        await ws.send('close me')
        try:
            await ws.recv()
        except websockets.ConnectionClosed as e:
            return f'{e.rcvd.code} {e.rcvd.reason}'


async def visit_aiohttp(url, compression):
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url, protocols=['echo'], compress=15 if compression else 0,
                                      max_msg_size=0) as ws:
            for payload in PAYLOADS:
                if isinstance(payload, str):
                    await ws.send_str(payload)
                else:
                    await ws.send_bytes(payload)
                assert (await ws.receive()).data == payload
            await ws.ping(b'hello')
            await ws.send_str('close me')
            message = await ws.receive()
            assert message.type == aiohttp.WSMsgType.CLOSE, message
            return f'{message.data} {message.extra}'


async def visit(kind, url):
    talk = visit_websockets if kind == 'websockets' else visit_aiohttp
    print('plain ok', await talk(url, None))
    print('deflate ok', await talk(url, 'deflate'))

if sys.argv[1] == 'serve':
    asyncio.run(serve_websockets() if sys.argv[2] == 'websockets' else serve_aiohttp())
else:
    asyncio.run(visit(sys.argv[2], sys.argv[3]))
