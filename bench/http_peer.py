"""Prints the CPU microseconds that a Python client takes for a GET: http_peer.py CLIENT URL SECONDS AT_ONCE

requests and httpx ask one after another, aiohttp and httpx-async so many at once; all keep their connections.
"""
import asyncio
import sys
import time


def ask(get, seconds):
    get()
    count = 0
    end = time.monotonic() + seconds
    began = time.process_time()
    while time.monotonic() < end:
        assert len(get()) == 1024
        count += 1
    return (time.process_time() - began) / count


def by_requests(url, seconds):
    import requests
    session = requests.Session()
    return ask(lambda: session.get(url).content, seconds)


def by_httpx(url, seconds):
    import httpx
    with httpx.Client(trust_env=False) as client:
        return ask(lambda: client.get(url).content, seconds)


async def ask_at_once(get, seconds, at_once):
    count = 0

    async def ask_often(end):
        nonlocal count
        while time.monotonic() < end:
            assert len(await get()) == 1024
            count += 1

    await asyncio.gather(*(get() for _ in range(at_once)))
    end = time.monotonic() + seconds
    began = time.process_time()
    await asyncio.gather(*(ask_often(end) for _ in range(at_once)))
    return (time.process_time() - began) / count


async def by_aiohttp(url, seconds, at_once):
    import aiohttp
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:
        async def get():
            async with session.get(url) as response:
                return await response.read()
        return await ask_at_once(get, seconds, at_once)


async def by_httpx_async(url, seconds, at_once):
    import httpx
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    async with httpx.AsyncClient(limits=limits, trust_env=False, timeout=60) as client:
        async def get():
            return (await client.get(url)).content
        return await ask_at_once(get, seconds, at_once)


client, url, seconds, at_once = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
if client == 'requests':
    cost = by_requests(url, seconds)
elif client == 'httpx':
    cost = by_httpx(url, seconds)
elif client == 'aiohttp':
    cost = asyncio.run(by_aiohttp(url, seconds, at_once))
else:
    cost = asyncio.run(by_httpx_async(url, seconds, at_once))
print(cost * 1e6)
