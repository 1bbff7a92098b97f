"""Prints the CPU microseconds that a Python client takes for a GET: http_peer.py CLIENT URL SECONDS

requests asks one after another, aiohttp 64 at once; both keep their connections.
"""
import asyncio
import sys
import time

AT_ONCE = 64


def by_requests(url, seconds):
    import requests
    session = requests.Session()
    session.get(url)
    count = 0
    end = time.monotonic() + seconds
    began = time.process_time()
    while time.monotonic() < end:
        assert len(session.get(url).content) == 1024
        count += 1
    return (time.process_time() - began) / count


async def by_aiohttp(url, seconds):
    import aiohttp
    count = 0

    async def ask_often(session, end):
        nonlocal count
        while time.monotonic() < end:
            async with session.get(url) as response:
                assert len(await response.read()) == 1024
            count += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        await asyncio.gather(*(ask_often(session, 0) for _ in range(AT_ONCE)))
        end = time.monotonic() + seconds
        began = time.process_time()
        await asyncio.gather(*(ask_often(session, end) for _ in range(AT_ONCE)))
        return (time.process_time() - began) / count


client, url, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
cost = by_requests(url, seconds) if client == 'requests' else asyncio.run(by_aiohttp(url, seconds))
print(cost * 1e6)
