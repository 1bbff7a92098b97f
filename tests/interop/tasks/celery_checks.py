"""Real Celery against the example worker: celery_checks.py WORKER BROKER BACKEND [POOL]

Starts the worker, calls its tasks and controls it as Celery's own programs do. Prints a line for each
check; the exit status is the number of those that failed. CHECKS=name,name runs these only.
"""
import datetime
import json
import os
import signal
import subprocess
import sys
import time
import traceback
import uuid
from pathlib import Path

from celery import Celery, chain, chord, chunks, group, xmap, xstarmap
from celery.exceptions import ChordError, NotRegistered, TaskRevokedError, TimeLimitExceeded
from kombu import Connection, Exchange, Producer, Queue

sys.dont_write_bytecode = True
from support import PATIENCE, Listening, ask, equal, ferry_node, result_of, until, waiting, with_id

WORKER, BROKER, BACKEND = sys.argv[1:4]
POOL = (sys.argv[4:] + ['processes'])[0]
REDIS = BROKER.startswith('redis')
app = Celery('checks', broker=BROKER, backend=BACKEND)
app.conf.update(accept_content=['json'], result_accept_content=['json'], broker_connection_retry_on_startup=True,
                result_expires=86400)
S = app.send_task
sig = lambda name, *args: app.signature('ferry.' + name, args=args)
NODE = 'w1@ferry'
checks = []


def check(f):
    checks.append(f)
    return f


def start(node=NODE, **environment):
    return ferry_node(app, WORKER, node, BROKER=BROKER, BACKEND=BACKEND, POOL=POOL, **environment)


def control(method, **arguments):
    return ask(app, NODE, method, **arguments)


@check
def processes_are_there_before_tasks():
    pids = lambda: control('stats')['pool']['processes']
    equal(len(pids()), 1 if POOL == 'threads' else 2)
    if POOL == 'threads':
        return
    # One that dies while it has nothing to do takes no task with it.
    gone = pids()[0]
    os.kill(gone, signal.SIGKILL)
    until(lambda: Path(f'/proc/{gone}/stat').read_text().rpartition(')')[2].split()[0] == 'Z')
    equal(len(pids()), 1)
    two = lambda: [r.get(timeout=PATIENCE) for r in [S('ferry.sleep', (0.5,)) for _ in range(2)]]
    until(lambda: two() == [0.5, 0.5] and gone not in pids())
    equal(len(pids()), 2)
    # One that dies of its task, and one that is killed for it, have a successor at once.
    for how in dict(), dict(time_limit=1):
        name = 'ferry.sleep' if how else 'ferry.crash'
        S(name, (600,) if how else (), **how).get(timeout=PATIENCE, propagate=False)
        until(lambda: len(pids()) == 2)


@check
def calls_and_keywords():
    equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)
    equal(S('ferry.add', (2,), {'y': 3}).get(timeout=PATIENCE), 5)
    equal(S('ferry.xsum', ([1, 2, 3],)).get(timeout=PATIENCE), 6)


@check
def values_survive():
    values = [None, True, False, 2**63 - 1, -2**63, 2**70, 0.1, 1e300, 'é日\u0000x', [[], {}], {'a': {'b': [1]}}]
    r = S('ferry.echo', values, {'k': 'v'}).get(timeout=PATIENCE)
    equal(r['args'], values)
    equal(r['kwargs'], {'k': 'v'})


@check
def megabytes():
    text = 'x' * 2**20
    equal(S('ferry.echo', (text,)).get(timeout=PATIENCE)['args'][0], text)


@check
def serializers_and_compression():
    for name in ('json', 'pickle', 'yaml', 'msgpack'):
        equal(S('ferry.add', (2, 3), serializer=name).get(timeout=PATIENCE), 5)
    for name in ('zlib', 'bzip2', 'lzma'):
        equal(S('ferry.echo', ('z' * 5000,), compression=name).get(timeout=PATIENCE)['args'], ['z' * 5000])


