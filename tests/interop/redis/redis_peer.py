"""Writes what ferry reads, and reads what ferry wrote: redis_peer.py URL write|check|publish|listen"""
import sys
import redis

r = redis.Redis.from_url(sys.argv[1])
binary = bytes(range(256))
if sys.argv[2] == 'write':
    r.set('py:text', 'grüße'.encode())
    r.set(binary, binary)
    r.hset('py:hash', mapping={'a': '1', b'\xff': b'\x00'})
    r.rpush('py:list', 'x', 2, 3.5)
    r.sadd('py:set', 'm', 'n')
    r.zadd('py:zset', {'one': 1, 'pi': 3.14})
    r.xadd('py:stream', {'field': 'value'})
    with r.pipeline() as p:
        for i in range(100000):
            p.rpush('py:many', i)
        p.execute()
elif sys.argv[2] == 'check':
    assert r.get('cpp:text') == 'grüße'.encode()
    assert r.get(b'\x06\x16' + binary) == binary
    assert r.hgetall('cpp:hash') == {b'a': b'1', b'\xff': b'\x00'}
    assert r.lrange('cpp:list', 0, -1) == [b'x', b'2', b'3.5']
    assert r.smembers('cpp:set') == {b'm', b'n'}
    assert r.zrange('cpp:zset', 0, -1, withscores=True) == [(b'one', 1.0), (b'pi', 3.14)]
    (_, fields), = r.xrange('cpp:stream')
    assert fields == {b'field': b'value'}
    assert r.strlen('cpp:big') == 64 << 20
    lock = r.lock('cpp:lock', timeout=5)
    assert not lock.acquire(blocking=False)
elif sys.argv[2] == 'publish':
    for i in range(1000):
        r.publish('py:news', f'message {i}')
elif sys.argv[2] == 'listen':
    p = r.pubsub()
    p.subscribe('cpp:news')
    heard = []
    for m in p.listen():
        if m['type'] == 'subscribe':
            print('ready', flush=True)
        else:
            heard.append(m['data'])
            if len(heard) == 1000:
                break
    assert heard == [f'message {i}'.encode() for i in range(1000)]
print('ok')
