"""Prints the CPU microseconds that PyZMQ takes for a message, both ends together: zmq_peer.py CASE"""
import asyncio
import sys
import threading
import time
import zmq
import zmq.asyncio

case = sys.argv[1]
context = zmq.Context.instance()


def push_pull(at, size, count):
    to = context.socket(zmq.PULL)
    to.bind(at)
    real = to.last_endpoint
    received = threading.Event()

    def send():
        s = context.socket(zmq.PUSH)
        s.connect(real)
        data = b'x' * size
        for _ in range(count):
            s.send(data, copy=size < 65536)
        received.wait()                            # over ipc a sender that closes first may lose messages
        s.close()

    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(count):
        to.recv(copy=size < 65536)
    received.set()
    sender.join()
    to.close()
    return count


def req_rep(count=5000):
    client = context.socket(zmq.REQ)
    client.bind('tcp://127.0.0.1:*')
    real = client.last_endpoint

    def answer():
        s = context.socket(zmq.REP)
        s.connect(real)
        for _ in range(count):
            s.send(s.recv())
        s.close()

    server = threading.Thread(target=answer)
    server.start()
    for _ in range(count):
        client.send(b'x' * 64)
        client.recv()
    server.join()
    client.close()
    return count


async def ping_pong(at, count=5000):               # both ends in one loop
    shared = zmq.asyncio.Context.instance()
    client, server = shared.socket(zmq.REQ), shared.socket(zmq.REP)
    client.bind(at)
    server.connect(client.last_endpoint)

    async def answer():
        for _ in range(count):
            await server.send(await server.recv())

    task = asyncio.create_task(answer())
    for _ in range(count):
        await client.send(b'x' * 64)
        await client.recv()
    await task
    client.close()
    server.close()
    return count


endpoints = {'': 'tcp://127.0.0.1:*', 'ipc': 'ipc://*', 'inproc': 'inproc://bench'}
began = time.process_time()
if case == 'req-rep':
    done = req_rep()
elif case.startswith('ping-pong'):
    done = asyncio.run(ping_pong(endpoints[case.removeprefix('ping-pong').removeprefix('-')]))
else:                                              # push-pull-SIZE[-TRANSPORT]
    size, _, transport = case.removeprefix('push-pull-').partition('-')
    endpoint = endpoints[transport]
    if size == '64':
        done = push_pull(endpoint, 64, 100000)
    else:
        done = push_pull(endpoint, 65536, 20000 if transport == 'inproc' else 2000)
print((time.process_time() - began) / done * 1e6)
