// Sends records through each JavaScript client, and holds what it says of the answers.
// The arguments: the ports of the API, OTLP over gRPC, Fluent Forward, GELF over TCP, GELF over UDP, JSON over TCP and
// Lumberjack, and a token. Packages are those of the working folder.
"use strict";
const assert = require("node:assert");
const { createRequire } = require("node:module");
const { once } = require("node:events");
const load = createRequire(process.cwd() + "/");

const [api, grpc, fluent, gelfTcp, gelfUdp, json, beats] = process.argv.slice(2, 9).map(Number);
const token = process.argv[9];
const host = "127.0.0.1";
const address = `http://${host}:${api}`;
const LINES = [["info", "user alice logged in"], ["error", 'größe — 日本 "quoted"\nsecond line']];
const within = (what, promise) => Promise.race([promise, new Promise((_, reject) =>
  setTimeout(() => reject(new Error(`not in time: ${what}`)), 30_000).unref())]);

async function elastic() {
  const { Client } = load("@elastic/elasticsearch");
  const datasource = LINES.map(([level, message]) => ({ "log.level": level, message, host: { name: "edge7" } }));
  const onDocument = () => ({ create: { _index: "elastic" } });
  for (const options of [{}, { compression: true }]) {
    const client = new Client({ node: address, auth: { apiKey: token }, ...options });
    const result = await client.helpers.bulk({ datasource, onDocument, refreshOnCompletion: true });
    assert.deepStrictEqual([result.successful, result.failed], [2, 0]);
  }
  const stranger = new Client({ node: address, auth: { username: "any", password: "wrong" } });
  await assert.rejects(stranger.helpers.bulk({ datasource, onDocument }), { statusCode: 401 });
}

async function pinoElastic() {
  const stream = load("pino-elasticsearch")({ node: address, auth: { username: "any", password: token }, index: "pino-es", esVersion: 9 });
  const logger = load("pino")({ name: "shop" }, stream);
  for (const [level, message] of LINES) logger[level]({ request: 42 }, message);
  const inserted = once(stream, "insert");
  stream.end();
  const [stats] = await inserted;
  assert.deepStrictEqual([stats.successful, stats.failed], [2, 0]);
}

async function winstonElastic() {
  const { ElasticsearchTransport } = load("winston-elasticsearch");
  const transport = new ElasticsearchTransport({ index: "winston-es", clientOpts: { node: address, auth: { apiKey: token } }, retryLimit: 0 });
  const failures = [];
  transport.on("error", (error) => failures.push(error));
  const logger = load("winston").createLogger({ transports: [transport] });
  for (const [level, message] of LINES) logger.log(level, message, { request: 42 });
  logger.end();
  await once(logger, "finish");
  await transport.flush();
  assert.deepStrictEqual(failures, []);
}

async function splunk() {
  const { Logger } = load("splunk-logging");
  const send = (logger, severity, message) => new Promise((resolve) =>
    logger.send({ message, severity, metadata: { source: "node-splunk" } }, (error, _, body) => resolve([error, body])));
  const logger = new Logger({ url: address, token });
  for (const [level, message] of LINES) {
    const [error, body] = await send(logger, level, message);
    assert.deepStrictEqual([error, body.code], [null, 0]);
  }
  const stranger = new Logger({ url: address, token: "wrong", maxRetries: 0 });
  const heard = [];
  stranger.error = (error) => heard.push(error);
  assert.strictEqual((await send(stranger, "info", "never"))[1].code, 4);
  assert.strictEqual(heard.length, 1);
}

async function loki() {
  const LokiTransport = load("winston-loki");
  for (const [name, isJson] of [["winston-loki-json", true], ["winston-loki-protobuf", false]]) {
    const failures = [];
    const transport = new LokiTransport({ host: address, basicAuth: `any:${token}`, labels: { app: name }, json: isJson,
      interval: 1, gracefulShutdown: false, onConnectionError: (error) => failures.push(error) });
    const logger = load("winston").createLogger({ transports: [transport] });
    for (const [level, message] of LINES) logger.log(level, message, { request: 42 });
    await transport.flush();
    assert.deepStrictEqual(failures, []);
    logger.close();
  }
  // Only what is in its buffer when it is closed is waited for.
  const { pinoLoki } = load("pino-loki");
  const statuses = [];
  const ask = globalThis.fetch;
  globalThis.fetch = async (...request) => { const answer = await ask(...request); statuses.push(answer.status); return answer; };
  const stream = pinoLoki({ host: address, basicAuth: { username: "any", password: token }, labels: { app: "pino-loki" } });
  const logger = load("pino")({}, stream);
  for (const [level, message] of LINES) logger[level]({ request: 42 }, message);
  stream.end();
  await once(stream, "close");
  assert.deepStrictEqual(statuses, [204]);
}

