"""pika_peer.py URL publish|consume|rpc: what ferry reads or has written, and an RPC server"""
import datetime
import decimal
import sys

import pika

url, verb = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
sizes = [0, 1, 4088, 4089, 131064, 131065, 1 << 20]
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
connection.close()
print('ok')
