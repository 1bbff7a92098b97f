"""Celery's worker and ferry's are asked the same: likeness_checks.py WORKER BROKER BACKEND

Whatever a caller sees must be the same: results, their documents in Redis, and how they hang together. Prints what
differs.
"""
import difflib
import json
import os
import re
import sys
import time
import uuid
from datetime import datetime, timedelta

from celery import Celery, chain, chord, chunks, group, xmap, xstarmap
from celery.exceptions import ChordError
from celery.result import GroupResult, result_from_tuple
from kombu import Connection, Exchange, Producer

sys.dont_write_bytecode = True
from support import PATIENCE, celery_node, equal, ferry_node, until, with_id

WORKER, BROKER, BACKEND = sys.argv[1:4]
SERIALIZERS = ('json', 'pickle', 'yaml', 'msgpack')
questions = []


def question(f):
    questions.append(f)
    return f


class Side:
    """One of the two, with a queue of its own, which its callers and its canvases use."""

    def __init__(self, kind):
        self.queue = f'of.{kind}'
        self.app = Celery(kind, broker=BROKER, backend=BACKEND)
        self.app.conf.task_default_queue = self.queue
        name = f'{kind}@likeness'
        if kind == 'ferry':
            self.node = ferry_node(self.app, WORKER, name, BROKER=BROKER, BACKEND=BACKEND, QUEUE=self.queue)
        else:
            self.node = celery_node(self.app, name, BROKER, BACKEND, FERRY_QUEUE=self.queue)

    def s(self, name, *args, **kwargs):
        return self.app.signature('ferry.' + name, args=args, kwargs=kwargs)

    def si(self, name, *args):
        return self.app.signature('ferry.' + name, args=args, immutable=True)

    def send(self, name, *args, **options):
        return self.app.send_task('ferry.' + name, args, **options)

    def end_of(self, result):
        """What came of it, or of what goes before it: Celery shows whatever failure it sees first, and may never see that
        of a later step, so the failure of a part counts for its chord. Celery's own get() may miss what comes while it
        begins to listen; to look again and again misses nothing."""
        before = [result]
        while before[0].parent:
            before.insert(0, before[0].parent)
        until(lambda: result.ready() or any(map(self.is_lost, before)), f'{self.node.name}: {result!r} does not end')
        try:
            for r in before:
                r.maybe_throw()
            return self.value_of(result)
        except Exception as e:
            shown = f'{type(e).__name__}({", ".join(map(repr, e.args))})'
            part = isinstance(e, ChordError) and re.match(r'Dependency \S+ raised (.*)', e.args[0], re.DOTALL)
            return 'failed: ' + (part[1] if part else shown)

    def is_lost(self, result):
        if isinstance(result, GroupResult):
            return any(map(self.is_lost, result))
        return result.state in ('FAILURE', 'REVOKED')

    def value_of(self, result):
        return [self.value_of(r) for r in result] if isinstance(result, GroupResult) else result.result

    def end_of_id(self, task_id):
        return self.end_of(self.app.AsyncResult(task_id))

    def document(self, task_id):
        self.end_of_id(task_id)
        found = json.loads(self.app.backend.client.get('celery-task-meta-' + task_id))
        found['date_done'] = type(found['date_done']).__name__
        lines = (found.pop('traceback') or '').splitlines()
        if lines and 'nosuch' not in str(found['result']):  # of what is unknown Celery has none
            found['traceback'] = [lines[0], lines[-1]]
        return found

    def publish(self, body, **headers):
        with Connection(BROKER) as c:
            Producer(c).publish(body, headers=headers, routing_key=self.queue, serializer='json')


