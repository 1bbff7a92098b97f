"""ferry's worker beside Celery's own: fields_checks.py WORKER BROKER BACKEND

The same things are done to both. Every reply of remote control and every event must have the same fields, of the same
types; every reply that tells what was done must be the same text. So Flower, which reads them, sees no difference.
"""
import re
import sys
import uuid

from celery import Celery

sys.dont_write_bytecode = True
from support import PATIENCE, Listening, celery_node, equal, ferry_node, until, with_id

WORKER, BROKER, BACKEND = sys.argv[1:4]
app = Celery('checks', broker=BROKER, backend=BACKEND)

# Fields whose names are data: those of tasks and of ids.
OPEN = {'stats.total', 'hello.revoked', 'query_task'}
# Where ferry differs, and means to: fields that a path begins with, and why.
DIFFERS = {
    'stats.pool.implementation': 'newer than Celery 5.2',
    'conf.result_expires': 'seconds, as one who sets it writes them; the default is shown as a text',
    'worker-heartbeat.freq': "5.2's command heartbeat tells the integer 5, all others a float",
}


def shape(v, at, into):
    """Notes the type of each field under its path."""
    into.setdefault(at, set()).add(type(v).__name__)
    if isinstance(v, dict):
        for k, item in v.items():
            shape(item, f'{at}.{"*" if at in OPEN else k}', into)
    elif isinstance(v, list):
        for item in v:
            shape(item, at + '[]', into)


class Side:
    """What one of the two workers answers and tells."""

    def __init__(self, node):
        self.node = node
        self.shapes = {}
        self.texts = {}
        self.events = []

    def look(self, name, method, **arguments):
        reply = self.node.ask(method, **arguments)
        shape(reply, name, self.shapes)
        return reply

    def order(self, method, *ids, **arguments):
        reply = repr(self.node.ask(method, **arguments)).replace(self.node.name, 'w')
        for one in ids:  # of several Celery makes a set
            reply = reply.replace(one, 'id')
        key = re.sub('[-0-9a-f]{36}', 'id', f'{method} {arguments}'.replace(self.node.name, 'w'))
        self.texts[key] = reply


def send(side, name, *args, **options):
    return app.send_task('ferry.' + name, args, queue='of.' + side.node.name, **options)


def look_at(side):
    side.order('add_consumer', queue='of.' + side.node.name)
    side.order('enable_events')
    side.order('enable_events')
    send(side, 'add', 2, 3).get(timeout=PATIENCE)
    send(side, 'fail', 'boom').get(timeout=PATIENCE, propagate=False)
    send(side, 'retry_n', 1).get(timeout=PATIENCE)
    send(side, 'add', 2, 3, expires=-1).get(timeout=PATIENCE, propagate=False)
    running = [send(side, 'sleep', 600) for _ in range(2)]
    for r in running:
        until(lambda: with_id(side.node.ask('active'), r))
    waiting = send(side, 'sleep', 600, priority=3)
    until(lambda: with_id(side.node.ask('reserved'), waiting))
    later = send(side, 'add', 1, 1, countdown=600)
    until(lambda: with_id(side.node.ask('scheduled'), later))
    for name in ('ping', 'active', 'reserved', 'scheduled', 'registered', 'active_queues', 'stats', 'conf', 'report', 'clock'):
        side.look(name, name)
    side.look('active', 'active', safe=True)
    side.order('pool_shrink', n=2)
    side.look('query_task', 'query_task', ids=[running[0].id, waiting.id, later.id, str(uuid.uuid4())])
    side.order('query_task', later.id, ids=[later.id])
    side.order('revoke', later.id, task_id=later.id, terminate=True)
    side.look('hello', 'hello', from_node='someone@else', revoked={})
    side.look('conf', 'conf', with_defaults=True)
    side.order('revoke', later.id, task_id=later.id)
    side.order('revoke', later.id, waiting.id, task_id=[later.id, waiting.id])
    side.order('revoke', running[0].id, task_id=running[0].id, terminate=True, signal='SIGKILL')
    side.order('terminate', running[1].id, task_id=running[1].id, signal='SIGTERM')
    for r in running:
        r.get(timeout=PATIENCE, propagate=False)
    waiting.get(timeout=PATIENCE, propagate=False)
    side.order('revoke', task_id='unknown', terminate=True)
    side.look('revoked', 'revoked')
    side.look('hello', 'hello', from_node='someone@else', revoked={})
    for rate in ('10/m', '', 'x/s', 'x', '1/y', 5):
        side.order('rate_limit', task_name='ferry.mul', rate_limit=rate)
    side.order('rate_limit', task_name='ferry.none', rate_limit='1/s')
    side.order('time_limit', task_name='ferry.mul', hard=100, soft=50)
    side.order('time_limit', task_name='ferry.none', hard=100, soft=50)
    side.order('registered', taskinfoitems=['max_retries'])
    side.order('pool_grow', n=1)
    side.order('pool_shrink', n=1)
    side.order('autoscale', max=3, min=1)
    side.order('pool_restart', modules=None, reload=False)
    side.order('heartbeat')
    side.order('ping')
    side.order('nosuch')
    side.order('ping', unknown=1)
    order_oddly(side)
    side.order('cancel_consumer', queue='of.' + side.node.name)
    side.order('cancel_consumer', queue='none')
    side.order('disable_events')
    side.order('disable_events')


