"""Calls ferry's worker and reads its results from a database: database_peer.py BROKER BACKEND QUEUE"""
import sys

from celery import Celery, chain, chord
from celery.exceptions import ChordError

BROKER, BACKEND, QUEUE = sys.argv[1:4]
app = Celery('checks', broker=BROKER, backend=BACKEND)
app.conf.task_default_queue = QUEUE
S = app.send_task
sig = lambda name, *args: app.signature('ferry.' + name, args=args)


def equal(got, wanted):
    assert got == wanted, f'{got!r} is not {wanted!r}'


result = S('ferry.add', (2, 3))
equal(result.get(timeout=20), 5)
equal(result.state, 'SUCCESS')
assert result.date_done.year >= 2026
values = [None, True, 2**70, -2**63, 0.1, 'é\0x', [[], {}], {'a': {'b': [1]}}]
equal(S('ferry.echo', values).get(timeout=20), {'args': values, 'kwargs': {}})
failed = S('ferry.fail', ('boom',))
e = failed.get(timeout=20, propagate=False)
assert isinstance(e, ValueError) and str(e) == 'boom', repr(e)
assert 'boom' in failed.traceback
equal(chain(sig('add', 1, 2), sig('mul', 3))().get(timeout=20), 9)
# Celery sends celery.chord_unlock, and ferry's worker runs it.
equal(chord([sig('add', i, i) for i in range(5)])(sig('xsum')).get(timeout=40), 20)
equal((sig('add', 1, 1) | chord([sig('add', 2), sig('add', 3)], sig('xsum')) | sig('mul', 10))().get(timeout=40), 90)
e = chord([sig('add', 1, 1), sig('fail', 'bad')])(sig('xsum')).get(timeout=40, propagate=False)
assert isinstance(e, ChordError) and "ValueError('bad')" in str(e), repr(e)
result.forget()
equal(app.AsyncResult(result.id).state, 'PENDING')
# What beat sends once a day.
equal(S('celery.backend_cleanup').get(timeout=20), None)
equal(S('ferry.retry_n', (2,)).get(timeout=20), 2)
