"""ferry beat with Celery's worker and ferry's, and two of it at one broker: beat_checks.py WORKER BROKER BACKEND COMMAND"""
import json
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from celery import Celery

sys.dont_write_bytecode = True
from support import PATIENCE, Listening, celery_node, equal, ferry_node, until, waiting

WORKER, BROKER, BACKEND, COMMAND = sys.argv[1:5]
app = Celery('checks', broker=BROKER, backend=BACKEND)
folder = tempfile.TemporaryDirectory()


class Beat:
    def __init__(self, plan, state, *options):
        self.state = Path(folder.name, state)
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen([COMMAND, 'beat', plan, '--state', self.state, '--broker', BROKER, *options],
                                        stdout=self.log, stderr=subprocess.STDOUT)

    def runs(self, entry):
        """Of all beats that have led, as this one knows it."""
        assert self.process.poll() in (None, 0, -signal.SIGKILL), self.output()
        if not self.state.exists():
            return 0
        return json.loads(self.state.read_text())['entries'][entry]['total_runs']

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def plan(name, text):
    path = Path(folder.name, name)
    path.write_text(text)
    return path


def messages_run_on_both():
    nodes = [ferry_node(app, WORKER, 'ferry@beat', BROKER=BROKER, BACKEND=BACKEND, QUEUE='of.ferry@beat'),
             celery_node(app, 'celery@beat', BROKER, BACKEND, '-Q', 'of.celery@beat')]
    seen = []
    listening = Listening(app, seen.append)
    text, state = '', {}
    for node in nodes:
        node.ask('enable_events')
        kind = node.name.split('@')[0]
        text += f"""
            [{kind}-often]
            task = 'ferry.add'
            every = '500ms'
            args = [2, 3]
            queue = 'of.{node.name}'
            [{kind}-crontab]
            task = 'ferry.mul'
            crontab = '0 0 1 1 *'
            args = [2]
            kwargs = {{ y = 3 }}
            queue = 'of.{node.name}'
            expires = '1h'
            """
        state[f'{kind}-crontab'] = {'last_run': '2020-06-01T00:00:00+00:00', 'total_runs': 0}
    Path(folder.name, 'both.json').write_text(json.dumps({'timezone': 'UTC', 'entries': state}))
    beat = Beat(plan('both.toml', text), 'both.json')

    def all_ran():
        received = {e['uuid']: e for e in list(seen) if e['type'] == 'task-received'}
        ran = [(e['hostname'], received[e['uuid']]['name'], e['result']) for e in list(seen)
               if e['type'] == 'task-succeeded' and e['uuid'] in received]
        return all(ran.count((n.name, 'ferry.add', '5')) >= 3 and ran.count((n.name, 'ferry.mul', '6')) == 1 for n in nodes)

    until(all_ran, 'not all was sent and ran')
    equal(beat.end(), 0)
    listening.end()
    for node in nodes:
        equal(node.end(), 0)


def one_leads():
    queue = 'beat.' + str(uuid.uuid4())
    path = plan(queue + '.toml', f"[often]\ntask = 'ferry.add'\nevery = '100ms'\nargs = [1, 1]\nqueue = '{queue}'\n")
    first = Beat(path, 'first.json', '--lease', '3')
    until(lambda: first.runs('often') >= 3)
    second = Beat(path, 'second.json', '--lease', '3')
    until(second.state.exists)
    beside = Beat(path, 'beside.json', '--leader', 'somebody else')
    until(lambda: beside.runs('often') >= 3)
    equal(beside.end(), 0)
    others = beside.runs('often')
    equal(second.runs('often'), 0)
    first.end(signal.SIGKILL)
    before = waiting(BROKER, queue)
    until(lambda: second.runs('often') >= before - others + 5, 'nobody takes over')
    # A third one takes over at once from one that ends in order.
    third = Beat(path, 'third.json', '--lease', str(10 * PATIENCE))
    until(third.state.exists)
    equal(second.end(), 0)
    done = second.runs('often')
    until(lambda: third.runs('often') >= done + 3, 'nobody takes over at once')
    equal(third.end(), 0)
    runs = third.runs('often') + others
    # What a killed one had noted but not sent yet is left out; nothing is sent twice.
    assert runs - 1 <= waiting(BROKER, queue) <= runs, (waiting(BROKER, queue), runs)


for check in (messages_run_on_both, one_leads):
    begin = time.time()
    check()
    print(f'ok {check.__name__} {time.time() - begin:.1f} s', flush=True)