@question
def canvases(side):
    """All but those that Celery itself does not bring to an end."""
    s, si = side.s, side.si
    add, mul, xsum, echo = (lambda *a, n=n: s(n, *a) for n in ('add', 'mul', 'xsum', 'echo'))
    pairs = [(1, 2), (3, 4), (5, 6)]
    many = {
        'chain': add(1, 2) | mul(3) | add(4),
        'chain of chains': chain(add(1, 1) | add(2), add(3) | mul(2)),
        'keywords': s('add', x=1, y=2) | s('add', y=5),
        'immutable': add(1, 1) | si('add', 5, 5) | mul(2),
        'immutable members': add(1, 1) | group(si('add', 5, 5), si('mul', 5, 5)) | xsum(),
        'immutable body': chord([add(1, 1), add(2, 2)], si('add', 7, 7)),
        'group at the end': add(1, 1) | group(add(1), mul(2)),
        'group, task': group(add(1, 1), add(2, 2)) | xsum(),
        'group, group': group(add(1, 1), add(2, 2)) | group(echo(), xsum()),
        'group, task, group, task': add(1, 1) | group(add(1), add(2)) | xsum() | group(add(3), mul(3)) | xsum(),
        'group of chains': group(add(1, 1) | mul(2), add(3, 3) | mul(3)),
        'group of groups': group(group(add(1, 1), add(2, 2)), add(3, 3)),
        'chain with a group in a group': group(add(1, 1) | group(add(1), add(2)), add(3, 3)),
        'group of chords': group(chord([add(1, 1), add(2, 2)], xsum()), chord([add(1, 1), add(5, 2)], xsum())),
        'chord of chains': chord([add(1, 1) | mul(2), add(3, 3) | mul(3)], xsum()),
        'chord, body a chain': chord([add(1, 1), add(3, 3)], xsum() | mul(10) | add(1)),
        'chord, body a group': chord([add(1, 1), add(3, 3)], group(xsum(), echo())),
        'chord, body a chord': chord([add(1, 1), add(3, 3)], chord([xsum(), xsum()], xsum())),
        'chord of a chord': chord([chord([add(1, 1), add(2, 2)], xsum()), add(3, 3)], xsum()),
        'chord of a group': chord([group(add(1, 1), add(2, 2)), add(3, 3)], echo()),
        'chord of one': chord([add(1, 1)], xsum()),
        'chord of a chain with a group': chord([add(1, 1) | group(add(1), add(2)), add(3, 3)], echo()),
        'chord of groups one after another': chord([group(add(1, 1), add(1, 2)) | group(xsum(), echo()), add(3, 3)], echo()),
        'chord of none': chord([], xsum()),
        'chord, task': chord([add(1, 1), add(2, 2)], xsum()) | mul(3),
        'chord, group': chord([add(1, 1), add(2, 2)], xsum()) | group(mul(3), add(4)),
        'chord, chord': chord([add(1, 1), add(2, 2)], xsum()) | chord([add(1), add(2)], xsum()),
        'task, chord, task': add(1, 1) | chord([add(1), add(2)], xsum()) | mul(2),
        'group in a group in a chain': add(1, 1) | group(group(add(1), add(2)), add(3)) | xsum(),
        'deep': add(1, 1) | group(add(1) | group(add(1), add(2)) | xsum(), mul(2)) | xsum() | mul(10),
        'deeper': group(add(1, 1) | group(add(1), add(2) | group(add(1), add(2)) | xsum()) | xsum(), add(9, 9)) | xsum(),
        'map': xmap(xsum(), [[1, 2], [3]]),
        'starmap': xstarmap(add(), pairs),
        'starmap in a chain': xstarmap(add(), pairs) | xsum(),
        'maps in a chord': chord([xmap(xsum(), [[1], [2]]), xstarmap(add(), [(1, 2)])], echo()),
        'map of what fails': xmap(s('fail'), ['bad', 'worse']),
        'chunks': chunks(add(), pairs, 2),
        'chunks, task': chunks(add(), pairs, 2).group() | echo(),
        'a step fails': add(1, 1) | si('fail', 'step') | mul(2),
        'a member fails': group(add(1, 1), s('fail', 'member')),
        'a part fails': chord([add(1, 1), s('fail', 'part')], xsum()),
        'a body fails': chord([add(1, 1), add(1, 2)], si('fail', 'body')),
        'a chain in a chord fails': chord([add(1, 1) | si('fail', 'inside') | mul(2), add(3, 3)], xsum()),
        'a chord in a chord fails': chord([chord([add(1, 1), s('fail', 'inside')], xsum()), add(3, 3)], xsum()),
        'a part is unknown': chord([add(1, 1), s('nosuch')], xsum()),
        'a body is unknown': chord([add(1, 1), add(2, 2)], s('nosuch')),
        'a step is unknown': add(1, 1) | s('nosuch') | mul(2),
        'a part lacks arguments': chord([add(1, 1), add(1)], xsum()),
        'a part is tried again': chord([s('retry_n', 1), add(2, 2)], xsum()),
        'a step is tried again': s('retry_n', 1) | mul(5),
        'a part is given up': chord([s('retry_n', 7), add(2, 2)], xsum()),
        'a part is too late': chord([add(1, 1).set(countdown=4, expires=3), add(2, 2)], xsum()),
        'a step is too late': add(1, 1).set(countdown=4, expires=3) | mul(2),
        'a part takes too long': chord([s('sleep', 60).set(time_limit=1), add(2, 2)], xsum()),
        'a step crashes': s('crash') | mul(2),
        'a part crashes': chord([s('crash'), add(2, 2)], xsum()),
        'a step waits': add(1, 1) | mul(2).set(countdown=0.3),
    }
    call = lambda canvas: canvas() if isinstance(canvas, chord) else canvas.apply_async()
    return {name: side.end_of(call(canvas)) for name, canvas in many.items()}


