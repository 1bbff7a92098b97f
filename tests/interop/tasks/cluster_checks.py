"""Celery's and ferry's workers in one cluster: cluster_checks.py WORKER BROKER BACKEND

Mingle and gossip, revoked ids that go from one to the other, workflows that both work on, and all that Flower asks of
a worker: its events, put together by Celery's own State, and the replies of remote control within a second.
"""
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

from celery import Celery, chain, chord, group

WORKER, BROKER, BACKEND = sys.argv[1:4]
ROUNDS = 100 if BROKER.startswith('redis') else 30
app = Celery('checks', broker=BROKER, backend=BACKEND)
sig = lambda name, *args: app.signature('ferry.' + name, args=args)
environment = {k: v for k, v in os.environ.items() if not k.startswith('FERRY_')}
environment.update(FERRY_BROKER=BROKER, FERRY_BACKEND=BACKEND, PYTHONDONTWRITEBYTECODE='1')


class Node:
    """A worker: Celery's or ferry's."""

    def __init__(self, name, *command, **more):
        self.name = name
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(command, cwd=Path(__file__).parent, env=dict(environment, **more),
                                        stdout=self.log, stderr=subprocess.STDOUT)
        for _ in range(60):
            if app.control.inspect(destination=[name], timeout=0.5).ping():
                return
        raise AssertionError(f'{name} does not answer: {self.output()}')

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def ask(self, method, **arguments):
        return app.control.broadcast(method, arguments=arguments, reply=True, timeout=3, destination=[self.name])[0][
            self.name]

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


def ferry(name):
    return Node(name, WORKER, FERRY_NODE=name, FERRY_CONCURRENCY='2')


def python(name):
    return Node(name, sys.executable, '-m', 'celery', '-A', 'celery_app', 'worker', '-n', name, '-c', '2', '-l', 'INFO',
                '-E')


def equal(got, wanted):
    assert got == wanted, f'{got!r} is not {wanted!r}'


nodes = []


def start(node):
    nodes.append(node)
    return node


def revoked_ids_go_around():
    first = start(ferry('ferry1@cluster'))
    early = str(uuid.uuid4())
    first.ask('revoke', task_id=early)
    celery = start(python('python1@cluster'))
    assert early in celery.ask('revoked'), 'Celery learns from ferry'
    late = str(uuid.uuid4())
    celery.ask('revoke', task_id=late)
    second = start(ferry('ferry2@cluster'))
    assert {early, late} <= set(second.ask('revoked')), 'ferry learns from Celery'
    equal(second.end(), 0)
    return first, celery


def workflows_are_shared():
    parts = [sig('add', i, i) for i in range(5)]
    for i in range(ROUNDS):
        asked = {
            'chain': (chain(sig('add', i, 2), sig('mul', 3), sig('add', 1)).apply_async(), (i + 2) * 3 + 1),
            'group': (group(sig('add', n, i) for n in range(3)).apply_async(), [i, i + 1, i + 2]),
            'chord': (chord(parts)(sig('xsum')), 20),
            'expanded': ((sig('add', 1, 1) | group(sig('add', 2), sig('add', 3)) | sig('xsum') | sig('mul', 10))
                         .apply_async(), 90),
        }
        for name, (result, wanted) in asked.items():
            got = result.get(timeout=30)
            assert got == wanted, (i, name, got)


