"""Peers of ferry's sockets on PyZMQ: zmq_peer.py ROLE [ARGUMENTS]; prints its port, or 0, first."""
import json
import logging
import sys
import time
import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator
from zmq.log.handlers import PUBHandler
from zmq.utils.monitor import recv_monitor_message

context = zmq.Context.instance()
role, arguments = sys.argv[1], sys.argv[2:]


def say(line):
    print(line, flush=True)


def socket(kind, **options):
    s = context.socket(getattr(zmq, kind))
    s.linger = 2000
    for name, value in options.items():
        setattr(s, name, value)
    return s


def listen(s):
    say(s.bind_to_random_port('tcp://127.0.0.1'))
    return s


def attach(s, endpoint):
    s.connect(endpoint)
    say(0)
    return s


def echo(s):
    while True:
        s.send_multipart(s.recv_multipart())


def ask_once(s, endpoint, text):
    """Whether a server lets the client in, which the handshake tells, and answers it."""
    news = s.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH |
                                zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
    attach(s, endpoint)
    if recv_monitor_message(news)['event'] != zmq.EVENT_HANDSHAKE_SUCCEEDED:
        say('refused')
        return
    s.send(text)
    say('ok' if s.recv() == text else 'wrong')


if role == 'echo':                                 # echo KIND [ENDPOINT]: gives back what comes
    s = socket(arguments[0])
    if len(arguments) > 1:
        s.bind(arguments[1])
        say(0)
    else:
        listen(s)
    echo(s)
elif role == 'ask':                                # ask KIND ENDPOINT: sends all shapes, checks the answers
    kind, endpoint = arguments
    s = attach(socket(kind), endpoint)
    messages = [[b'x' * n] for n in (0, 1, 255, 256, 8192, 65535, 65536, 1 << 20, 64 << 20)]
    messages += [[b'' if i % 3 == 0 else str(i).encode() for i in range(n)] for n in (2, 10, 1000)]
    for m in messages:
        s.send_multipart(m)
        assert s.recv_multipart() == m, len(m)
    say('ok')
elif role == 'json':
    s = listen(socket('PAIR'))
    s.send_json({'b': 1, 'a': 'é'})
    assert s.recv_json() == {'x': [1, 2.5, None, 'ü']}
    s.send_string('grüße')
    assert s.recv_string() == 'grüße'
    s.send_pyobj({'b': [1, None, 'ü', b'bytes']})
    assert s.recv_pyobj() == {'b': [1, None, 'ü', b'bytes']}
    s.send_serialized([1, 2], lambda v: [json.dumps(x).encode() for x in v])
    assert s.recv_serialized(lambda frames: [int(f) for f in frames]) == [3, 4, 5]
    say('ok')
elif role == 'push':                               # push COUNT SIZE
    s = listen(socket('PUSH', sndhwm=0))
    for i in range(int(arguments[0])):
        s.send(i.to_bytes(8, 'big').ljust(int(arguments[1]), b'x'))
elif role == 'pull':                               # pull COUNT
    s = listen(socket('PULL', rcvhwm=0))
    for i in range(int(arguments[0])):
        assert int.from_bytes(s.recv()[:8], 'big') == i
    say('ok')
elif role == 'publish':                            # until a subscriber says stop
    s = socket('XPUB')
    listen(s)
    assert s.recv() == b'\x01weather.'
    for i in range(100):
        s.send_multipart([b'news.%d' % i, b'no'])
        s.send_multipart([b'weather.%d' % i, b'sunny'])
    assert s.recv() == b'\x00weather.'
    say('ok')
elif role == 'subscribe':                          # subscribe ENDPOINT
    s = socket('SUB')
    s.subscribe('a')
    attach(s, arguments[0])
    for i in range(100):
        assert s.recv_multipart() == [b'a%d' % i, b'body']
    s.unsubscribe('a')
    say('ok')
elif role == 'router':                             # answers each peer by its name
    s = listen(socket('ROUTER'))
    for _ in range(2):
        name, body = s.recv_multipart()
        s.send_multipart([name, b'hello ' + (name if name[0] else b'stranger'), body])
