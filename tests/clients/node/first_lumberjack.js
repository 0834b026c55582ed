// Sends lines by version 1 of Lumberjack over TLS, as logstash-forwarder did, and holds what is acknowledged.
// The arguments: the port, and the authority's certificate. Packages are those of the working folder.
"use strict";
const assert = require("node:assert");
const { createRequire } = require("node:module");
const { once } = require("node:events");
const { readFileSync } = require("node:fs");
const load = createRequire(process.cwd() + "/");

const [port, authority] = process.argv.slice(2);
const WINDOW = 10;
const LINES = 35;
setTimeout(() => { throw new Error("not in time"); }, 30_000).unref();

(async () => {
  const tls = { host: "localhost", port: Number(port), ca: [readFileSync(authority)] };
  const client = load("lumberjack-protocol").client(tls, { windowSize: WINDOW });
  client.on("dropped", (count) => { throw new Error(`${count} lines were not acknowledged soon enough`); });
  await once(client, "connect");
  // It has no event of its own for what is acknowledged, and states the size of its windows but once.
  const socket = client._socket;
  for (let offset = 1; offset <= LINES; offset++) {
    client.writeDataFrame({ line: `line ${offset}`, file: "/var/log/shop.log", host: "edge7", offset });
    while (offset % WINDOW === 0 && socket.lastAck < offset) await once(socket, "ack");
  }
  while (socket.lastAck < LINES) await once(socket, "ack");
  assert.strictEqual(socket.lastAck, LINES);
  client.close();
})().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
