"""Gives the orders of Celery's programs to a worker in the test: options_peer.py BROKER NODE QUEUE before|after

The worker scales itself from 1 to 4, keeps a state file, and may restart its pool. It was started anew for `after`. Its
task options.doze takes a time, options.pid returns its process.
"""
import subprocess
import sys

from celery import Celery
from celery.exceptions import TaskRevokedError

sys.dont_write_bytecode = True
from support import PATIENCE, ask, equal, until, with_id

BROKER, NODE, QUEUE, PART = sys.argv[1:5]
app = Celery('checks', broker=BROKER, backend=BROKER)
app.conf.task_default_queue = QUEUE
S = app.send_task


def control(method, **arguments):
    return ask(app, NODE, method, **arguments)


def is_revoked(result):
    e = result.get(timeout=PATIENCE, propagate=False)
    assert isinstance(e, TaskRevokedError), repr(e)


def threads():
    return control('stats')['pool']['max-concurrency']


def before():
    equal(control('stats')['autoscaler'], {'max': 4, 'min': 1, 'current': 1, 'qty': 0})
    equal(control('stats')['prefetch_count'], 16)
    dozing = [S('options.doze', (5,)) for _ in range(4)]
    until(lambda: threads() == 4)
    equal([r.get(timeout=PATIENCE) for r in dozing], [5, 5, 5, 5])
    until(lambda: threads() == 1)
    ran = subprocess.run([sys.executable, '-m', 'celery', '-b', BROKER, 'control', '-d', NODE, 'autoscale', '3', '2'],
                         capture_output=True, text=True)
    assert ran.returncode == 0 and 'autoscale now max=3 min=2' in ran.stdout, ran
    until(lambda: threads() == 2)
    assert 'is not supported with autoscale' in control('pool_grow', n=1)['error']
    assert 'error' in control('autoscale', max=1, min=2)
    equal(threads(), 2)

    first = S('options.pid').get(timeout=PATIENCE)
    equal(control('pool_restart', modules=None, reload=False), {'ok': 'reload started'})
    until(lambda: S('options.pid').get(timeout=PATIENCE) != first)
    equal(S('options.doze', (0.01,)).get(timeout=PATIENCE), 0.01)

    reply = control('revoke_by_stamped_headers', headers={'customer': ['17']})
    equal(reply, {'ok': "headers {'customer': ['17']} flagged as revoked, but not terminated"})
    stamped = lambda stamp: {'stamped_headers': ['customer'], 'stamps': {'customer': stamp}}
    is_revoked(S('options.pid', headers=stamped(['17'])))
    is_revoked(S('options.pid', headers=stamped('17')))
    S('options.pid', headers=stamped(['18'])).get(timeout=PATIENCE)
    running = S('options.doze', (600,), headers=stamped(['19']))
    until(lambda: with_id(control('active'), running))
    reply = control('revoke_by_stamped_headers', headers=['customer=19'], terminate=True)['ok']
    assert running.id in reply, reply
    is_revoked(running)
    control('revoke', task_id='11111111-0000-4000-8000-000000000000')


def after():
    assert '11111111-0000-4000-8000-000000000000' in control('revoked')
    is_revoked(S('options.pid', task_id='11111111-0000-4000-8000-000000000000'))
    is_revoked(S('options.pid', headers={'stamped_headers': ['customer'], 'stamps': {'customer': ['17']}}))
    S('options.pid').get(timeout=PATIENCE)


until(lambda: app.control.inspect(destination=[NODE], timeout=1).ping())
{'before': before, 'after': after}[PART]()
