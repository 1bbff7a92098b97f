"""Gives the orders of Celery's programs to a worker in the test: options_peer.py BROKER NODE QUEUE before|after

The worker scales itself from 1 to 4, keeps a state file, and may restart its pool. It was started anew for `after`. Its
task options.doze takes a time, options.pid returns its process.
"""
import subprocess
import sys
import time

from celery import Celery
from celery.exceptions import TaskRevokedError

BROKER, NODE, QUEUE, PART = sys.argv[1:5]
app = Celery('checks', broker=BROKER, backend=BROKER)
app.conf.task_default_queue = QUEUE
S = app.send_task


def control(method, **arguments):
    replies = app.control.broadcast(method, arguments=arguments, reply=True, timeout=3, destination=[NODE])
    assert len(replies) == 1 and list(replies[0]) == [NODE], replies
    return replies[0][NODE]


def equal(got, wanted):
    assert got == wanted, f'{got!r} is not {wanted!r}'


def until(predicate, seconds=15):
    end = time.time() + seconds
    while time.time() < end:
        if predicate():
            return
        time.sleep(0.05)
    raise AssertionError('it did not come to pass')


def is_revoked(result):
    e = result.get(timeout=15, propagate=False)
    assert isinstance(e, TaskRevokedError), repr(e)


def threads():
    return control('stats')['pool']['max-concurrency']


def before():
    equal(control('stats')['autoscaler'], {'max': 4, 'min': 1, 'current': 1, 'qty': 0})
    equal(control('stats')['prefetch_count'], 16)
    dozing = [S('options.doze', (2,)) for _ in range(4)]
    until(lambda: threads() == 4)
    equal([r.get(timeout=15) for r in dozing], [2, 2, 2, 2])
    until(lambda: threads() == 1)
    ran = subprocess.run([sys.executable, '-m', 'celery', '-b', BROKER, 'control', '-d', NODE, 'autoscale', '3', '2'],
                         capture_output=True, text=True)
    assert ran.returncode == 0 and 'autoscale now max=3 min=2' in ran.stdout, ran
    until(lambda: threads() == 2)
    assert 'is not supported with autoscale' in control('pool_grow', n=1)['error']
    assert 'error' in control('autoscale', max=1, min=2)
    equal(threads(), 2)

    first = S('options.pid').get(timeout=15)
    equal(control('pool_restart', modules=None, reload=False), {'ok': 'reload started'})
    until(lambda: S('options.pid').get(timeout=15) != first)
    equal(S('options.doze', (0.01,)).get(timeout=15), 0.01)

    reply = control('revoke_by_stamped_headers', headers={'customer': ['17']})
    equal(reply, {'ok': "headers {'customer': ['17']} flagged as revoked, but not terminated"})
    stamped = lambda stamp: {'stamped_headers': ['customer'], 'stamps': {'customer': stamp}}
    is_revoked(S('options.pid', headers=stamped(['17'])))
    is_revoked(S('options.pid', headers=stamped('17')))
    S('options.pid', headers=stamped(['18'])).get(timeout=15)
    running = S('options.doze', (30,), headers=stamped(['19']))
    until(lambda: [r for r in control('active') if r['id'] == running.id])
    reply = control('revoke_by_stamped_headers', headers=['customer=19'], terminate=True)['ok']
    assert running.id in reply, reply
    is_revoked(running)
    control('revoke', task_id='11111111-0000-4000-8000-000000000000')


def after():
    assert '11111111-0000-4000-8000-000000000000' in control('revoked')
    is_revoked(S('options.pid', task_id='11111111-0000-4000-8000-000000000000'))
    is_revoked(S('options.pid', headers={'stamped_headers': ['customer'], 'stamps': {'customer': ['17']}}))
    S('options.pid').get(timeout=15)


for _ in range(40):
    if app.control.inspect(destination=[NODE], timeout=0.5).ping():
        break
{'before': before, 'after': after}[PART]()
