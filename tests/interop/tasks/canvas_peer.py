"""Prints, as JSON, what Celery makes of each canvas: its dictionary, and the messages that start it. Ids are replaced by
their number in the order in which they come; what is not the canvas's own (reply_to, options that are null) is left out."""
import json
import re

from celery import Celery, chain, chord, chunks, group, xmap, xstarmap

app = Celery('peer', broker='memory://', backend='cache+memory://', set_as_current=False)
sent = []
app.amqp.__dict__['send_task_message'] = lambda producer, name, message, **kwargs: sent.append(message)


def sig(name, *args, **options):
    return app.signature('ferry.' + name, args=args, **options)


linked = sig('add', 1, 1)
linked.link(sig('mul', 2))
linked.link_error(sig('log'))
canvases = {
    'call': sig('add', 1, 2),
    'immutable': sig('add', 1, 2, immutable=True),
    'linked': linked,
    'chain': chain(sig('add', 1, 2), sig('mul', 3), sig('mul', 4, 5, immutable=True)),
    'group': group(sig('add', 1, 1), sig('add', 2, 2)),
    'chord': chord([sig('add', 1, 1), sig('add', 2, 2)], sig('xsum')),
    'map': xmap(sig('xsum'), [[1, 2], [3]], app=app),
    'starmap': xstarmap(sig('add'), [[1, 2], [3, 4]], app=app),
    'chunks': chunks(sig('add'), [[1, 2], [3, 4], [5, 6]], 2, app=app),
    'group before a task': group(sig('add', 2, 1), sig('add', 3, 1)) | sig('xsum'),
    'group at the end': sig('add', 1, 1) | group(sig('add', 2), sig('add', 3)),
    'chain in a group': group(sig('add', 2, 1) | sig('mul', 3), sig('add', 3, 1)),
    'chain in a chord': chord([sig('add', 2, 1) | sig('mul', 3), sig('add', 3, 1)], sig('xsum')),
    'chord before a task': chord([sig('add', 1, 1), sig('add', 2, 2)], sig('xsum')) | sig('mul', 10),
}


def plain(v):
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items() if k != 'reply_to' and not (k in ('root_id', 'parent_id') and x is None)}
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    return v


def numbered(v):
    ids = {}
    text = json.dumps(plain(v), sort_keys=True)
    return json.loads(re.sub(r'[0-9a-f]{8}-[0-9a-f-]{27}', lambda m: ids.setdefault(m[0], f'id{len(ids)}'), text))


result = {}
for name, canvas in canvases.items():
    dictionary = json.loads(json.dumps(canvas))
    sent.clear()
    canvas.apply_async()
    messages = [{'task': m.headers['task'], 'id': m.headers['id'], 'group': m.headers['group'],
                 'group_index': m.headers['group_index'], 'body': m.body} for m in sent]
    result[name] = {'dictionary': dictionary, 'messages': numbered(json.loads(json.dumps(messages)))}
print(json.dumps(result))
