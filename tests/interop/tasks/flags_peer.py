"""Workers with and without their habits, as Celery's tools see them: flags_peer.py COMMAND BROKER

fast@flags has its heartbeat each half a second; quiet@flags has none, and neither mingles nor gossips.
"""
import sys
import uuid

from celery import Celery

sys.dont_write_bytecode = True
from support import Listening, Node, equal, until

COMMAND, BROKER = sys.argv[1:3]
app = Celery('checks', broker=BROKER, backend=BROKER)


def start(name, *options):
    return Node(app, name, [COMMAND, 'worker', '--broker', BROKER, '-n', name, '-Q', 'flags', *options])


seen = []
listening = Listening(app, seen.append)
fast = start('fast@flags', '--heartbeat-interval', '0.5')
revoked = str(uuid.uuid4())
fast.ask('revoke', task_id=revoked)
for _ in range(5):  # it waits a second for the others, which may be too short on a busy machine
    mingled = start('mingled@flags')
    if revoked in mingled.ask('revoked'):
        break
    mingled.end()
quiet = start('quiet@flags', '--without-heartbeat', '--without-mingle', '--without-gossip')
equal(mingled.ask('revoked'), [revoked])
equal(quiet.ask('revoked'), [])
vote = str(uuid.uuid4())
with app.connection_for_write() as c, app.events.Dispatcher(c, hostname='voter@flags') as told:
    told.send('worker-elect', id=vote, topic='topic', action=None, cver=1)


def heard(node, kind):
    return [e for e in list(seen) if e['hostname'] == node.name and e['type'] == kind]


until(lambda: all([e for e in heard(n, 'worker-elect-ack') if e['id'] == vote] for n in (fast, mingled)))
until(lambda: len(heard(fast, 'worker-heartbeat')) > 6)
equal({e['freq'] for e in heard(fast, 'worker-heartbeat')}, {0.5})
equal(heard(fast, 'worker-online')[0]['freq'], 0.5)
equal({e['freq'] for e in heard(mingled, 'worker-heartbeat')}, {2.0})
for node in (fast, mingled, quiet):
    equal(node.end(), 0)
until(lambda: heard(fast, 'worker-offline'))
equal([e['type'] for e in list(seen) if e['hostname'] == quiet.name], [])
listening.end()
