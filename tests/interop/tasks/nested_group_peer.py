"""What Celery's get() gives of groups within a group: nested_group_peer.py BROKER BACKEND QUEUE OTHER"""
import sys

from celery import Celery, chain, group

BROKER, BACKEND, ONE, OTHER = sys.argv[1:]
app = Celery('peer', broker=BROKER, backend=BACKEND)


def sig(queue, name, *args):
    return app.signature('ferry.' + name, args=args, queue=queue)


ends = group(sig(ONE, 'add', 1), sig(OTHER, 'mul', 2))
inner = group(chain(sig(OTHER, 'add', 1, 1), ends), sig(ONE, 'add', 3, 3))
print(inner.apply_async().get(timeout=90))