elif role == 'meet':                               # meet KIND=ENDPOINT...: what each type does, in turn
    say(0)
    for kind, endpoint in (a.split('=', 1) for a in arguments):
        s = socket(kind)
        if kind in ('SUB', 'XSUB'):
            s.connect(endpoint)
            s.subscribe(b'') if kind == 'SUB' else s.send(b'\x01')
            assert s.recv() == b'hello'
        elif kind == 'PULL':
            s.connect(endpoint)
            assert s.recv() == b'hello'
        elif kind in ('PUSH', 'PUB', 'XPUB'):
            s.connect(endpoint)
            if kind == 'XPUB':
                assert s.recv() == b'\x01'
            for _ in range(25 if kind == 'PUB' else 1):
                s.send(b'hello')
                time.sleep(0.02 if kind == 'PUB' else 0)
        elif kind in ('REP', 'ROUTER'):
            s.connect(endpoint)
            *envelope, body = s.recv_multipart()
            s.send_multipart([*envelope, body.upper()])
        else:
            s.connect(endpoint)
            s.send_multipart([b'', b'hello'] if kind == 'DEALER' else [b'hello'])
            assert s.recv_multipart()[-1] == b'HELLO'
        say('ok')
        s.close()
elif role == 'dealers':                            # dealers ENDPOINT
    named = socket('DEALER', routing_id=b'alice')
    named.connect(arguments[0])
    nameless = attach(socket('DEALER'), arguments[0])
    for s in (named, nameless):
        s.send(b'hi')
        assert s.recv_multipart() == [b'hello', b'hi']
    say('ok')
elif role == 'req':                                # req ENDPOINT: the envelope that a ROUTER sees
    s = attach(socket('REQ'), arguments[0])
    s.send(b'question')
    assert s.recv() == b'answer'
    say('ok')
elif role == 'stream':                             # stream ENDPOINT: a plain TCP client
    import socket as plain
    host, port = arguments[0].removeprefix('tcp://').split(':')
    say(0)
    with plain.create_connection((host, int(port))) as c:
        c.sendall(b'hello')
        assert c.recv(100) == b'bye'
        assert c.recv(100) == b''
    say('ok')
elif role == 'certificates':                       # certificates FOLDER NAME: writes them
    zmq.auth.create_certificates(arguments[0], arguments[1], metadata={'name': 'py'})
    say(0)
elif role == 'load':                               # load FILE: prints what it finds
    say(0)
    public, secret = zmq.auth.load_certificate(arguments[0])
    say(public.decode())
    say((secret or b'').decode())
elif role == 'curve_server':                       # curve_server FOLDER: server.key_secret, clients' keys in it
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve(domain='*', location=arguments[0])
    s = socket('REP')
    s.curve_publickey, s.curve_secretkey = zmq.auth.load_certificate(arguments[0] + '/server.key_secret')
    s.curve_server = True
    s.zap_domain = b'*'
    echo(listen(s))
elif role == 'curve_client':                       # curve_client FOLDER ENDPOINT NAME
    s = socket('REQ')
    s.curve_publickey, s.curve_secretkey = zmq.auth.load_certificate(f'{arguments[0]}/{arguments[2]}.key_secret')
    s.curve_serverkey, _ = zmq.auth.load_certificate(arguments[0] + '/server.key')
    ask_once(s, arguments[1], b'secret')
elif role == 'plain_server':
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_plain(domain='*', passwords={'ann': 'secret'})
    s = socket('REP', plain_server=True)
    s.zap_domain = b'*'
    echo(listen(s))
elif role == 'plain_client':                       # plain_client ENDPOINT USER PASSWORD
    s = socket('REQ', plain_username=arguments[1].encode(), plain_password=arguments[2].encode())
    ask_once(s, arguments[0], b'x')
elif role == 'monitored':                          # monitored ENDPOINT: connects, stays, goes
    s = attach(socket('DEALER'), arguments[0])
    time.sleep(60)
elif role == 'steer':                              # steer ENDPOINT: orders to a proxy
    s = attach(socket('REQ'), arguments[0])
    for order in (b'PAUSE', b'RESUME'):
        s.send(order)
        assert s.recv() == b''
    s.send(b'STATISTICS')
    numbers = [int.from_bytes(f, sys.byteorder) for f in s.recv_multipart()]
    say(' '.join(map(str, numbers)))
    s.send(b'TERMINATE')
    assert s.recv() == b''
    say('ok')