@check
def chains_and_groups():
    equal(chain(sig('add', 1, 2), sig('mul', 3))().get(timeout=PATIENCE), 9)
    equal(group(sig('add', i, i) for i in range(10))().get(timeout=PATIENCE), [2 * i for i in range(10)])
    equal(xstarmap(sig('add'), [(1, 2), (3, 4)], app=app).apply_async().get(timeout=PATIENCE), [3, 7])
    equal(xmap(sig('xsum'), [[1, 2], [3]], app=app).apply_async().get(timeout=PATIENCE), [3, 3])
    equal(chunks(sig('add'), [(1, 2), (3, 4), (5, 6)], 2, app=app).apply_async().get(timeout=PATIENCE), [[3, 7], [11]])
    if BACKEND.startswith('rpc'):
        return
    last = chain(sig('add', 1, 2), sig('mul', 3), sig('add', 5, 6).set(immutable=True))()
    equal([last.get(timeout=PATIENCE), last.parent.get(timeout=PATIENCE), last.parent.parent.get(timeout=PATIENCE)], [11, 9, 3])
    equal(last.parent.parent.children[0].id, last.parent.id)
    broken = chain(sig('fail', 'first'), sig('add', 1), sig('add', 2))()
    e = broken.get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, ValueError) and str(e) == 'first', repr(e)


@check
def chords():
    if BACKEND.startswith('rpc'):
        return
    equal(chord([sig('add', i, i) for i in range(5)])(sig('xsum')).get(timeout=PATIENCE), 20)
    equal((sig('add', 1, 1) | group(sig('add', 2), sig('add', 3)) | sig('xsum') | sig('mul', 10))().get(timeout=PATIENCE), 90)
    # With propagate, Celery may show the failed part's own error first.
    e = chord([sig('add', 1, 1), sig('fail', 'bad')])(sig('xsum')).get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, ChordError) and "ValueError('bad')" in str(e), repr(e)


@check
def links():
    if BACKEND.startswith('rpc'):
        return
    linked = str(uuid.uuid4())
    S('ferry.add', (1, 2), link=sig('mul', 10).set(task_id=linked)).get(timeout=PATIENCE)
    equal(result_of(app, linked), 30)
    # What is linked to failures is called with the id of what has failed, of a step before it in a chain, too.
    called, again, late = (str(uuid.uuid4()) for _ in range(3))
    failed = S('ferry.fail', ('boom',), link=sig('mul', 10), link_error=[sig('echo', 'own').set(task_id=called),
                                                                       sig('echo').set(task_id=again)])
    assert isinstance(failed.get(timeout=PATIENCE, propagate=False), ValueError)
    equal(result_of(app, called), {'args': [failed.id, 'own'], 'kwargs': {}})
    equal(result_of(app, again), {'args': [failed.id], 'kwargs': {}})
    broken = (sig('add', 1, 2) | app.signature('ferry.fail', args=('boom',), immutable=True) | sig('add', 1))
    broken = broken.apply_async(link_error=sig('echo').set(task_id=late))
    assert isinstance(broken.get(timeout=PATIENCE, propagate=False), ValueError)
    equal(result_of(app, late)['args'], [broken.parent.id])
    # One that gives its retries up is called once, at its end.
    late = str(uuid.uuid4())
    failed = S('ferry.retry_n', (50,), link_error=sig('echo').set(task_id=late))
    failed.get(timeout=PATIENCE, propagate=False)
    equal(result_of(app, late)['args'], [failed.id])


@check
def chord_error_links():
    if BACKEND.startswith('rpc'):
        return
    called = str(uuid.uuid4())
    body = sig('xsum').on_error(sig('echo').set(task_id=called))
    failed = chord([sig('add', 1, 1), sig('fail', 'bad')])(body)
    e = failed.get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, ChordError), repr(e)
    equal(result_of(app, called)['args'], [failed.id])


@check
def protocol_1():
    app.conf.task_protocol = 1
    try:
        equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)
    finally:
        app.conf.task_protocol = 2


@check
def unknown_headers():
    equal(S('ferry.add', (2, 3), headers={'stamps': {'c': ['1']}, 'stamped_headers': ['c'], 'mine': 1},
            shadow='other').get(timeout=PATIENCE), 5)
    task_id = str(uuid.uuid4())
    with Connection(BROKER) as c:
        p = Producer(c)
        p.publish([[20, 3], {}, {}], headers={'lang': 'py', 'task': 'ferry.add', 'id': task_id}, routing_key='celery',
                  serializer='json', reply_to=app.thread_oid, correlation_id=task_id)
    if not BACKEND.startswith('rpc'):
        equal(result_of(app, task_id), 23)