def celery_sees_all(node):
    """What Flower shows: State from events, and the replies that it asks for."""
    state = app.events.State()
    ready = threading.Event()
    connection = app.connection_for_read()
    receiver = app.events.Receiver(connection, handlers={'*': state.event})
    receiver.on_consume_ready = lambda *_, **__: ready.set()

    def capture():
        # Without a time limit: each new capture has a new queue, and what is told in between is not in it.
        receiver.capture(limit=None, timeout=None, wakeup=False)

    watching = threading.Thread(target=capture, daemon=True)
    watching.start()
    assert ready.wait(20), 'no queue for events'
    app.control.enable_events()
    queue = 'only.' + node.name
    equal(node.ask('add_consumer', queue=queue), {'ok': 'add consumer ' + queue})
    good = app.send_task('ferry.add', (2, 3), queue=queue)
    bad = app.send_task('ferry.fail', ('boom',), queue=queue)
    slow = app.send_task('ferry.sleep', (0.3,), queue=queue)
    again = app.send_task('ferry.retry_n', (1,), queue=queue)
    good.get(timeout=10), slow.get(timeout=10), again.get(timeout=10)
    bad.get(timeout=10, propagate=False)
    for _ in range(100):
        tasks = [state.tasks.get(r.id) for r in (good, bad, slow, again)]
        beaten = node.name in state.workers and (state.workers[node.name].processed or 0) >= 5
        if beaten and all(t is not None and t.state in ('SUCCESS', 'FAILURE') for t in tasks):
            break
        time.sleep(0.1)
    receiver.should_stop = True
    watching.join(5)
    connection.release()
    good, bad, slow, again = tasks
    equal((good.name, good.args, good.kwargs, good.state, good.result, good.worker.hostname),
          ('ferry.add', '(2, 3)', '{}', 'SUCCESS', '5', node.name))
    assert good.received and good.started and good.succeeded and good.runtime < 5 and good.root_id == good.uuid
    equal((bad.state, bad.exception), ('FAILURE', "ValueError('boom')"))
    assert 'boom' in bad.traceback
    assert 0.3 <= slow.runtime < 5, slow.runtime
    equal(again.retries, 1)
    worker = state.workers[node.name]
    assert worker.alive and worker.processed >= 5 and len(worker.loadavg) == 3 and worker.sw_ident == 'ferry', worker
    equal(worker.status_string, 'ONLINE')
    for method in ('stats', 'active_queues', 'registered', 'scheduled', 'active', 'reserved', 'revoked', 'conf'):
        reply = getattr(app.control.inspect(destination=[node.name], timeout=1), method)()
        assert reply and node.name in reply, method
    node.ask('cancel_consumer', queue=queue)


def command_line_shows_all(node):
    def celery(*arguments, seconds=60):
        try:
            ran = subprocess.run([sys.executable, '-m', 'celery', '-b', BROKER, *arguments], capture_output=True, text=True,
                                 timeout=seconds)
            assert ran.returncode == 0, (arguments, ran.stdout, ran.stderr)
            return ran.stdout
        except subprocess.TimeoutExpired as e:
            return (e.stdout or b'').decode()

    assert re.search(node.name + ': .*OK', celery('status', '-t', '3'))
    stop = threading.Event()
    queue = 'shown.' + node.name
    node.ask('add_consumer', queue=queue)

    def call():
        while not stop.is_set():
            app.send_task('ferry.add', (4, 5), queue=queue).get(timeout=10)
            time.sleep(0.2)

    calling = threading.Thread(target=call, daemon=True)
    calling.start()
    shown = celery('events', '--dump', seconds=12)
    stop.set()
    calling.join(10)
    node.ask('cancel_consumer', queue=queue)
    for pattern in (r'ferry1@cluster \[.*\] heartbeat: active=\d+, clock=\d+, freq=2.0, loadavg=\[.*\], .*pid=\d+, '
                    r'processed=\d+, sw_ident=ferry, sw_sys=Linux, sw_ver=',
                    r'ferry1@cluster \[.*\] task received: ferry.add\([-0-9a-f]{36}\) args=\(4, 5\) kwargs={} clock=',
                    r'ferry1@cluster \[.*\] task started: ferry.add',
                    r'ferry1@cluster \[.*\] task succeeded: ferry.add\(.*\) args=\(4, 5\) kwargs={} .*result=9, runtime='):
        assert re.search(pattern, shown), (pattern, shown[-3000:])


failed = True
try:
    first, celery = revoked_ids_go_around()
    print('ok revoked_ids_go_around', flush=True)
    workflows_are_shared()
    print('ok workflows_are_shared', flush=True)
    celery_sees_all(first)
    print('ok celery_sees_all', flush=True)
    command_line_shows_all(first)
    print('ok command_line_shows_all', flush=True)
    log = celery.output()
    assert not re.search(r'ERROR|CRITICAL|Traceback|Substantial drift', re.sub(r'.*boom.*', '', log)), log[-4000:]
    equal(celery.end(), 0)
    failed = False
finally:
    for node in nodes:
        try:
            node.end()
        except subprocess.TimeoutExpired:
            node.process.kill()
        if failed:
            print(f'--- {node.name} ---\n{node.output()[-3000:]}')
sys.exit(failed)