elif role == 'worker':                             # worker ENDPOINT: a REP behind a proxy
    echo(attach(socket('REP'), arguments[0]))
elif role == 'mdp_worker':                         # mdp_worker ENDPOINT SERVICE: the guide's, by hand
    s = attach(socket('DEALER'), arguments[0])
    s.send_multipart([b'', b'MDPW01', b'\x01', arguments[1].encode()])
    while True:
        _, protocol, command, *rest = s.recv_multipart()
        assert protocol == b'MDPW01'
        if command == b'\x02':
            client, empty, *body = rest
            assert empty == b''
            s.send_multipart([b'', b'MDPW01', b'\x03', client, b'', *body, b'by python'])
        else:
            s.send_multipart([b'', b'MDPW01', b'\x04'])
elif role == 'mdp_client':                         # mdp_client ENDPOINT SERVICE
    s = attach(socket('REQ'), arguments[0])
    s.send_multipart([b'MDPC01', arguments[1].encode(), b'hello'])
    assert s.recv_multipart() == [b'MDPC01', arguments[1].encode(), b'hello', b'!']
    say('ok')
elif role == 'freelance_server':                   # freelance_server ENDPOINT: the guide's, by hand
    s = socket('ROUTER', routing_id=arguments[0].encode())
    s.bind(arguments[0])
    say(0)
    while True:
        client, control, *body = s.recv_multipart()
        s.send_multipart([client, b'PONG'] if control == b'PING' else [client, control, *body, b'by python'])
elif role == 'freelance_client':                   # freelance_client ENDPOINT
    s = attach(socket('ROUTER'), arguments[0])
    server = arguments[0].encode()
    while not s.poll(50):                          # a ROUTER drops what it has no peer for
        s.send_multipart([server, b'PING'])
    assert s.recv_multipart() == [server, b'PONG']
    s.send_multipart([server, b'1', b'hello'])
    while (m := s.recv_multipart())[1] == b'PONG':
        pass
    assert m == [server, b'1', b'hello', b'!'], m
    say('ok')
elif role == 'clone_client':                       # clone_client SNAPSHOTS UPDATES CHANGES
    updates, snapshots, changes = socket('SUB'), socket('DEALER'), socket('PUSH')
    updates.subscribe('')
    for s, endpoint in zip((snapshots, updates, changes), arguments):
        s.connect(endpoint)
    say(0)
    snapshots.send_multipart([b'ICANHAZ?', b'/'])
    have = {}
    while (m := snapshots.recv_multipart())[0] != b'KTHXBAI':
        have[m[0]] = m[4]
    assert have == {b'/ferry': b'1'}, have
    changes.send_multipart([b'/python', bytes(8), b'u' * 16, b'ttl=60\n', b'2'])
    while (m := updates.recv_multipart())[0] == b'HUGZ':
        assert m[1] == bytes(8)
    assert m == [b'/python', (2).to_bytes(8, 'big'), b'u' * 16, b'ttl=60\n', b'2'], m
    say('ok')
elif role == 'star':                               # star ENDPOINT PEER: a primary of a binary star
    telling, hearing = socket('PUB'), socket('SUB')
    telling.bind(arguments[0])
    hearing.subscribe('')
    hearing.connect(arguments[1])
    say(0)
    state = b'1'
    while state != b'3':
        telling.send(state)
        if hearing.poll(50) and hearing.recv() == b'2':
            state = b'3'
    while True:
        telling.send(state)
        if hearing.poll(50) and hearing.recv() == b'4':
            break
    say('ok')
elif role == 'log':                                # log FILE LINE: what ferry logs from there too
    s = listen(socket('XPUB'))
    assert s.recv() == b'\x01app.'
    handler = PUBHandler(s, root_topic='app')
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        for text in ('plain', 'db.slow::query', '::no topic', 'a::b::c', 'grüße'):
            handler.handle(logging.makeLogRecord({
                'levelno': level, 'levelname': logging.getLevelName(level), 'msg': text,
                'filename': arguments[0].rpartition('/')[2], 'lineno': int(arguments[1])}))
else:
    sys.exit(f'no such role: {role}')
