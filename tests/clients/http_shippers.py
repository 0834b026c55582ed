"""Sends records through each Python client of a protocol over HTTP, and holds what it says of the answers.

The arguments are the ports of the API and of OTLP over gRPC, and a token. Each client is then refused with another token.
"""

import contextlib
import logging
import sys

import elasticsearch
import elasticsearch.helpers
import graypy
import grpc
import logging_loki
import opensearchpy
import opensearchpy.helpers
import requests
from logstash_async.handler import AsynchronousLogstashHandler
from logstash_async.transport import HttpTransport
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as otlp_grpc
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as otlp_http
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from splunk_handler import SplunkHandler
from splunk_hec_handler import SplunkHecHandler

port, grpc_port, token = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
address = f"http://127.0.0.1:{port}"
LINES = [(logging.INFO, "user alice logged in"), (logging.ERROR, 'größe — 日本 "quoted"\nsecond line')]


def documents(index):
    names = {logging.INFO: "info", logging.ERROR: "error"}
    for level, line in LINES:
        yield {"_index": index, "@timestamp": "2026-01-02T03:04:05.678Z", "log.level": names[level],
               "host": {"name": "edge7"}, "message": line}


def bulk(library, kind, name, refusals, **credentials):
    """Both bulk clients have the same helpers: what was stored, and what was refused item by item."""
    client = kind(address, **credentials)
    assert client.info()["version"]["number"], name
    assert client.cluster.health()["status"] == "green", name
    stored, errors = library.helpers.bulk(client, documents(name), chunk_size=1, refresh="wait_for")
    assert (stored, errors) == (len(LINES), []), (name, stored, errors)
    # A document that is none is named, and its neighbours are stored.
    stored, errors = library.helpers.bulk(client, ['{"message":"before"}', "[1]", '{"message":"behind"}'],
                                          index=f"{name}-mixed", raise_on_error=False)
    assert (stored, [error["index"]["status"] for error in errors]) == (2, [400]), (name, stored, errors)
    client = kind(address, **{key: "wrong" if isinstance(value, str) else ("any", "wrong") if isinstance(value, tuple)
                              else value for key, value in credentials.items()})
    try:
        library.helpers.bulk(client, documents(name))
        raise SystemExit(f"{name}: a wrong token is not refused")
    except refusals:
        pass


class Answers:
    """What the clients built on `requests` are answered, as they hear it."""

    def __init__(self):
        self.statuses, self.send = [], requests.Session.send
        requests.Session.send = lambda *arguments, **options: self.heard(self.send(*arguments, **options))

    def heard(self, response):
        self.statuses.append(response.status_code)
        return response

    def taken(self):
        statuses, self.statuses = self.statuses, []
        return statuses


def log_through(handler, name):
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    for level, line in LINES:
        logger.log(level, line, extra={"request": 42})
    logger.removeHandler(handler)
    handler.close()


for name, credentials in [("es-key", {"api_key": token}), ("es-user", {"basic_auth": ("any", token)}),
                          ("es-bearer", {"bearer_auth": token}), ("es-gzip", {"api_key": token, "http_compress": True})]:
    bulk(elasticsearch, elasticsearch.Elasticsearch, name, elasticsearch.AuthenticationException, **credentials)
for name, credentials in [("opensearch", {"http_auth": ("any", token)}),
                          ("opensearch-gzip", {"http_auth": ("any", token), "http_compress": True})]:
    bulk(opensearchpy, opensearchpy.OpenSearch, name, opensearchpy.exceptions.AuthenticationException, **credentials)

answers = Answers()
for name, handler, expected in [
    ("hec", lambda word: SplunkHecHandler("127.0.0.1", word, port=port, proto="http", source="hec", index="main"), 200),
    ("splunk", lambda word: SplunkHandler(host="127.0.0.1", port=port, protocol="http", token=word, index="main",
                                          source="splunk", flush_interval=0, retry_count=0), 200),
    ("loki", lambda word: logging_loki.LokiHandler(url=f"{address}/loki/api/v1/push", auth=("any", word),
                                                   tags={"app": "loki"}, version="1"), 204),
]:
    log_through(handler(token), name)
    statuses = answers.taken()
    assert set(statuses) == {expected} and len(statuses) >= len(LINES), (name, statuses)
    # One of them tells the program of a refusal, one prints it, and one hands it to the logging module, which would print it.
    logging.raiseExceptions = False
    with contextlib.suppress(requests.HTTPError), contextlib.redirect_stdout(None):
        log_through(handler("wrong"), name)
    logging.raiseExceptions = True
    statuses = answers.taken()
    assert statuses and set(statuses) <= {401, 403}, (name, statuses)

for word, expected in [(token, 200), ("wrong", 401)]:
    with contextlib.redirect_stderr(None):
        log_through(AsynchronousLogstashHandler("127.0.0.1", port, database_path=None, transport=HttpTransport(
            "127.0.0.1", port, ssl_enable=False, username="any", password=word)), "http")
    assert set(answers.taken()) == {expected}, word

gelf = graypy.GELFHTTPHandler("127.0.0.1", port=port, path="/gelf")
gelf.headers["Authorization"] = f"Bearer {token}"
log_through(gelf, "gelf")


class Heard:
    """An exporter that keeps what it was told of each export."""

    def __init__(self, exporter):
        self.exporter, self.results = exporter, []

    def export(self, batch):
        self.results.append(self.exporter.export(batch).name)

    def shutdown(self):
        self.exporter.shutdown()

    def force_flush(self, timeout_millis=30000):
        return True


logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
for name, exporter in [
    *((f"otlp-{compression.value}", lambda word, compression=compression: otlp_http.OTLPLogExporter(
        endpoint=f"{address}/v1/logs", headers={"authorization": f"Bearer {word}"}, compression=compression))
      for compression in Compression),
    *((f"grpc-{compression.name.lower()}", lambda word, compression=compression: otlp_grpc.OTLPLogExporter(
        endpoint=f"127.0.0.1:{grpc_port}", insecure=True, headers=(("authorization", f"Bearer {word}"),),
        compression=compression)) for compression in grpc.Compression),
]:
    for word, expected in [(token, "SUCCESS"), ("wrong", "FAILURE")]:
        heard = Heard(exporter(word))
        provider = LoggerProvider(Resource({"service.name": name, "host.name": "edge7"}), shutdown_on_exit=False)
        provider.add_log_record_processor(SimpleLogRecordProcessor(heard))
        log_through(LoggingHandler(logger_provider=provider), name)
        provider.shutdown()
        assert heard.results == [expected] * len(LINES), (name, heard.results)