@check
def priorities():
    for p in (0, 3, 5, 9):
        equal(S('ferry.add', (p, 3), priority=p).get(timeout=PATIENCE), p + 3)


@check
def priorities_decide():
    """One worker finds all of them waiting: Redis serves 0 first, RabbitMQ the highest."""
    if BACKEND.startswith('rpc'):
        return
    name = 'priority.' + str(uuid.uuid4())
    other = Celery('priorities', broker=BROKER, backend=BACKEND)
    arguments = {} if REDIS else {'x-max-priority': 9}
    other.conf.task_queues = [Queue(name, Exchange(name), routing_key=name, queue_arguments=arguments)]
    sent = {p: other.send_task('ferry.sleep', (0.01,), queue=name, priority=p) for p in (6, 9, 0, 3)}
    # RabbitMQ may still be at it: Celery does not ask for its word.
    until(lambda: waiting(BROKER, name) == len(sent))
    url = BROKER if REDIS else BROKER + '?max_priority=9'
    only = ferry_node(app, WORKER, 'priorities@ferry', BROKER=url, BACKEND=BACKEND, QUEUE=name, CONCURRENCY=1)
    try:
        for r in sent.values():
            r.get(timeout=PATIENCE)
        equal(sorted(sent, key=lambda p: sent[p].date_done), [0, 3, 6, 9] if REDIS else [9, 6, 3, 0])
    finally:
        only.end()


@check
def failures():
    e = S('ferry.fail', ('boom',)).get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, ValueError) and str(e) == 'boom', repr(e)
    e = S('ferry.add', (1,)).get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, TypeError), repr(e)
    e = S('ferry.nosuch').get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, NotRegistered), repr(e)


@check
def result_document():
    if not REDIS:
        return
    r = S('ferry.add', (2, 3))
    r.get(timeout=PATIENCE)
    client = app.backend.client
    d = json.loads(client.get('celery-task-meta-' + r.id))
    equal({k: d[k] for k in ('status', 'result', 'traceback', 'children', 'task_id')},
          {'status': 'SUCCESS', 'result': 5, 'traceback': None, 'children': [], 'task_id': r.id})
    assert d['date_done']
    assert 86000 < client.ttl('celery-task-meta-' + r.id) <= 86400
    begun = lambda: control('stats')['total']['ferry.add']
    before = begun()
    silent = S('ferry.add', (2, 3), ignore_result=True)
    until(lambda: begun() > before and not with_id(control('active'), silent))
    equal(client.get('celery-task-meta-' + silent.id), None)


@check
def poison():
    with Connection(BROKER) as c:
        p = Producer(c)
        head = {'lang': 'py', 'task': 'ferry.add', 'id': 'x'}
        send = lambda body, **more: p.publish(body, routing_key='celery', **more)
        send('garbage', content_type='text/plain', content_encoding='utf-8')
        send('{not json', content_type='application/json', content_encoding='utf-8', headers=head)
        send(b'\x80\x04x', content_type='application/x-nosuch', content_encoding='binary', headers=head)
        send({'no': 'task'}, serializer='json')
        send([[1], [], {}], serializer='json', headers=head)
        send([[1, 2], {}, {}], serializer='json', headers=dict(head, eta='tomorrow'))
    if REDIS:
        app.backend.client.lpush('celery', 'no json at all')
    equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)


@check
def retries():
    equal(S('ferry.retry_n', (2,)).get(timeout=PATIENCE), 2)
    e = S('ferry.retry_n', (50,)).get(timeout=PATIENCE, propagate=False)
    assert 'retry_n gave up' in str(e), repr(e)