@question
def replacements(side):
    """Tasks that let others take their place, and chords that grow."""
    s, si = side.s, side.si
    swap = lambda call: s('swap', call)
    after = lambda call: si('swap', call)
    add, mul, xsum, echo = (lambda *a, n=n: s(n, *a) for n in ('add', 'mul', 'xsum', 'echo'))
    pair = group(add(1, 1), add(2, 2))
    many = {
        'by a task': swap(add(1, 2)),
        'by what is replaced': swap(swap(add(1, 2))),
        'by a chain': swap(add(1, 2) | mul(3)),
        'by a group': swap(pair),
        'by a group of one': swap(group(add(1, 1))),
        'by a chord': swap(chord([add(1, 1), add(2, 2)], xsum())),
        'by a chain with a chord': swap(add(1, 1) | group(add(1), add(2)) | xsum()),
        'by what fails': swap(s('fail', 'no')),
        'by what is tried again': swap(s('retry_n', 1)),
        'by what is no signature': swap({'task': 'ferry.add', 'args': [1, 2], 'kwargs': {}, 'options': {}}),
        'by what is in a chord': swap(add(1, 2).set(chord=xsum())),
        'first of a chain': swap(add(1, 2)) | mul(3),
        'in a chain': add(1, 1) | after(add(1, 2)) | mul(3),
        'last of a chain': add(1, 1) | after(add(1, 2)),
        'in a chain, by a chain': add(1, 1) | after(add(1, 2) | mul(5)) | mul(3) | add(1),
        'in a chain, by a group': add(1, 1) | after(pair) | xsum() | mul(2),
        'in a chain, by a chord': add(1, 1) | after(chord([add(1, 1), add(2, 2)], xsum())) | mul(2),
        'in a chain, by what fails': swap(s('fail', 'no')) | mul(3) | mul(4),
        'in a chain, before a group': swap(add(1, 2)) | group(add(1), mul(2)),
        'in a group': group(swap(add(1, 2)), add(3, 3)),
        'in a group, by a chain': group(swap(add(1, 2) | mul(2)), add(3, 3)),
        'in a header': chord([swap(add(1, 2)), add(3, 3)], xsum()),
        'in a header, by a chain': chord([swap(add(1, 2) | mul(2)), add(3, 3)], xsum()),
        # Celery gives all members the place of what they replace: they come in any order.
        'in a header, by a group': chord([swap(group(add(2, 2), add(2, 2))), add(3, 3)], echo()),
        'in a header, by a chord': chord([swap(chord([add(1, 1), add(2, 2)], xsum())), add(3, 3)], xsum()),
        'in a header, by what fails': chord([swap(s('fail', 'no')), add(3, 3)], xsum()),
        'in a header, in a chain': chord([add(1, 1) | after(add(1, 2)) | mul(2), add(3, 3)], echo()),
        'in a body': chord([add(1, 1), add(2, 2)], after(add(1, 2))),
        'in a body, by a group': chord([add(1, 1), add(2, 2)], after(pair)) | xsum(),
        'more parts': chord([s('extend', add(5, 5), 1), add(2, 2)], xsum()),
        'more parts by all': chord([s('extend', add(5, 5), 1), s('extend', add(6, 6), 2)], xsum()),
        'a part more that is a chain': chord([s('extend', add(5, 5) | mul(2), 1), add(2, 2)], xsum()),
        'a part more that is replaced': chord([s('extend', swap(add(5, 5)), 1), add(2, 2)], xsum()),
        'a part more that adds one': chord([s('extend', s('extend', add(5, 5), 3), 1), add(2, 2)], xsum()),
        'a part more that fails': chord([s('extend', s('fail', 'late'), 1), add(2, 2)], xsum()),
    }
    found = {}
    for name, canvas in many.items():
        found[name] = side.end_of(canvas() if isinstance(canvas, chord) else canvas.apply_async())
    for name, call in ('linked', add(1, 2)), ('linked to a chain', add(1, 2) | mul(2)), ('linked to a group', pair):
        linked = str(uuid.uuid4())
        side.send('swap', call, link=s('echo').set(task_id=linked))
        found[name] = side.end_of_id(linked)
    for name, call in ('error link', s('fail', 'no')), ('error link of a chain', add(1, 1) | si('fail', 'no')):
        linked = str(uuid.uuid4())
        failed = side.send('swap', call, link_error=s('note').set(task_id=linked))
        found[name] = [side.end_of(failed), failed.id, side.end_of_id(linked)]
    alone = side.send('extend', add(1, 1), 2)
    found['no chord'] = type(alone.get(timeout=PATIENCE, propagate=False)).__name__
    by_a_group = side.send('swap', pair)
    found['documents'] = [sorted(side.document(r.id).items()) for r in (side.send('swap', add(1, 2)), by_a_group)]
    return found


