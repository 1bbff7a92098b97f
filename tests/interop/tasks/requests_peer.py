"""Compares what Celery's worker was told of calls from C++, which standard input has by their names, with what it is told
of the same calls from Python: requests_peer.py BROKER BACKEND QUEUE
"""
import json
import re
import sys
from datetime import datetime, timedelta, timezone

from celery import Celery

sys.dont_write_bytecode = True
from support import PATIENCE

BROKER, BACKEND, QUEUE = sys.argv[1:4]
app = Celery('checks', broker=BROKER, backend=BACKEND)
app.conf.task_default_queue = QUEUE
OF_THEIR_OWN = {'lang', 'id', 'root_id', 'correlation_id', 'reply_to', 'origin', 'delivery_tag'}
TIMES = {'eta', 'expires'}


def call(*args, kwargs=None, **options):
    return app.signature('client.request', args, kwargs, **options).apply_async().get(timeout=PATIENCE)


def later(**given):
    return datetime.now(timezone.utc) + timedelta(**given)


def told(request):
    """Without what is another with each call."""
    if isinstance(request, list):
        return [told(item) for item in request]
    if not isinstance(request, dict):
        return request
    kept = {k: told(v) for k, v in request.items() if k not in OF_THEIR_OWN}
    for name in TIMES & kept.keys():
        if kept[name] is not None:
            kept[name] = re.sub(r'\d', '0', kept[name])
    if 'timelimit' in kept:
        kept['timelimit'] = [limit and float(limit) for limit in kept['timelimit']]
    if 'expiration' in kept:
        assert kept['expiration'].isdigit() and 0 < int(kept['expiration']) <= 600000, kept['expiration']
        kept['expiration'] = 'milliseconds'
    return kept


def in_order(content):
    """Tells 1 from 1.0 and from True."""
    return json.dumps(content, sort_keys=True)


deep = {'a': [1, 2.5, True, None]}
note = app.signature('ferry.note', queue=QUEUE)
calls = {
    'nothing': call(),
    'arguments': call(1, 'é', None, 2.5, [1, deep]),
    'names': call(1, kwargs={'b': 2, 'a': deep}),
    'countdown': call(countdown=0.5),
    'eta': call(eta=later(seconds=-10)),
    'expires': call(expires=600),
    'date': call(expires=later(minutes=10)),
    'priority': call(priority=6),
    'pickle': call(1, (1, 2), serializer='pickle'),
    'yaml': call(1, deep, serializer='yaml'),
    'msgpack': call(1, deep, serializer='msgpack'),
    'compression': call(1, compression='zlib'),
    'headers': call(headers={'tenant': 7, 'deep': deep}),
    'hard': call(time_limit=600),
    'soft': call(soft_time_limit=500),
    'limits': call(time_limit=600.5, soft_time_limit=500),
    'id': call(task_id='another id of ' + QUEUE),
    'shadow': call(shadow='shop.shown'),
    'link': call(link=note.clone().set(priority=3, countdown=1)),
    'errors': call(link_error=app.signature('ferry.note', (1,), immutable=True, queue=QUEUE)),
    'stamps': call(headers={'stamped_headers': ['customer'], 'stamps': {'customer': ['17']}}),
    'exchange': call(exchange=QUEUE, routing_key=QUEUE),
}
seen = json.load(sys.stdin)
assert seen.keys() == calls.keys(), seen.keys() ^ calls.keys()
for name, request in calls.items():
    ours, theirs = told(seen[name]), told(request)
    assert seen[name]['root_id'] == seen[name]['correlation_id'] == seen[name]['id'], name
    for field in ours.keys() | theirs.keys():
        assert field in ours and field in theirs, (name, field)
        assert in_order(ours[field]) == in_order(theirs[field]), (name, field, ours[field], theirs[field])