@check
def countdown_and_eta():
    held = S('ferry.add', (1, 1), countdown=300)
    until(lambda: with_id(control('scheduled'), held))
    control('revoke', task_id=held.id)
    begin = time.time()
    equal(S('ferry.add', (1, 1), countdown=2).get(timeout=PATIENCE), 2)
    assert time.time() - begin > 1.95, time.time() - begin
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    eta = datetime.datetime.now(zone) + datetime.timedelta(seconds=1)
    begin = time.time()
    equal(S('ferry.add', (1, 1), eta=eta).get(timeout=PATIENCE), 2)
    assert time.time() - begin > 0.9


@check
def etas_do_not_block():
    held = {S('ferry.add', (1, 1), countdown=600).id for _ in range(40)}
    equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)
    until(lambda: held <= {info['request']['id'] for info in control('scheduled')})
    control('revoke', task_id=sorted(held))


@check
def expiry():
    # RabbitMQ itself would drop it if it still waited in the queue when it expires.
    r = S('ferry.add', (1, 1), countdown=6, expires=5)
    try:
        r.get(timeout=PATIENCE)
        raise AssertionError('it ran')
    except TaskRevokedError:
        equal(r.state, 'REVOKED')


@check
def limits():
    e = S('ferry.sleep', (20,), time_limit=1).get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, TimeLimitExceeded), repr(e)
    e = S('ferry.sleep', (20,), soft_time_limit=1, time_limit=60).get(timeout=PATIENCE, propagate=False)
    assert type(e).__name__ == 'SoftTimeLimitExceeded', repr(e)
    equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)


@check
def orders_that_make_no_sense():
    """Celery takes them: the task never runs again, or every process is killed."""
    rate = lambda r: control('rate_limit', task_name='ferry.add', rate_limit=r)
    refused = {'error': 'Invalid rate limit string: ValueError("could not convert string to float: \'x\'")'}
    equal(rate('x'), refused)
    for negative in '-1/s', -1:
        assert 'cannot be negative' in rate(negative)['error'], rate(negative)
    running = S('ferry.sleep', (600,))
    until(lambda: with_id(control('active'), running))
    for number in -1, 1000, 2**70:
        equal(control('revoke', task_id=running.id, terminate=True, signal=number), {'error': "OSError('[Errno 22] Invalid argument')"})
    equal(running.state, 'PENDING')
    equal(control('time_limit', task_name='ferry.add', hard='x'), {'error': "RuntimeError('hard: not a number')"})
    equal(control('add_consumer', queue=5), {'error': "TypeError('queue: expected str, not int')"})
    running.revoke(terminate=True)
    assert isinstance(running.get(timeout=PATIENCE, propagate=False), TaskRevokedError)
    equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)


@check
def inspection():
    begun = lambda: control('stats')['total'].get('ferry.sleep', 0)
    before = begun()
    r = S('ferry.sleep', (600,))
    info = until(lambda: [i for i in with_id(control('active'), r) if i['acknowledged'] and i['worker_pid']])[0]
    equal((info['name'], info['args'], info['acknowledged'], info['delivery_info']['routing_key']),
          ('ferry.sleep', [600], True, 'celery'))
    assert info['time_start']
    equal(control('query_task', ids=[r.id])[r.id][0], 'active')
    equal(begun(), before + 1)
    assert 'ferry.add' in control('registered')
    equal(control('active_queues')[0]['name'], 'celery')
    stats = control('stats')
    assert stats['total']['ferry.add'] > 0 and stats['pool']['max-concurrency'] == 2, stats
    assert stats['prefetch_count'] >= 8, stats
    assert ':guest@' not in json.dumps(control('conf')) and control('conf')['task_default_queue'] == 'celery'
    equal(control('ping'), {'ok': 'pong'})
    equal(control('nosuch'), {'error': "KeyError('nosuch')"})
    assert control('clock')['clock'] > 0 and 'ok' in control('report')
    control('revoke', task_id=r.id, terminate=True)
    assert isinstance(r.get(timeout=PATIENCE, propagate=False), TaskRevokedError)
    for verb in (['status'], ['inspect', 'ping'], ['inspect', 'active'], ['inspect', 'registered'],
                 ['inspect', 'stats'], ['inspect', 'scheduled'], ['inspect', 'reserved'], ['inspect', 'revoked'],
                 ['inspect', 'active_queues'], ['inspect', 'conf'], ['inspect', 'report']):
        done = subprocess.run([sys.executable, '-m', 'celery', '-b', BROKER, *verb, '--timeout', str(PATIENCE), '-d', NODE],
                              capture_output=True, text=True)
        assert done.returncode == 0 and NODE in done.stdout, (verb, done.stdout, done.stderr)


