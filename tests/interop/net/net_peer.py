"""An asyncio echo server, or a client of one: net_peer.py serve|connect [options]."""
import argparse
import asyncio
import ssl
import sys

parser = argparse.ArgumentParser()
parser.add_argument("role", choices=["serve", "connect"])
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--chain")
parser.add_argument("--key")
parser.add_argument("--ca")
parser.add_argument("--host", default="localhost")
parser.add_argument("--alpn")
parser.add_argument("--cut", action="store_true", help="end TLS without a close_notify")
args = parser.parse_args()


def context():
    if not (args.chain or args.ca):
        return None
    if args.role == "serve":
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(args.chain, args.key)
        if args.ca:
            made.load_verify_locations(args.ca)
            made.verify_mode = ssl.CERT_REQUIRED
    else:
        made = ssl.create_default_context(cafile=args.ca)
        if args.chain:
            made.load_cert_chain(args.chain, args.key)
    if args.alpn:
        made.set_alpn_protocols(args.alpn.split(","))
    return made


async def echo(reader, writer):
    try:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
            if args.cut:
                writer.transport.abort()
                return
        writer.close()
        await writer.wait_closed()
    except (ConnectionError, ssl.SSLError):
        pass


async def serve():
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context())
    print(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


async def connect():
    print(1)  # no port of its own
    made = context()
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", args.port, ssl=made, server_hostname=args.host if made else None)
    except ssl.SSLCertVerificationError as e:
        print("refused:", e.verify_message)
        return
    for n in (1, 1000, 60000):
        line = b"x" * n + b"\n"
        writer.write(line)
        if await reader.readexactly(len(line)) != line:
            print("wrong echo")
            return
    chosen = writer.get_extra_info("ssl_object")
    writer.close()
    await writer.wait_closed()
    print("echoed", chosen.version() if chosen else "clear",
          chosen.selected_alpn_protocol() if chosen else None)

asyncio.run(serve() if args.role == "serve" else connect())
sys.exit(0)
