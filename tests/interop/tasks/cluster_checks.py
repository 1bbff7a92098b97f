"""Celery's and ferry's workers in one cluster: cluster_checks.py WORKER BROKER BACKEND

Mingle and gossip, revoked ids that go from one to the other, workflows that both work on, and all that Flower asks of
a worker: its events, put together by Celery's own State, and the replies of remote control within a second.
"""
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

from celery import Celery, chain, chord, group
from celery.exceptions import ChordError

sys.dont_write_bytecode = True
from support import PATIENCE, Listening, celery_node, equal, ferry_node, result_of, until

WORKER, BROKER, BACKEND = sys.argv[1:4]
ROUNDS = 100 if BROKER.startswith('redis') else 30
app = Celery('checks', broker=BROKER, backend=BACKEND)
sig = lambda name, *args: app.signature('ferry.' + name, args=args)


def ferry(name):
    return ferry_node(app, WORKER, name, BROKER=BROKER, BACKEND=BACKEND)


def python(name):
    return celery_node(app, name, BROKER, BACKEND, '-E')


nodes = []


def start(node):
    nodes.append(node)
    return node


def learns(make, ids, what):
    """Starts a node that knows these revoked ids: it asks the others, and waits a second for them. A busy machine may
    take longer for that, so it may try again."""
    for _ in range(5):
        node = make()
        if ids <= set(node.ask('revoked')):
            return node
        node.end()
    raise AssertionError(what)


def revoked_ids_go_around():
    first = start(ferry('ferry1@cluster'))
    early = str(uuid.uuid4())
    first.ask('revoke', task_id=early)
    celery = start(learns(lambda: python('python1@cluster'), {early}, 'Celery does not learn from ferry'))
    late = str(uuid.uuid4())
    celery.ask('revoke', task_id=late)
    second = start(learns(lambda: ferry('ferry2@cluster'), {early, late}, 'ferry does not learn from Celery'))
    equal(second.end(), 0)
    return first, celery


def workflows_are_shared():
    parts = [sig('add', i, i) for i in range(5)]
    for i in range(ROUNDS):
        asked = {
            'chain': (chain(sig('add', i, 2), sig('mul', 3), sig('add', 1)).apply_async(), (i + 2) * 3 + 1),
            'group': (group(sig('add', n, i) for n in range(3)).apply_async(), [i, i + 1, i + 2]),
            'chord': (chord(parts)(sig('xsum')), 20),
            'replaced': ((sig('swap', sig('add', i, 2) | sig('mul', 2)) | sig('mul', 3)).apply_async(), (i + 2) * 6),
            'replaced parts': (chord([sig('swap', sig('swap', p)) for p in parts])(sig('xsum')), 20),
            'more parts': (chord([sig('extend', sig('add', n, n), n) for n in range(5)])(sig('xsum')), 30),
            'expanded': ((sig('add', 1, 1) | group(sig('add', 2), sig('add', 3)) | sig('xsum') | sig('mul', 10))
                         .apply_async(), 90),
        }
        for name, (result, wanted) in asked.items():
            got = result.get(timeout=PATIENCE)
            assert got == wanted, (i, name, got)


def chords_cross(*workers):
    """The parts of a chord on the one kind of worker, its body on the other; mixed; and what is linked to its failure."""
    names = [w.name for w in workers]
    for w in workers:
        equal(w.ask('add_consumer', queue='of.' + w.name), {'ok': 'add consumer of.' + w.name})
    on = lambda name, s: s.set(queue='of.' + name)
    for parts in (names[:1], names[1:], names):
        for body in names:
            header = [on(parts[i % len(parts)], sig('add', i, i)) for i in range(6)]
            equal(chord(header)(on(body, sig('xsum'))).get(timeout=PATIENCE), 30)
            called = str(uuid.uuid4())
            broken = header + [on(parts[0], sig('fail', 'bad'))]
            linked = on(body, sig('note').set(task_id=called))
            failed = chord(broken)(on(body, sig('xsum')).on_error(linked))
            e = failed.get(timeout=PATIENCE, propagate=False)
            assert isinstance(e, ChordError) and "ValueError('bad')" in str(e), (parts, body, e)
            equal(result_of(app, called), failed.id)
            inner = group(on(p, sig('add', 2)) for p in parts * 2)  # Celery takes a group of one apart
            through = on(body, sig('add', 1, 1)) | inner | on(body, sig('xsum'))
            equal(through.apply_async().get(timeout=PATIENCE), 8 * len(parts))
    for w in workers:
        w.ask('cancel_consumer', queue='of.' + w.name)


def links_cross(*workers):
    for w in workers:
        w.ask('add_consumer', queue='of.' + w.name)
    for here, there in (workers, workers[::-1]):
        linked, failed = str(uuid.uuid4()), str(uuid.uuid4())
        to = 'of.' + there.name
        app.send_task('ferry.add', (1, 2), queue='of.' + here.name, link=sig('mul', 10).set(task_id=linked, queue=to))
        equal(result_of(app, linked), 30)
        bad = app.send_task('ferry.fail', ('boom',), queue='of.' + here.name,
                            link_error=sig('note').set(task_id=failed, queue=to))
        assert isinstance(bad.get(timeout=PATIENCE, propagate=False), ValueError)
        equal(result_of(app, failed), bad.id)
        steps = (sig('add', 1, 2).set(queue='of.' + here.name) | sig('mul', 3).set(queue=to)
                 | sig('add', 1).set(queue='of.' + here.name))
        equal(steps.apply_async().get(timeout=PATIENCE), 10)
    for w in workers:
        w.ask('cancel_consumer', queue='of.' + w.name)