@question
def parts_that_cannot_be_read(side):
    """Something else stands in Redis in a part's place."""
    store, found = side.app.backend, []
    for other in (b'nothing', b'[1]', b'[1, "x", "SUCCESS"', b'\xff'):
        parts, body, told = (str(uuid.uuid4()) for _ in range(3))
        store.client.set(store.get_key_for_group(parts, '.s'), 2)
        store.client.zadd(store.get_key_for_group(parts, '.j'), {other: 0})
        last = side.s('xsum').set(task_id=body, link_error=[side.si('note', 'told').set(task_id=told)])
        side.send('add', 1, 1, group_id=parts, group_index=1, chord=dict(last))
        found += ['ChordError' in side.end_of_id(body), 'Join error: ' in side.end_of_id(body), side.end_of_id(told)]
    return found


@question
def links_of_workflows(side):
    """Chains that are linked as a whole, where a worker starts them: as callbacks and bodies."""
    s, si = side.s, side.si
    add, mul, xsum = (lambda *a, n=n: s(n, *a) for n in ('add', 'mul', 'xsum'))
    bad = si('fail', 'x')
    parts, broken = [add(1, 1), add(2, 2)], [add(1, 1), s('fail', 'x')]
    many = {
        'callback': lambda called: side.send('add', 1, 2, link=chain(mul(10), add(1)).set(link=[called])),
        'failing callback': lambda called: side.send('add', 1, 2, link=chain(mul(10), bad).set(link_error=[called])),
        'errors of a chain': lambda called: chain(add(1, 1), bad, add(1)).on_error(called)(),
        'errors of a chord': lambda called: chord(broken, xsum()).on_error(called)(),
        'errors of a body': lambda called: chord(broken, xsum().on_error(called))(),
        'errors before a body': lambda called: chord(broken, chain(xsum(), mul(2)).on_error(
            si('note', 'body').set(task_id=called.options['task_id'])))(),
        'errors in a body': lambda called: chord(parts, chain(xsum(), bad).on_error(called))(),
        'body': lambda called: chord(parts, chain(xsum(), mul(2)).set(link=[called]))(),
        'priority of a chain': lambda called: side.send('add', 1, 2, link=chain(called, mul(2)).set(priority=3)),
        'time of a group': lambda called: side.send('add', 1, 2, link=group(called, mul(2)).set(countdown=0.1)),
        'time of a chord': lambda called: side.send('add', 1, 2, link=chord([add(1), add(2)], called).set(countdown=0.1)),
    }
    found = {}
    for name, send in many.items():
        one = str(uuid.uuid4())
        found[name] = side.end_of(send(s('note').set(task_id=one))), side.end_of_id(one)
    # Celery does not know the id of such a body: it says why it could not store that, unless the part's error is seen first.
    assert found['errors before a body'][0].startswith('failed: ')
    found['errors before a body'] = found['errors before a body'][1]
    return found


