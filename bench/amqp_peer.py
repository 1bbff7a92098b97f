"""Prints messages/s and CPU microseconds of pika's confirmed publishing: amqp_peer.py URL QUEUE SIZE DELIVERY_MODE"""
import sys
import time

import pika

connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1].rstrip('/') + '/%2F'))
channel = connection.channel()
channel.confirm_delivery()
body = b'x' * int(sys.argv[3])
properties = pika.BasicProperties(delivery_mode=int(sys.argv[4]))
count = 2000
began, cpu = time.time(), time.process_time()
for _ in range(count):
    channel.basic_publish('', sys.argv[2], body, properties)
print(count / (time.time() - began), (time.process_time() - cpu) / count * 1e6)
connection.close()