@check
def control_replies():
    equal(control('rate_limit', task_name='ferry.nosuch', rate_limit='1/s'), {'error': 'unknown task'})
    assert 'Invalid rate limit' in control('rate_limit', task_name='ferry.mul', rate_limit='x/s')['error']
    equal(control('rate_limit', task_name='ferry.mul', rate_limit='2/s'), {'ok': 'new rate limit set successfully'})
    begin = time.time()
    equal([r.get(timeout=PATIENCE) for r in [S('ferry.mul', (i, 2)) for i in range(6)]], [i * 2 for i in range(6)])
    assert time.time() - begin > 1.5
    equal(control('rate_limit', task_name='ferry.mul', rate_limit=''), {'ok': 'rate limit disabled successfully'})
    equal(control('time_limit', task_name='ferry.sleep', hard=100, soft=None), {'ok': 'time limits set successfully'})
    equal(control('pool_grow', n=1), {'ok': 'pool will grow'})
    equal(control('stats')['pool']['max-concurrency'], 3)
    equal(control('pool_shrink', n=1), {'ok': 'pool will shrink'})
    equal(control('autoscale', max=3, min=1), {'error': "ValueError('Autoscale not enabled')"})
    equal(control('heartbeat'), None)
    equal(control('election', id='1', topic='t', action=None), None)
    equal(control('add_consumer', queue='q2'), {'ok': 'add consumer q2'})
    equal(S('ferry.add', (2, 3), queue='q2').get(timeout=PATIENCE), 5)
    equal(control('cancel_consumer', queue='q2'), {'ok': 'no longer consuming from q2'})
    late = S('ferry.add', (2, 4), queue='q2')
    until(lambda: waiting(BROKER, 'q2') == 1)
    control('add_consumer', queue='q2')
    equal(late.get(timeout=PATIENCE), 6)
    control('cancel_consumer', queue='q2')
    for pattern, matcher in (('w*', 'glob'), ('w[0-9]+@.*', 'pcre')):
        equal(app.control.broadcast('ping', pattern=pattern, matcher=matcher, reply=True, timeout=PATIENCE, limit=1),
              [{NODE: {'ok': 'pong'}}])
    equal(app.control.broadcast('ping', pattern='x*', matcher='glob', reply=True, timeout=1), [])


@check
def a_queue_that_is_declared_otherwise():
    if REDIS:
        return
    name = 'otherwise.' + str(uuid.uuid4())
    running = S('ferry.sleep', (600,))
    until(lambda: with_id(control('active'), running))
    with Connection(BROKER) as c:
        c.default_channel.queue_declare(name, durable=False)
        assert 'error' in control('add_consumer', queue=name)
        assert name not in [q['name'] for q in control('active_queues')]
    # The others are served as before, by the same channel.
    equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)
    until(lambda: [i['id'] for i in control('active')] == [running.id])
    control('revoke', task_id=running.id, terminate=True)
    running.get(timeout=PATIENCE, propagate=False)


@check
def revocation():
    r = S('ferry.sleep', (30,))
    until(lambda: with_id(control('active'), r))
    equal(control('revoke', task_id=r.id, terminate=True, signal='SIGTERM'), {'ok': 'terminate: ' + r.id})
    e = r.get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, TaskRevokedError) and 'terminated' in str(e), repr(e)
    two = [S('ferry.add', (1, 1), countdown=10) for _ in range(2)]
    reply = control('revoke', task_id=[x.id for x in two])['ok']
    assert reply.endswith('flagged as revoked') and two[0].id in reply, reply
    for x in two:
        e = x.get(timeout=PATIENCE, propagate=False)
        assert isinstance(e, TaskRevokedError), repr(e)
    assert two[0].id in control('revoked')
    equal(control('revoke', task_id='nosuch', terminate=True), {'ok': 'terminate: tasks unknown'})
    equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)


