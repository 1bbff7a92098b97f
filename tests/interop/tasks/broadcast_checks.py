"""Celery's workers and ferry's listen to one Broadcast queue: broadcast_checks.py WORKER BROKER BACKEND"""
import sys
from collections import Counter

from celery import Celery
from kombu import Exchange

sys.dont_write_bytecode = True
from support import celery_node, equal, ferry_node, until

WORKER, BROKER, BACKEND = sys.argv[1:4]
NAME = 'news.of.all'
app = Celery('checks', broker=BROKER, backend=BACKEND)
app.conf.task_default_queue = 'news.own'
nodes = []
wanted = Counter()


def ferry(number):
    return ferry_node(app, WORKER, f'ferry{number}@news', BROKER=BROKER, BACKEND=BACKEND, QUEUE=f'news.ferry{number}',
                      BROADCAST=NAME)


def celery(number):
    return celery_node(app, f'celery{number}@news', BROKER, BACKEND, FERRY_QUEUE=f'news.celery{number}',
                       FERRY_BROADCAST=NAME)


def heard(node):
    return node.ask('stats')['total'].get('ferry.note', 0)


def all_hear(*but):
    for node in nodes:
        if node not in but:
            wanted[node] += 1
        until(lambda: heard(node) >= wanted[node], f'{node.name} hears {heard(node)} of {wanted[node]}')
        equal(heard(node), wanted[node])


def send():
    """Kombu knows what kind of exchange it is once it has declared it."""
    app.send_task('ferry.note', (1,), exchange=NAME, exchange_type='fanout', routing_key='celery',
                  declare=[Exchange(NAME, 'fanout')])


try:
    nodes += [ferry(1), celery(1), ferry(2), celery(2)]
    for node in nodes:
        queues = {q['alias'] or q['name']: q for q in node.ask('active_queues')}
        shown = queues[NAME]
        assert shown['name'].startswith('bcast.') and shown['auto_delete'], shown
        equal((shown['exchange']['name'], shown['exchange']['type'], shown['routing_key']), (NAME, 'fanout', 'celery'))
    for _ in range(3):
        send()
        all_hear()
    # A worker sends the next step. In Redis a process of Celery's does not know that this goes to all, and puts it into
    # lists, of which only ferry hears.
    celerys = [node for node in nodes if node.name.startswith('celery')]
    for node in nodes:
        note = app.signature('ferry.note').set(exchange=NAME, exchange_type='fanout', routing_key='celery')
        (app.signature('ferry.add', args=(1, 1), queue='news.' + node.name.split('@')[0]) | note)()
        deaf = BROKER.startswith('redis') and node in celerys
        all_hear(*(celerys if deaf else ()))
    # Who leaves takes its queue along, and the others go on.
    equal(nodes.pop(0).end(), 0)
    if BROKER.startswith('redis'):
        with app.connection_for_write() as c:
            table = c.default_channel.client.smembers('_kombu.binding.' + NAME)
            until(lambda: len(c.default_channel.client.smembers('_kombu.binding.' + NAME)) == 3, table)
    send()
    all_hear()
    for node in nodes:
        code = node.end()
        # kombu 5.2.4 fails when it leaves a fanout in Redis.
        if node not in celerys:
            equal(code, 0)
finally:
    for node in nodes:
        if node.process.poll() is None:
            node.process.kill()
