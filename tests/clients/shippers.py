"""Sends records through each client; the arguments are the ports of Fluent Forward, GELF over TCP, GELF over UDP, and Lumberjack."""

import asyncio
import logging
import sys

import graypy
import pygelf
from fluent import sender
from logstash_async.handler import AsynchronousLogstashHandler
from logstash_async.transport import BeatsTransport
from timbersnake.client import Client

fluent_port, tcp_port, udp_port, beats_port = (int(port) for port in sys.argv[1:5])
# Long enough for several chunks, and not compressible to one.
noise = " ".join(str(n * 2654435761 % 4294967296) for n in range(3000))

fluent = sender.FluentSender("shop", host="127.0.0.1", port=fluent_port, nanosecond_precision=True)
assert fluent.emit("login", {"message": "user alice logged in", "n": 3}), fluent.last_error
assert fluent.emit("login", {"message": "größe — 日本", "level": "error"}), fluent.last_error
fluent.close()

logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)
for client in [
    graypy.GELFUDPHandler("127.0.0.1", udp_port),
    pygelf.GelfTcpHandler("127.0.0.1", tcp_port, compress=False),
]:
    logger.addHandler(client)
    logger.info("user alice logged in")
    logger.error("größe — 日本 %s", noise)
    logger.removeHandler(client)
    client.close()

# Closing waits for the acknowledgement.
beats = AsynchronousLogstashHandler("127.0.0.1", beats_port, database_path=None, transport=BeatsTransport(
    "127.0.0.1", beats_port, ssl_enable=False, ssl_verify=False, ssl_verify_flags=0, keyfile=None, certfile=None,
    ca_certs=None, timeout=30))
logger.addHandler(beats)
logger.error("user bob logged out", extra={"user": "bob"})
logger.removeHandler(beats)
beats.close()

# Returns once it is acknowledged; its windows are always of three events.
events = [{"message": "user alice logged in"}, {"message": "größe — 日本"}, {"message": noise}]
asyncio.run(asyncio.wait_for(Client("127.0.0.1", beats_port).send(events), 30))
