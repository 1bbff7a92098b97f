"""Prints the CPU microseconds that redis-py takes for a command: redis_peer.py PORT CASE COUNT"""
import sys
import time
import redis

r = redis.Redis(port=int(sys.argv[1]))
count = int(sys.argv[3])
r.set('key', 'x' * 16)
began = time.process_time()
if sys.argv[2] in ('get-seq', 'get-64'):  # it has no way to share a connection
    for _ in range(count):
        r.get('key')
else:
    for _ in range(count // 64):
        p = r.pipeline(transaction=False)
        for _ in range(64):
            p.get('key')
        p.execute()
print((time.process_time() - began) / count * 1e6)