async function winstonHttp() {
  const winston = load("winston");
  // Its success is 200 and nothing else.
  const http = new winston.transports.Http({ host, port: api, path: "/?source=winston-http",
    headers: { authorization: `Bearer ${token}` } });
  const heard = [];
  const all = new Promise((resolve) => ["logged", "warn", "error"].forEach((name) =>
    http.on(name, (what) => heard.push(name === "logged" ? name : what) === LINES.length && resolve())));
  const logger = winston.createLogger({ transports: [http] });
  for (const [level, message] of LINES) logger.log(level, message, { request: 42 });
  await all;
  assert.deepStrictEqual(heard, ["logged", "logged"]);
}

async function otlp() {
  const { LoggerProvider, SimpleLogRecordProcessor } = load("@opentelemetry/sdk-logs");
  const { resourceFromAttributes } = load("@opentelemetry/resources");
  const { Metadata } = load("@grpc/grpc-js");
  const metadata = (word) => { const values = new Metadata(); values.set("authorization", `Bearer ${word}`); return values; };
  const http = (name, more) => (word) => new (load(`@opentelemetry/exporter-logs-otlp-${name}`).OTLPLogExporter)({
    url: `${address}/v1/logs`, headers: { authorization: `Bearer ${word}` }, ...more });
  const call = (word) => new (load("@opentelemetry/exporter-logs-otlp-grpc").OTLPLogExporter)({
    url: `http://${host}:${grpc}`, metadata: metadata(word), compression: "gzip" });
  for (const [name, make] of [["node-otlp-json", http("http")], ["node-otlp-gzip", http("http", { compression: "gzip" })],
    ["node-otlp-proto", http("proto")], ["node-otlp-grpc", call]]) {
    for (const [word, code] of [[token, 0], ["wrong", 1]]) {
      const exporter = make(word);
      const results = [];
      let allHeard;
      const answered = new Promise((resolve) => { allHeard = resolve; });
      const heard = { export: (batch, done) => exporter.export(batch, (result) => {
        done(result);
        if (results.push(result.code) === LINES.length) allHeard();
      }), shutdown: () => exporter.shutdown(), forceFlush: async () => {} };
      const processors = [new SimpleLogRecordProcessor({ exporter: heard })];
      const resource = resourceFromAttributes({ "service.name": name, "host.name": "edge7" });
      const provider = new LoggerProvider({ resource, processors });
      const logger = provider.getLogger("shop");
      for (const [level, body] of LINES) logger.emit({ severityText: level.toUpperCase(), body, attributes: { request: 42 } });
      await answered;
      assert.deepStrictEqual(results, [code, code], name);
      await provider.shutdown();
    }
  }
}

async function forward() {
  const logger = load("fluent-logger");
  for (const eventMode of ["Message", "PackedForward", "CompressedPackedForward"]) {
    const sender = logger.createFluentSender("node", { host, port: fluent, timeout: 5, requireAckResponse: true, eventMode,
      security: { clientHostname: "edge7", sharedKey: "the key", username: "ada", password: "the word" } });
    await Promise.all(LINES.map(([level, message]) => new Promise((resolve, reject) =>
      sender.emit(eventMode, { level, message }, (error) => error ? reject(error) : resolve()))));
    await new Promise((resolve) => sender.end(null, null, resolve));
  }
}

async function gelf() {
  const log = load("gelf-pro");
  for (const [adapterName, port] of [["tcp", gelfTcp], ["udp", gelfUdp]]) {
    log.setConfig({ adapterName, adapterOptions: { host, port }, fields: { via: adapterName } });
    for (const [level, message] of LINES) {
      await new Promise((resolve, reject) => log[level](message, { request: 42 }, (error) => error ? reject(error) : resolve()));
    }
  }
}

async function logstash() {
  const Transport = load("winston-logstash/lib/winston-logstash-latest");
  const transport = new Transport({ host, port: json, node_name: "edge7" });
  const logger = load("winston").createLogger({ transports: [transport] });
  for (const [level, message] of LINES) logger.log(level, message, { request: 42 });
  const Lumberjack = load("lumberjack-client");
  const client = new Lumberjack({ host, port: beats });
  for (const [level, message] of LINES) client.log({ "@timestamp": new Date(), level, message, host: { hostname: "edge7" } });
  // It does not read the acknowledgement itself: 2A and the last number of the window.
  const [answer] = await once(client.socket, "data");
  assert.deepStrictEqual([...answer], [0x32, 0x41, 0, 0, 0, LINES.length]);
}

const all = { elastic, pinoElastic, winstonElastic, splunk, loki, winstonHttp, otlp, forward, gelf, logstash };
Promise.all(Object.entries(all).map(([name, run]) => within(name, run()).catch((error) => {
  throw new Error(name, { cause: error });
}))).then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
