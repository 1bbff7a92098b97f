"""Takes the message that ferry has published from a queue and looks at it: published_peer.py BROKER QUEUE

It was sent with arguments [2, "é"], the keyword argument k=None, priority 3, expiry, countdown, limits and a header.
"""
import datetime
import sys
import uuid

from kombu import Connection
from kombu.simple import SimpleQueue

sys.dont_write_bytecode = True
from support import PATIENCE, equal

BROKER, QUEUE = sys.argv[1:3]
with Connection(BROKER) as connection:
    queue = SimpleQueue(connection, QUEUE)
    message = queue.get(timeout=PATIENCE)
    message.ack()
    queue.close()
h, p = message.headers, message.properties
equal(message.content_type, 'application/json')
equal(message.content_encoding, 'utf-8')
equal(message.payload, [[2, 'é'], {'k': None}, {'callbacks': None, 'errbacks': None, 'chain': None, 'chord': None}])
required = {'lang', 'task', 'id', 'shadow', 'eta', 'expires', 'group', 'group_index', 'retries', 'timelimit', 'root_id',
            'parent_id', 'argsrepr', 'kwargsrepr', 'origin', 'ignore_result'}
assert required <= set(h), required - set(h)
equal((h['lang'], h['task'], h['retries'], h['timelimit'], h['group'], h['group_index'], h['parent_id'], h['shadow']),
      ('c++', 'shop.add', 0, [30, 20], None, None, None, None))
equal((h['argsrepr'], h['kwargsrepr'], h['ignore_result'], h['tenant']), ("(2, 'é')", "{'k': None}", False, 7))
uuid.UUID(h['id'])
equal(h['root_id'], h['id'])
equal(p['correlation_id'], h['id'])
uuid.UUID(p['reply_to'])
equal((p['delivery_mode'], p['priority']), (2, 3))
now = datetime.datetime.now(datetime.timezone.utc)
eta, expires = (datetime.datetime.fromisoformat(h[name]) for name in ('eta', 'expires'))
assert eta.tzinfo and 0 < (eta - now).total_seconds() < 3600, eta
assert 3600 < (expires - now).total_seconds() < 7201, expires
assert 0 < int(p['expiration']) <= 7200_000, p['expiration']
assert h['origin'].startswith('gen') and '@' in h['origin'], h['origin']