@question
def canvases_in_other_serializers(side):
    """Pickled signatures are objects of Celery's own; of a chord either part may be the one that ends last. Celery itself
    cannot write a canvas inside of another but as a pickle."""
    pickled = lambda name, *args: side.s(name, *args).set(serializer='pickle')
    members = group(pickled('add', 1), pickled('add', 2))
    found = [side.end_of((pickled('add', 1, 2) | pickled('mul', 4) | members | pickled('xsum'))())]
    for one in ('pickle', 'msgpack'):
        s = lambda name, *args: side.s(name, *args).set(serializer=one)
        for _ in range(5):
            found.append(side.end_of(chord([s('add', 1, 2), s('add', 3, 4)])(s('xsum') | s('mul', 2))))
        found.append(side.end_of(xstarmap(s('add'), [(1, 2)]).set(serializer=one).apply_async()))
        linked = str(uuid.uuid4())
        side.send('add', 1, 2, serializer=one, link=s('mul', 10).set(task_id=linked))
        found.append(side.end_of_id(linked))
    return found


@question
def documents(side):
    chained = (side.s('add', 1, 2) | side.s('mul', 3) | side.s('add', 4))()
    broken = (side.s('add', 1, 2) | side.si('fail', 'x') | side.s('add', 4) | side.s('mul', 4))()
    members = group(side.s('add', 1, i) for i in range(3))()
    parts = chord([side.s('add', 1, i) for i in range(3)])(side.s('xsum'))
    failed = chord([side.s('add', 1, 1), side.s('fail', 'bad')])(side.s('xsum'))
    linked = str(uuid.uuid4())
    first = side.send('add', 1, 2, link=side.s('mul', 10).set(task_id=linked))
    several = side.send('add', 1, 2, link=[side.s('mul', 10), side.s('add', 4)])
    mixed = side.send('add', 1, 2, link=[side.s('mul', 10), group(side.s('mul', 3), side.s('mul', 4)),
                                         side.s('add', 4) | side.s('mul', 2),
                                         chord([side.s('add', 1), side.s('add', 2)], side.s('xsum'))])
    step = (side.s('add', 1, 2) | group(side.s('mul', 2), side.s('add', 4) | side.s('mul', 3)))()
    one = side.send('add', 1, 2, link=group(side.s('mul', 2)))
    chorded = (side.s('add', 1, 2) | group(side.s('mul', 2), side.s('add', 4)) | side.s('xsum'))()
    bad = side.send('fail', 'x', link_error=[side.s('note'), side.s('note')])
    singles = [side.send('add', 2, 3), side.send('fail', 'boom'), side.send('retry_n', 2), side.send('nosuch'),
               side.send('retry_n', 9), side.send('add', 1, 1, countdown=4, expires=3), first]
    chains = [chained, chained.parent, chained.parent.parent, broken, broken.parent, broken.parent.parent]
    all_of = singles + chains + members.results + [parts] + parts.parent.results + [failed] + failed.parent.results
    all_of += [several, mixed, step.parent, one, chorded.parent.parent, bad]
    found = [side.document(r.id) for r in all_of] + [side.document(linked)]
    for r in several, mixed, step.parent, chorded.parent.parent:
        found.append({'children': [side.end_of(child) for child in r.children]})
    for d in found:
        if d.get('result') == 6:  # its parent is the part that ended last
            d['parent_id'] = type(d['parent_id']).__name__
    return [sorted(d.items()) for d in found]


