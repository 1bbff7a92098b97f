"""What the checks against real Celery share: workers as processes, their remote control, and waiting.

Every wait is for a condition, and gives up only when no machine, however busy, would still meet it: after PATIENCE seconds.
"""
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from kombu import Connection

PATIENCE = 90


def equal(got, wanted):
    assert got == wanted, f'{got!r} is not {wanted!r}'


def until(predicate, what='it did not come to pass'):
    """What the predicate returns once that is true."""
    end = time.time() + PATIENCE
    while True:
        found = predicate()
        if found:
            return found
        assert time.time() < end, what
        time.sleep(0.05)


def result_of(app, task_id):
    """What a task has returned that somebody else has called. Celery's client asks for such a result and subscribes to
    it over two connections, and never hears of one that comes in between: so it is asked for again and again."""
    result = app.AsyncResult(task_id)
    until(result.ready, 'no result of ' + task_id)
    return result.get(timeout=PATIENCE)


def ask(app, node, method, **arguments):
    """The node's reply; it ends the wait."""
    replies = app.control.broadcast(method, arguments=arguments, reply=True, timeout=PATIENCE, limit=1,
                                    destination=[node])
    assert len(replies) == 1 and list(replies[0]) == [node], (method, replies)
    return replies[0][node]


def with_id(infos, result):
    """Those of a list of request infos that are of the result's task."""
    return [info for info in infos if info.get('request', info)['id'] == result.id]


def waiting(broker, queue):
    """How many messages wait there."""
    with Connection(broker) as c:
        channel = c.default_channel
        if broker.startswith('redis'):
            return sum(channel.client.llen(channel._q_for_pri(queue, p)) for p in channel.priority_steps)
        return channel.queue_declare(queue, passive=True).message_count


class Node:
    """A worker, Celery's or ferry's, which answers."""

    def __init__(self, app, name, command, answers=True, **environment):
        self.app = app
        self.name = name
        self.log = tempfile.TemporaryFile('w+')
        kept = {k: v for k, v in os.environ.items() if not k.startswith('FERRY_')}
        kept.update({k: str(v) for k, v in environment.items()}, PYTHONDONTWRITEBYTECODE='1')
        self.process = subprocess.Popen(command, cwd=Path(__file__).parent, env=kept, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        if answers:
            self.ready()

    def ready(self):
        def answers():
            assert self.process.poll() is None, f'{self.name} has ended: {self.output()}'
            return self.app.control.broadcast('ping', reply=True, timeout=1, limit=1, destination=[self.name])

        until(answers, f'{self.name} does not answer')

    def ask(self, method, **arguments):
        return ask(self.app, self.name, method, **arguments)

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def ferry_node(app, program, name, **settings):
    """The example worker; settings are its variables without FERRY_."""
    named = {'FERRY_' + k: v for k, v in dict(dict(NODE=name, CONCURRENCY=2), **settings).items()}
    return Node(app, name, [program], **named)


def celery_node(app, name, broker, backend, *options, **environment):
    """Celery's own worker with the tasks of celery_app.py."""
    command = [sys.executable, '-m', 'celery', '-A', 'celery_app', 'worker', '-n', name, '-c', '2', '-l', 'INFO', *options]
    return Node(app, name, command, FERRY_BROKER=broker, FERRY_BACKEND=backend, C_FORCE_ROOT=1, **environment)


class Listening:
    """Hands all events to a function, without gaps: each new capture would have a new queue."""

    def __init__(self, app, each):
        ready = threading.Event()
        self.connection = app.connection_for_read()
        self.receiver = app.events.Receiver(self.connection, handlers={'*': each})
        self.receiver.on_consume_ready = lambda *_, **__: ready.set()
        self.thread = threading.Thread(target=self.capture, daemon=True)
        self.thread.start()
        assert ready.wait(PATIENCE), 'no queue for events'

    def capture(self):
        self.receiver.capture(limit=None, timeout=None, wakeup=True)

    def end(self):
        self.receiver.should_stop = True
        self.thread.join(PATIENCE)
        self.connection.release()
