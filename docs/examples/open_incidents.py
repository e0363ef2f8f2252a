#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A subscriber in Python: reads the table of incidents to its present end and prints those that are open.

    apt-get install python3-confluent-kafka
    open_incidents.py kafka-1.example.net:9092 [qlapse.incidents.v1]

Of a table the last record of a key counts, and one without a value deletes it. To follow the table go on polling instead
of ending at the end of the partition.
"""
import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition


def read(bootstrap, topic):
    """{incident id: its record}"""
    consumer = Consumer({"bootstrap.servers": bootstrap,
                         "group.id": "open-incidents",  # not used: nothing is committed
                         "enable.auto.commit": False,
                         "isolation.level": "read_committed",  # else what was aborted is seen, too
                         "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])  # it has one partition
    table = {}
    while True:
        message = consumer.poll(30)
        if message is None:
            sys.exit("open_incidents.py: no answer")
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                sys.exit("open_incidents.py: %s" % message.error())
            consumer.close()
            return table
        headers = dict(message.headers() or [])
        if "qlapse_tick" in headers or message.key() is None:
            continue  # a tick only tells the time
        key = message.key().decode()
        if message.value() is None:
            table.pop(key, None)
            continue
        record = json.loads(message.value())
        if headers.get("content-type", b"").startswith(b"application/cloudevents"):  # emit.cloudevents: structured
            record = record["data"]
        table[key] = record


def main(bootstrap, topic="qlapse.incidents.v1"):
    for key, i in sorted(read(bootstrap, topic).items()):
        if i["state"] == "open":
            print(key, i["severity"], i["group"], i["class"], i["messages"], i.get("first_expiry", "-"), sep="\t")


if len(sys.argv) not in (2, 3):
    sys.exit("usage: open_incidents.py BOOTSTRAP [TOPIC]")
main(*sys.argv[1:])