@question
def values(side):
    plain = [None, True, 2**70, -2**70, 1e308, 1e-320, -0.0, '', 'é日𝄞\u2028', {}, [], {'': 1}, [[[[[1]]]]], 1.0, 1e22]
    nested = []
    for _ in range(150):
        nested = [nested]
    found = [repr(side.end_of(side.send('echo', v))) for v in plain + [nested, float('inf'), float('nan')]]
    dates = [datetime(2020, 1, 2, 3, 4, 5, 6), uuid.UUID(int=5)]
    found += [side.end_of(side.send('echo', v, serializer=one)) for v in dates for one in ('json', 'pickle')]
    text = 'z' * 3000 + 'é'
    for one in SERIALIZERS:
        for packed in (None, 'zlib', 'gzip', 'bzip2', 'lzma'):
            sent = side.send('echo', text, 5, 0.5, None, [1], {'a': True}, serializer=one, compression=packed)
            found.append(side.end_of(sent))
    return found


@question
def halves_of_pairs(side):
    """Texts with a surrogate that lacks its other half: Python's may have them, though UTF-8 has not."""
    half, found = 'a\ud800b', []
    for one in ('json', 'pickle', 'yaml'):
        send = lambda name, *args, **options: side.send(name, *args, serializer=one, **options)
        s = lambda name, *args: side.s(name, *args).set(serializer=one)
        sent = [send('echo', half, [half], {half: '\\ud800 \udfff'}), send('echo', half, compression='zlib'),
                send('fail', half), send('nosuch', half), send('add', half, half)]
        if one != 'yaml':  # which has no canvases
            sent += [(s('echo', half) | s('echo', '\udfff'))(), chord([s('echo', half), s('note', half)])(s('echo'))]
        found += [side.end_of(r) for r in sent]
        found.append(side.end_of(send('echo', half, countdown=0.5)))
        later = send('echo', half, countdown=600)
        found.append(until(lambda: with_id(side.node.ask('scheduled'), later))[0]['request']['args'])
        later.revoke()
    found += [side.end_of(side.send('add', '\ud83d', '\ude00')), side.document(side.send('fail', half).id),
              side.end_of(side.send('swap', side.s('echo', half)))]
    return [repr(one) for one in found]


@question
def results_that_json_cannot_say(side):
    found = []
    for one, v in (('pickle', b'\x00'), ('msgpack', {'k': [b'x']}), ('yaml', b'y'), ('pickle', [{1}]), ('yaml', {1})):
        linked, told = str(uuid.uuid4()), str(uuid.uuid4())
        more = {} if one == 'yaml' else dict(link=side.s('note').set(task_id=linked), link_error=side.s('note').set(task_id=told))
        sent = side.send('echo', v, serializer=one, **more)
        document = side.document(sent.id)
        document.pop('traceback')  # Celery's shows the error within the error
        found.append(sorted(document.items()))
        if more:
            found += [side.app.AsyncResult(linked).state, side.end_of_id(told)]
            found.append(side.end_of((side.s('echo', v).set(serializer=one) | side.s('note'))()))
    return found


