"""ferry control and ferry inspect with Celery's workers, in the words of Celery's own: control_verb_peer.py COMMAND BROKER"""
import json
import subprocess
import sys
import uuid

from celery import Celery

sys.dont_write_bytecode = True
from support import PATIENCE, celery_node, equal, until

COMMAND, BROKER = sys.argv[1:3]
app = Celery('checks', broker=BROKER)
own = str(uuid.uuid4())
SCALED, PLAIN = f'scaled-{own}@celery', f'plain-{own}@celery'
BACKEND = 'rpc://' if BROKER.startswith('amqp') else BROKER
nodes = [celery_node(app, SCALED, BROKER, BACKEND, '-Q', own, '--autoscale', '4,1'),
         celery_node(app, PLAIN, BROKER, BACKEND, '-Q', own)]


def says(verb, *words, of=PLAIN):
    """Each order is given once, and ends with the reply."""
    ran = subprocess.run([COMMAND, verb, *words, '-d', of, '-t', f'{PATIENCE}s', '--broker', BROKER], capture_output=True,
                         text=True)
    assert ran.returncode == 0 and not ran.stderr, (words, ran)
    return json.loads(ran.stdout)[of]


equal(says('control', 'autoscale', '3', '2', of=SCALED), {'ok': 'autoscale now max=3 min=2'})
equal(says('inspect', 'stats', of=SCALED)['autoscaler']['max'], 3)
equal(says('control', 'autoscale', '3', '2'), {'error': "ValueError('Autoscale not enabled')"})
equal(says('control', 'pool_grow', '1'), {'ok': 'pool will grow'})
until(lambda: len(says('inspect', 'stats')['pool']['processes']) == 3)
equal(says('control', 'pool_shrink', 'n=1'), {'ok': 'pool will shrink'})
equal(says('control', 'rate_limit', 'ferry.add', '10/m'), {'ok': 'new rate limit set successfully'})
equal(says('control', 'time_limit', 'ferry.add', '20', '30'), {'ok': 'time limits set successfully'})
info = says('inspect', 'registered', 'rate_limit', 'time_limit')
assert 'ferry.add [rate_limit=10/m time_limit=30]' in info, info
more = own + '.more'
equal(says('control', 'add_consumer', more), {'ok': 'add consumer ' + more})
equal(says('control', 'cancel_consumer', more), {'ok': 'no longer consuming from ' + more})
assert says('control', 'revoke', 'one', 'other')['ok'].endswith('flagged as revoked')
assert {'one', 'other'} <= set(says('inspect', 'revoked'))
equal(says('inspect', 'query_task', 'one', 'other'), {})
for node in nodes:
    equal(node.end(), 0)
