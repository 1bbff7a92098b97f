"""An aiohttp server of events on a free port of 127.0.0.1; prints the port.

Each connection gets three events after the one that Last-Event-ID names, then is cut off; after
the ninth event the answer is 204. /broken has an event that does not end.
"""
import asyncio

from aiohttp import web


async def events(request):
    first = int(request.headers.get('Last-Event-ID', '0')) + 1
    if first > 9:
        return web.Response(status=204)
    answer = web.StreamResponse(headers={'Content-Type': 'text/event-stream'})
    await answer.prepare(request)
    await answer.write(': hello\n\nretry: 5\n\n'.encode())
    for number in range(first, first + 3):
        text = f'id: {number}\nevent: tick\ndata: é {number}\r\ndata: second line\n\n'
        for byte in text.encode():
            await answer.write(bytes([byte]))
    await answer.write(b'data: never ended')
    request.transport.close()
    return answer


async def main():
    app = web.Application()
    app.router.add_get('/events', events)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, '127.0.0.1', 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