@question
def old_messages(side):
    """Protocol 1, written by hand and by Celery."""
    past, soon = (datetime.utcnow() + timedelta(seconds=s) for s in (-5, 0.5))
    found = []
    for more in ({}, {'utc': True, 'eta': soon.isoformat()}, {'expires': past.isoformat()}, {'timelimit': [60, None]},
                 {'taskset': 'group'}, {'retries': 2}, {'callbacks': []}, {'unknown': 1}):
        task_id = str(uuid.uuid4())
        side.publish(dict(task='ferry.add', id=task_id, args=[2, 3], kwargs={}, **more))
        found.append(side.end_of_id(task_id))
    linked = str(uuid.uuid4())
    side.publish(dict(task='ferry.add', id=str(uuid.uuid4()), args=[2, 3], kwargs={},
                      callbacks=[dict(side.s('mul', 10).set(task_id=linked))]))
    found.append(side.end_of_id(linked))
    side.app.conf.task_protocol = 1
    sent = [(side.s('add', 1, 2) | side.s('mul', 2))(), group(side.s('add', 1, i) for i in range(3))(),
            chord([side.s('add', 1, 1), side.s('add', 2, 2)])(side.s('xsum')), side.send('retry_n', 1),
            side.send('add', 1, 1, serializer='pickle', compression='zlib'), side.send('fail', 'x')]
    side.app.conf.task_protocol = 2
    return found + [side.end_of(r) for r in sent]


@question
def handles(side):
    """What is done with results."""
    r = group(side.s('add', i, i) for i in range(4))()
    r.save()
    until(r.ready)
    saved = GroupResult.restore(r.id, app=side.app)
    found = [side.end_of(saved), saved.successful(), saved.completed_count(), saved.failed(), len(saved)]
    found.append(side.end_of(result_from_tuple(json.loads(json.dumps(r.as_tuple())), app=side.app)))
    saved.delete()
    found.append(GroupResult.restore(r.id, app=side.app))
    r.forget()
    found += [one.state for one in r]
    tree = (side.s('add', 1, 2) | side.s('mul', 3) | group(side.s('add', 1), side.s('add', 2)) | side.s('xsum'))()
    found.append(side.end_of(tree))
    first = tree
    while first.parent:
        first = first.parent
    found.append(sorted(v for _, v in first.collect() if isinstance(v, int)))
    pair = (side.s('add', 1, 2) | side.s('mul', 3))()
    found += [side.end_of(pair), pair.parent.get_leaf(), len(pair.parent.children)]
    ids = [f'{side.queue}-{text}' for text in ('1', 'é', 'a b/c:', 'x' * 100)]
    return found + [side.end_of(side.send('add', 1, i, task_id=one)) for i, one in enumerate(ids)]


@question
def revocation(side):
    waiting = [side.send('add', 1, 1, countdown=10) for _ in range(2)]
    step = (side.s('add', 1, 1).set(countdown=10) | side.s('mul', 2))()
    part = chord([side.s('add', 1, 1).set(countdown=10), side.s('add', 1, 1)])(side.s('xsum'))
    gone = waiting + [step.parent, part.parent.results[0]]
    for r in gone:
        r.revoke()
    until(lambda: {r.id for r in gone} <= set(side.node.ask('revoked')))
    found = [side.end_of(r) for r in waiting + [step, part]]
    for how in (dict(), dict(signal='SIGKILL')):
        running = side.send('sleep', 600)
        until(lambda: with_id(side.node.ask('active'), running))
        running.revoke(terminate=True, **how)
        found.append(side.end_of(running))
    return found


def sent_through(side, exchange, kind, key):
    """A task that runs long, once it is at work or sure to be. With Redis, Celery's worker says that it consumes from a
    fanout a moment before it does, and what is told to all meanwhile is lost."""
    send = lambda: side.app.send_task('ferry.sleep', (600,), exchange=exchange, exchange_type=kind, routing_key=key,
                                      declare=[Exchange(exchange, kind)])
    if kind != 'fanout':
        return send()

    def heard():
        running, end = send(), time.time() + 15
        while time.time() < end:
            if with_id(side.node.ask('active'), running):
                return running
            time.sleep(0.05)
    return until(heard)


