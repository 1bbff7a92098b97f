"""Celery's own code at both ends of ferry's task messages.

make    prints messages as Celery builds them, a JSON list of {headers, properties, body}
read    reads such a list from standard input and prints what Celery's worker sees in each
"""
import json
import sys
from datetime import datetime, timezone
from unittest import mock

from celery import Celery, signature
from celery.utils.saferepr import saferepr
from celery.worker.request import Request
from kombu.message import Message
from kombu.serialization import dumps

app = Celery('peer', broker='memory://', set_as_current=False)


@app.task(name='ferry.add', bind=True)
def add(self, *args, **kwargs):
    return args, kwargs


def built(name, args, kwargs, **options):
    m = app.amqp.as_task_v2('0655d6f6-0d4b-4d6d-8d3c-4c2a1f6d4a10', name, args, kwargs, **options)
    content_type, encoding, body = dumps(m.body, 'json')
    return {'content-type': content_type, 'content-encoding': encoding, 'headers': m.headers,
            'properties': m.properties, 'body': body}


def make():
    when = datetime(2026, 11, 22, 6, 43, 47, 768636, tzinfo=timezone.utc)
    return [
        built('ferry.add', (2, 3), {}),
        built('ferry.add', (2,), {'y': "it's"}, eta=when, expires=when, retries=2, time_limit=30,
              soft_time_limit=20, reply_to='fcaa', root_id='r', parent_id='p', group_id='g',
              group_index=3, shadow='seen', ignore_result=True, origin='gen1@host',
              callbacks=[signature('ferry.mul', (10,))], errbacks=[signature('ferry.log')],
              chain=[signature('ferry.last')], chord=signature('ferry.xsum')),
        built('ferry.add', (None, True, -2**63, 2**70, 1e300, float('inf'), 'caf\u00e9\u0000\u65e5', [[]]), {}),
    ]


def seen(m):
    message = Message(body=m['body'], delivery_tag='1', content_type=m['content-type'],
                      content_encoding=m['content-encoding'], headers=m['headers'],
                      properties=m['properties'], delivery_info={}, channel=mock.Mock(), accept={'application/json'})
    r = Request(message, app=app, task=app.tasks['ferry.add'])
    args, kwargs, embed = message.payload
    return {
        'id': r.id, 'name': r.name, 'args': args, 'kwargs': kwargs, 'embed': embed,
        'retries': r.request_dict['retries'], 'root_id': r.root_id, 'parent_id': r.parent_id,
        'time_limits': r.time_limits, 'eta': r.eta and r.eta.astimezone(timezone.utc).isoformat(),
        'expires': r.expires and r.expires.astimezone(timezone.utc).isoformat(),
        'reply_to': r.reply_to, 'correlation_id': r.correlation_id,
        'argsrepr': r.argsrepr, 'kwargsrepr': r.kwargsrepr,
        'same_argsrepr': r.argsrepr == saferepr(tuple(args), 1024),
        'same_kwargsrepr': r.kwargsrepr == saferepr(kwargs, 1024),
        'header_names': sorted(m['headers']),
    }


if sys.argv[1] == 'make':
    print(json.dumps(make()))
else:
    print(json.dumps([seen(m) for m in json.load(sys.stdin)]))
