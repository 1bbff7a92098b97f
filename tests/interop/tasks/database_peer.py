"""Calls ferry's worker and reads its results from a database: database_peer.py BROKER BACKEND QUEUE"""
import sys

from celery import Celery, chain, chord
from celery.exceptions import ChordError

sys.dont_write_bytecode = True
from support import PATIENCE, equal

BROKER, BACKEND, QUEUE = sys.argv[1:4]
app = Celery('checks', broker=BROKER, backend=BACKEND)
app.conf.task_default_queue = QUEUE
S = app.send_task
sig = lambda name, *args: app.signature('ferry.' + name, args=args)


result = S('ferry.add', (2, 3))
equal(result.get(timeout=PATIENCE), 5)
equal(result.state, 'SUCCESS')
assert result.date_done.year >= 2026
values = [None, True, 2**70, -2**63, 0.1, 'é\0x', [[], {}], {'a': {'b': [1]}}]
equal(S('ferry.echo', values).get(timeout=PATIENCE), {'args': values, 'kwargs': {}})
raw = [b'', b'\x80\xff', (b'x', 1)]
equal(S('ferry.note', (raw,), serializer='pickle').get(timeout=PATIENCE), raw)
failed = S('ferry.fail', ('boom',))
e = failed.get(timeout=PATIENCE, propagate=False)
assert isinstance(e, ValueError) and str(e) == 'boom', repr(e)
assert 'boom' in failed.traceback
equal(chain(sig('add', 1, 2), sig('mul', 3))().get(timeout=PATIENCE), 9)
# Celery sends celery.chord_unlock, and ferry's worker runs it.
equal(chord([sig('add', i, i) for i in range(5)])(sig('xsum')).get(timeout=PATIENCE), 20)
equal((sig('add', 1, 1) | chord([sig('add', 2), sig('add', 3)], sig('xsum')) | sig('mul', 10))().get(timeout=PATIENCE), 90)
e = chord([sig('add', 1, 1), sig('fail', 'bad')])(sig('xsum')).get(timeout=PATIENCE, propagate=False)
assert isinstance(e, ChordError) and "ValueError('bad')" in str(e), repr(e)
result.forget()
equal(app.AsyncResult(result.id).state, 'PENDING')
# What beat sends once a day.
equal(S('celery.backend_cleanup').get(timeout=PATIENCE), None)
equal(S('ferry.retry_n', (2,)).get(timeout=PATIENCE), 2)