@question
def other_exchanges(side):
    """A queue that is bound to an exchange of another name, by remote control."""
    found = []
    for kind, key, sent_with in (('direct', 'k1', 'k1'), ('topic', 'a.#', 'a.b.c'), ('fanout', 'x', 'x')):
        exchange, queue = (f'{what}.{kind}.{side.queue}' for what in ('exchange', 'queue'))
        found.append(side.node.ask('add_consumer', queue=queue, exchange=exchange, exchange_type=kind, routing_key=key))
        until(lambda: [q for q in side.node.ask('active_queues') if q['name'] == queue])
        shown = [q for q in side.node.ask('active_queues') if q['name'] == queue][0]
        found += [shown['exchange'], shown['routing_key'] if key else None]
        running = sent_through(side, exchange, kind, sent_with)
        came = until(lambda: with_id(side.node.ask('active'), running))[0]['delivery_info']
        found.append((came['exchange'], came['routing_key']))
        running.revoke(terminate=True)
        found += [side.end_of(running), side.node.ask('cancel_consumer', queue=queue)]
    return found


@question
def steps_through_exchanges(side):
    """The second step of a chain, and a body, say where they go. A process of Celery's does not know of what type an
    exchange is in Redis."""
    found = []
    for kind, key in (('direct', 'k'), ('topic', 'a.*'))[:1 if BROKER.startswith('redis') else 2]:
        exchange, queue = f'steps.{kind}.{side.queue}', f'of.steps.{kind}.{side.queue}'
        side.node.ask('add_consumer', queue=queue, exchange=exchange, exchange_type=kind, routing_key=key)
        sent = key.replace('*', 'b')
        for options in (dict(exchange=exchange, routing_key=sent), dict(exchange=exchange, exchange_type=kind, routing_key=sent),
                        dict(routing_key=sent), dict(exchange=exchange), dict(queue=side.queue, routing_key=sent)):
            last = side.si('sleep', 600).set(**options)
            for canvas in (side.s('add', 1, 1) | last, chord([side.s('add', 1, 1), side.s('add', 1, 2)], last)):
                running = canvas() if isinstance(canvas, chord) else canvas.apply_async()
                came = until(lambda: with_id(side.node.ask('active'), running))[0]['delivery_info']
                found.append((options, came['exchange'], came['routing_key']))
                running.revoke(terminate=True)
                side.end_of(running)
        side.node.ask('cancel_consumer', queue=queue)
    return found


def told(answer, side):
    """Without what must differ: ids, names, job numbers. Celery calls its functions by their names there."""
    ids = {}
    text = json.dumps(answer, default=repr, ensure_ascii=False, indent=1)
    text = re.sub('[-0-9a-f]{36}', lambda m: ids.setdefault(m[0], f'id{len(ids)}'), text)
    text = re.sub(r'Job: \d+', 'Job: 1', text).replace('ferry.add()', 'add()')
    return text.replace(side.queue, 'QUEUE').replace(side.node.name, 'NODE').splitlines()


sides = [Side('celery'), Side('ferry')]
wrong = 0
try:
    wanted = os.environ.get('CHECKS')
    for ask in questions:
        if wanted and ask.__name__ not in wanted.split(','):
            continue
        answers = []
        for side in sides:
            side.app.set_current()
            answers.append(told(ask(side), side))
        same = answers[0] == answers[1]
        print('ok' if same else 'DIFFERS', ask.__name__, flush=True)
        if not same:
            wrong += 1
            print(*difflib.unified_diff(*answers, 'Celery', 'ferry', lineterm='', n=12), sep='\n')
    equal(sides[1].node.end(), 0)
finally:
    for side in sides:
        if side.node.process.poll() is None:
            side.node.process.kill()
sys.exit(bool(wrong))
