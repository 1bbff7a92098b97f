"""ferry control and ferry inspect with Celery's workers, in the words of Celery's own: control_verb_peer.py COMMAND BROKER"""
import json
import subprocess
import sys
import uuid

from celery import Celery

sys.dont_write_bytecode = True
from support import celery_node, equal, until

COMMAND, BROKER = sys.argv[1:3]
app = Celery('checks', broker=BROKER)
own = str(uuid.uuid4())
SCALED, PLAIN = f'scaled-{own}@celery', f'plain-{own}@celery'
nodes = [celery_node(app, SCALED, BROKER, 'rpc://' if BROKER.startswith('amqp') else BROKER, '-Q', own,
                     '--autoscale', '4,1'),
         celery_node(app, PLAIN, BROKER, 'rpc://' if BROKER.startswith('amqp') else BROKER, '-Q', own)]


def says(verb, *words, of=PLAIN):
    ran = subprocess.run([COMMAND, verb, *words, '-d', of, '-t', '2s', '--broker', BROKER], capture_output=True, text=True)
    assert ran.returncode in (0, 1) and not ran.stderr, (words, ran)
    return json.loads(ran.stdout).get(of)


def answers(wanted, verb, *words, of=PLAIN):
    """On a busy machine a reply may be late."""
    found = until(lambda: says(verb, *words, of=of))
    equal(found, wanted)


answers({'ok': 'autoscale now max=3 min=2'}, 'control', 'autoscale', '3', '2', of=SCALED)
equal(until(lambda: says('inspect', 'stats', of=SCALED))['autoscaler']['max'], 3)
answers({'error': "ValueError('Autoscale not enabled')"}, 'control', 'autoscale', '3', '2')
answers({'ok': 'pool will grow'}, 'control', 'pool_grow', '1')
until(lambda: len((says('inspect', 'stats') or {'pool': {'processes': []}})['pool']['processes']) == 3)
answers({'ok': 'pool will shrink'}, 'control', 'pool_shrink', 'n=1')
answers({'ok': 'new rate limit set successfully'}, 'control', 'rate_limit', 'ferry.add', '10/m')
answers({'ok': 'time limits set successfully'}, 'control', 'time_limit', 'ferry.add', '20', '30')
info = until(lambda: says('inspect', 'registered', 'rate_limit', 'time_limit'))
assert 'ferry.add [rate_limit=10/m time_limit=30]' in info, info
more = own + '.more'
answers({'ok': 'add consumer ' + more}, 'control', 'add_consumer', more)
answers({'ok': 'no longer consuming from ' + more}, 'control', 'cancel_consumer', more)
assert says('control', 'revoke', 'one', 'other')['ok'].endswith('flagged as revoked')
assert {'one', 'other'} <= set(until(lambda: says('inspect', 'revoked')))
equal(says('inspect', 'query_task', 'one', 'other'), {})
for node in nodes:
    equal(node.end(), 0)
