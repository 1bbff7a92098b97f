"""pika_peer.py URL VERB: pika's side of each test of pika_interop_test.cpp"""
import datetime
import decimal
import sys

import pika

url, verb = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
sizes = [0, 1, 4088, 4089, 131064, 131065, 1 << 20, 64 << 20]
headers = {
    'int': 5, 'long': 1 << 40, 'negative': -7, 'text': 'é', 'bytes': b'\x00\xff', 'yes': True, 'null': None,
    'time': datetime.datetime(2023, 11, 14, 22, 13, 20), 'decimal': decimal.Decimal('12.34'),
    'list': [1, 'x', [True]], 'dict': {'a': {'b': 2}},
}
if verb == 'publish':
    channel.queue_declare('to.ferry')
    channel.confirm_delivery()
    for size in sizes:
        channel.basic_publish('', 'to.ferry', b'p' * size, pika.BasicProperties(
            content_type='text/plain', delivery_mode=2, priority=7, correlation_id='cid', reply_to='r', expiration='60000',
            message_id='mid', timestamp=1700000000, type='t', user_id='guest', app_id='app', headers=headers))
elif verb == 'consume':
    seen = 0
    for method, properties, body in channel.consume('to.pika', inactivity_timeout=20):
        assert method is not None, 'nothing came'
        assert body == b'f' * sizes[seen], (len(body), sizes[seen])
        assert properties.content_type == 'text/plain' and properties.priority == 7
        assert properties.correlation_id == 'cid' and properties.timestamp == 1700000000
        got = properties.headers
        assert got['int'] == 5 and got['text'] == 'é' and got['bytes'] == b'\x00\xff' and got['yes'] is True
        assert got['null'] is None and got['list'] == [1, 'x', [True]] and got['dict'] == {'a': {'b': 2}}
        assert got['time'] == headers['time'] and got['decimal'] == headers['decimal']
        channel.basic_ack(method.delivery_tag)
        seen += 1
        if seen == len(sizes):
            break
    channel.cancel()
elif verb == 'rpc':
    channel.queue_declare('upper')
    print('ready', flush=True)
    for method, properties, body in channel.consume('upper', inactivity_timeout=20):
        assert method is not None, 'nobody called'
        channel.basic_publish('', properties.reply_to, body.upper(),
                              pika.BasicProperties(correlation_id=properties.correlation_id))
        channel.basic_ack(method.delivery_tag)
        if body == b'end':
            break
elif verb == 'call':
    # pika calls what ferry serves, by direct reply-to.
    answers = []
    channel.basic_consume('amq.rabbitmq.reply-to', lambda c, m, p, body: answers.append((p.correlation_id, body)),
                          auto_ack=True)
    for number, text in enumerate((b'abc', b'', b'x' * 200000)):
        channel.basic_publish('', 'reverse', text,
                              pika.BasicProperties(reply_to='amq.rabbitmq.reply-to', correlation_id=str(number)))
        while len(answers) <= number:
            connection.process_data_events(time_limit=10)
        assert answers[number] == (str(number), text[::-1]), answers[number][0]
elif verb == 'declare':
    # Every kind of exchange, and queues with arguments: declared again by ferry, which must agree.
    for kind in ('direct', 'fanout', 'topic', 'headers'):
        channel.exchange_declare('pika.' + kind, kind, durable=True)
    channel.exchange_declare('pika.alternate', 'fanout', auto_delete=False, arguments={'alternate-exchange': 'pika.fanout'})
    channel.exchange_declare('pika.inside', 'fanout', internal=True)
    channel.queue_declare('pika.q', durable=True, arguments={
        'x-message-ttl': 60000, 'x-max-length': 1000, 'x-max-length-bytes': 1 << 33, 'x-overflow': 'reject-publish',
        'x-dead-letter-exchange': 'pika.fanout', 'x-dead-letter-routing-key': 'dead', 'x-max-priority': 5})
    channel.queue_declare('pika.quorum', durable=True, arguments={'x-queue-type': 'quorum', 'x-delivery-limit': 3})
    channel.queue_declare('pika.stream', durable=True, arguments={'x-queue-type': 'stream', 'x-max-age': '7D'})
elif verb == 'redeclare':
    # The same the other way round: pika declares what ferry has declared.
    for kind in ('direct', 'fanout', 'topic', 'headers'):
        channel.exchange_declare('ferry.' + kind, kind, durable=True)
    channel.queue_declare('ferry.q', durable=True, arguments={'x-message-ttl': 60000, 'x-max-priority': 5})
    channel.queue_declare('ferry.quorum', durable=True, arguments={'x-queue-type': 'quorum'})
elif verb == 'route':
    # Publishes to every exchange that ferry has declared and bound, with confirms: what is routed is taken, what is
    # not comes back.
    channel.confirm_delivery()
    back = []
    def publish(kind, key, headers=None):
        try:
            channel.basic_publish('ferry.' + kind, key, (kind + ' ' + key).encode(),
                                  pika.BasicProperties(headers=headers), mandatory=True)
            return True
        except pika.exceptions.UnroutableError as e:
            message, = e.messages
            assert message.method.reply_code == 312 and message.method.routing_key == key
            return False
    assert publish('direct', 'a') and not publish('direct', 'b')
    assert publish('fanout', 'anything')
    assert publish('topic', 'a.b.c') and publish('topic', 'x.y') and not publish('topic', 'x.y.z')
    assert publish('headers', 'all', {'k': 1, 'n': 'v'}) and not publish('headers', 'some', {'k': 1})
    assert publish('headers', 'any', {'any': True})
    assert publish('outer', 'inner')
    try:
        channel.basic_publish('', 'ferry.full', b'first')
        channel.basic_publish('', 'ferry.full', b'second')
        assert False, 'the queue is full'
    except pika.exceptions.NackError:
        pass
elif verb == 'settle':
    # Sees what ferry published to be settled in each way, with redelivery, priorities and dead letters.
    def get(queue):
        method, properties, body = channel.basic_get(queue)
        return method, properties, body
    method, properties, body = get('settle')
    assert body == b'high' and properties.priority == 5 and not method.redelivered
    channel.basic_nack(method.delivery_tag)
    method, properties, body = get('settle')
    assert body == b'high' and method.redelivered
    channel.basic_reject(method.delivery_tag, requeue=False)
    method, properties, body = get('settle')
    assert body == b'low'
    channel.basic_ack(method.delivery_tag)
elif verb == 'names':
    # Headers whose names and values are every text that there is, and binary.
    method, properties, body = channel.basic_get('names', auto_ack=True)
    got = properties.headers
    assert got['naïve ключ 鍵'] == 'zażółć 😀', got
    assert got[''] == 'no name' and got['x' * 255] == 1
    assert got['empty'] == '' and got['nothing'] == {} and got['none'] == []
    assert got['deep'] == {'a': [{'b': [{'c': [1, {'d': None}]}]}]}
    # pika cuts real numbers to integers, and reads 64-bit ones as unsigned.
    assert got['least'] in (-(1 << 63), 1 << 63) and got['most'] == (1 << 63) - 1
    assert got['real'] == 2
connection.close()
print('ok')