def order_oddly(side):
    """What nobody should say. Where Celery does what makes no sense, docs/tasks_celery.md says what ferry does."""
    for signal in ('NOPE', 'kill', 'SIGKILL', 'USR1', 'TERM9', 15, 0, '', None, 1.5, []):
        side.order('revoke', task_id='nobody', terminate=True, signal=signal)
    for ids in (None, [], '', 5, 1.5, True, [5], {'a': 1}, [[1]]):
        side.order('revoke', task_id=ids)
    side.order('revoke', task_id=5, terminate=True)
    for rate in ('-1/x', '1/s/s', '/s', ' 5 /s', '5/ s', '0x10/s', 'inf/s', 1.5, True, None, [1], {'a': 1}, ''):
        side.order('rate_limit', task_name='ferry.mul', rate_limit=rate)
    side.order('rate_limit', task_name=5, rate_limit='1/s')
    for method in ('election', 'hello', 'terminate', 'revoke', 'add_consumer', 'cancel_consumer', 'rate_limit', 'time_limit',
                   'query_task'):
        side.order(method)
    side.order('terminate', task_id='nobody')
    side.order('terminate', signal='KILL')
    side.order('election', id='x')
    for ids in (None, 5, [5], 'nobody', []):
        side.order('query_task', ids=ids)
    for n in ('1', None):
        side.order('pool_grow', n=n)
    side.order('registered', taskinfoitems=['name'], builtins=True)


def fits(at, theirs, ours):
    if not at.startswith('conf.'):
        return theirs == ours
    # Of the settings ferry tells those that it has: under Celery's names, in Celery's types if they are set.
    return not ours or (theirs and (theirs == ours or 'NoneType' in theirs | ours))


def note_events(sides):
    for side in sides:
        for e in side.events:
            shape(e, e['type'], side.shapes)


# Not the queue 'celery': other checks may have left messages there that are due much later.
ferry = Side(ferry_node(app, WORKER, 'ferry@fields', BROKER=BROKER, BACKEND=BACKEND, QUEUE='nothing'))
celery = Side(celery_node(app, 'celery@fields', BROKER, BACKEND, '-Q', 'nothing'))
wrong = []
try:
    listening = Listening(app, lambda e: [s.events.append(e) for s in (ferry, celery) if s.node.name == e['hostname']])
    for side in (ferry, celery):
        look_at(side)
    wanted = {'worker-heartbeat', 'task-received', 'task-started', 'task-succeeded', 'task-failed', 'task-retried',
              'task-revoked'}
    until(lambda: all(wanted <= {e['type'] for e in s.events} for s in (ferry, celery)), 'not all events came')
    for side in (ferry, celery):
        side.node.end()
    until(lambda: all('worker-offline' in {e['type'] for e in s.events} for s in (ferry, celery)), 'no farewell')
    again = ferry_node(app, WORKER, 'ferry@fields', BROKER=BROKER, BACKEND=BACKEND, QUEUE='nothing')
    until(lambda: 'worker-online' in {e['type'] for e in ferry.events}, 'no greeting')
    again.end()
    celery.node = celery_node(app, 'celery@fields', BROKER, BACKEND, '-Q', 'nothing')
    until(lambda: 'worker-online' in {e['type'] for e in celery.events}, 'no greeting')
    celery.node.end()
    listening.end()
    note_events((ferry, celery))
    for at in sorted(celery.shapes.keys() | ferry.shapes.keys()):
        theirs, ours = celery.shapes.get(at, set()), ferry.shapes.get(at, set())
        if not fits(at, theirs, ours) and at not in DIFFERS:
            wrong.append(f'{at}: Celery has {sorted(theirs)}, ferry {sorted(ours)}')
    for key in sorted(celery.texts.keys() | ferry.texts.keys()):
        if celery.texts.get(key) != ferry.texts.get(key):
            wrong.append(f'{key}: Celery says {celery.texts.get(key)}, ferry {ferry.texts.get(key)}')
finally:
    for side in (ferry, celery):
        if side.node.process.poll() is None:
            side.node.process.kill()
print('\n'.join(wrong))
sys.exit(bool(wrong))