def celery_sees_all(node):
    """What Flower shows: State from events, and the replies that it asks for."""
    state = app.events.State()
    listening = Listening(app, state.event)
    app.control.enable_events()
    queue = 'only.' + node.name
    equal(node.ask('add_consumer', queue=queue), {'ok': 'add consumer ' + queue})
    good = app.send_task('ferry.add', (2, 3), queue=queue)
    bad = app.send_task('ferry.fail', ('boom',), queue=queue)
    slow = app.send_task('ferry.sleep', (0.3,), queue=queue)
    again = app.send_task('ferry.retry_n', (1,), queue=queue)
    good.get(timeout=PATIENCE), slow.get(timeout=PATIENCE), again.get(timeout=PATIENCE)
    bad.get(timeout=PATIENCE, propagate=False)

    def told():
        tasks = [state.tasks.get(r.id) for r in (good, bad, slow, again)]
        beaten = node.name in state.workers and (state.workers[node.name].processed or 0) >= 5
        ended = all(t is not None and t.state in ('SUCCESS', 'FAILURE') for t in tasks)
        return tasks if beaten and ended and state.workers[node.name].alive else None

    tasks = until(told, 'events do not tell all')
    listening.end()
    good, bad, slow, again = tasks
    equal((good.name, good.args, good.kwargs, good.state, good.result, good.worker.hostname),
          ('ferry.add', '(2, 3)', '{}', 'SUCCESS', '5', node.name))
    assert good.received and good.started and good.succeeded and good.runtime >= 0 and good.root_id == good.uuid
    equal((bad.state, bad.exception), ('FAILURE', "ValueError('boom')"))
    assert 'boom' in bad.traceback
    assert slow.runtime >= 0.3, slow.runtime
    equal(again.retries, 1)
    worker = state.workers[node.name]
    assert worker.processed >= 5 and len(worker.loadavg) == 3 and worker.sw_ident == 'ferry', worker
    for method in ('stats', 'active_queues', 'registered', 'scheduled', 'active', 'reserved', 'revoked', 'conf'):
        # Flower waits a second; this machine may be busy.
        asking = app.control.inspect(destination=[node.name], timeout=1)
        assert node.name in until(getattr(asking, method), method), method
    node.ask('cancel_consumer', queue=queue)


def command_line_shows_all(node):
    celery = [sys.executable, '-m', 'celery', '-b', BROKER]
    asked = subprocess.run(celery + ['status', '-t', str(PATIENCE), '-d', node.name], capture_output=True, text=True)
    assert asked.returncode == 0 and re.search(node.name + ': .*OK', asked.stdout), asked
    queue = 'shown.' + node.name
    node.ask('add_consumer', queue=queue)
    wanted = (r'ferry1@cluster \[.*\] heartbeat: active=\d+, clock=\d+, freq=2.0, loadavg=\[.*\], .*pid=\d+, '
              r'processed=\d+, sw_ident=ferry, sw_sys=Linux, sw_ver=',
              r'ferry1@cluster \[.*\] task received: ferry.add\([-0-9a-f]{36}\) args=\(4, 5\) kwargs={} clock=',
              r'ferry1@cluster \[.*\] task started: ferry.add',
              r'ferry1@cluster \[.*\] task succeeded: ferry.add\(.*\) args=\(4, 5\) kwargs={} .*result=9, runtime=')
    with tempfile.TemporaryFile('w+') as out:
        dump = subprocess.Popen(celery + ['events', '--dump'], stdout=out, stderr=subprocess.STDOUT)

        def shows_all():
            app.send_task('ferry.add', (4, 5), queue=queue).get(timeout=PATIENCE)
            out.seek(0)
            shown = out.read()
            return all(re.search(pattern, shown) for pattern in wanted)

        try:
            until(shows_all, 'celery events does not show all')
        finally:
            dump.send_signal(signal.SIGTERM)
            dump.wait(PATIENCE)
    node.ask('cancel_consumer', queue=queue)


failed = True
try:
    first, celery = revoked_ids_go_around()
    print('ok revoked_ids_go_around', flush=True)
    workflows_are_shared()
    print('ok workflows_are_shared', flush=True)
    links_cross(first, celery)
    print('ok links_cross', flush=True)
    chords_cross(first, celery)
    print('ok chords_cross', flush=True)
    celery_sees_all(first)
    print('ok celery_sees_all', flush=True)
    command_line_shows_all(first)
    print('ok command_line_shows_all', flush=True)
    entries = re.split(r'\n(?=\[)', celery.output())
    # With this billiard, Celery logs as an error that a task has been replaced.
    unexpected = [e for e in entries if re.search(r'ERROR|CRITICAL|Traceback|Substantial drift', e)
                  and not re.search(r"ValueError(: |\(')(boom|bad)|Ignore: Replaced by new task", e)]
    equal(unexpected, [])
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