@check
def events():
    seen = []
    listening = Listening(app, seen.append)
    assert control('enable_events')['ok'].startswith('task events')
    equal(control('enable_events'), {'ok': 'task events already enabled'})
    r = S('ferry.add', (2, 3))
    r.get(timeout=PATIENCE)
    S('ferry.fail', ('boom',)).get(timeout=PATIENCE, propagate=False)
    until(lambda: {'worker-heartbeat', 'task-failed'} <= {e['type'] for e in list(seen)})
    wanted = {'task-received', 'task-started', 'task-succeeded'}
    until(lambda: wanted <= {e['type'] for e in list(seen) if e.get('uuid') == r.id})
    of = {e['type']: e for e in seen if e.get('uuid') == r.id}
    equal((of['task-received']['name'], of['task-received']['args'], of['task-received']['kwargs']),
          ('ferry.add', '(2, 3)', '{}'))
    equal(of['task-succeeded']['result'], '5')
    assert of['task-succeeded']['runtime'] >= 0
    failure = [e for e in seen if e['type'] == 'task-failed'][0]
    equal(failure['exception'], "ValueError('boom')")
    mine = [e for e in seen if e['hostname'] == NODE]
    clocks = [e['clock'] for e in mine]
    assert clocks == sorted(set(clocks)), clocks
    beat = [e for e in mine if e['type'] == 'worker-heartbeat'][0]
    for field in ('freq', 'active', 'processed', 'loadavg', 'sw_ident', 'sw_ver', 'sw_sys', 'utcoffset', 'pid'):
        assert field in beat, beat
    equal(control('disable_events'), {'ok': 'task events disabled'})
    listening.end()


@check
def crash_of_a_process():
    if POOL == 'threads':  # there it is the worker's own
        return
    other = S('ferry.sleep', (1,))
    e = S('ferry.crash').get(timeout=PATIENCE, propagate=False)
    assert type(e).__name__ == 'WorkerLostError' and 'SIGKILL' in str(e), repr(e)
    equal(other.get(timeout=PATIENCE), 1)
    equal(S('ferry.add', (2, 3)).get(timeout=PATIENCE), 5)


@check
def burst():
    all_of = [S('ferry.add', (i, i)) for i in range(500)]
    equal([r.get(timeout=PATIENCE) for r in all_of], [2 * i for i in range(500)])


@check
def warm_stop():
    global worker
    pid = control('stats')['pid']
    running = S('ferry.sleep', (6,))
    until(lambda: with_id(control('active'), running))
    later = S('ferry.add', (2, 3), countdown=6)
    behind = [S('ferry.sleep', (6,)) for _ in range(3)]
    until(lambda: running.ready() or control('reserved'))
    os.kill(pid, signal.SIGTERM)
    equal(worker.process.wait(PATIENCE), 0)
    equal(running.get(timeout=PATIENCE), 6)
    worker = start()
    equal([r.get(timeout=PATIENCE) for r in behind + [later]], [6, 6, 6, 5])


@check
def killed_with_late_acks():
    global worker
    worker.end()
    worker = start(ACKS_LATE=1, VISIBILITY=3)
    slow = S('ferry.sleep', (6,))
    until(lambda: with_id(control('active'), slow))
    more = [S('ferry.add', (i, 1)) for i in range(3)]
    worker.end(signal.SIGKILL)
    worker = start(ACKS_LATE=1, VISIBILITY=3)
    equal(slow.get(timeout=PATIENCE), 6)
    equal([r.get(timeout=PATIENCE) for r in more], [1, 2, 3])


def main():
    global worker
    wanted = os.environ.get('CHECKS')
    worker = start()
    failures = 0
    for f in checks:
        if wanted and f.__name__ not in wanted.split(','):
            continue
        begin = time.time()
        try:
            f()
            print(f'ok {f.__name__} {time.time() - begin:.1f} s', flush=True)
        except BaseException:
            failures += 1
            print(f'FAILED {f.__name__}\n{traceback.format_exc()}', flush=True)
            if worker.process.poll() is not None:
                print(worker.output())
                worker = start()
    status = worker.end()
    if status != 0 or failures:
        print('worker ended with', status, '\n', worker.output())
    return failures + (status != 0)


sys.exit(main())
