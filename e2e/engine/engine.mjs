// Drives the bare Engine.IO server of clients_test.go with engine.io-client.
// Usage: node engine.mjs URL TRANSPORTS
import assert from "node:assert/strict";
import { Socket } from "engine.io-client";

const [url, transports] = process.argv.slice(2);
const options = { path: "/engine.io/", ...(transports === "default" ? {} : { transports: [transports] }) };

const once = (emitter, event) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event}`)), 15000);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
const open = async (more) => {
  const socket = new Socket(url, { ...options, ...more });
  await once(socket, "open");
  return socket;
};

const scenarios = {
  async "text and binary, in order, while upgrading"() {
    const socket = await open();
    const got = [];
    socket.on("message", (data) => got.push(data));
    const want = [];
    for (let i = 0; i < 100; i++) {
      want.push(i % 3 ? `ü${i}` : Buffer.from([i, 0, 255]));
      socket.send(want.at(-1));
    }
    while (got.length < want.length) await once(socket, "message");
    assert.deepEqual(got.map((x) => (typeof x === "string" ? x : Buffer.from(x))), want);
    socket.close();
  },

  async "stays through heartbeats, and upgrades"() {
    const socket = await open();
    if (transports === "default") await once(socket, "upgrade");
    for (let i = 0; i < 3; i++) await once(socket, "ping");
    assert.equal(socket.transport.name, transports === "default" ? "websocket" : transports);
    socket.send("alive");
    assert.deepEqual(await once(socket, "message"), ["alive"]);
    socket.close();
  },

  async "is told of a close by the server, and may open another"() {
    for (let i = 0; i < 3; i++) {
      const socket = await open();
      const closed = once(socket, "close");
      socket.send("close me");
      const [reason] = await closed;
      assert.match(reason, /^transport (close|error)$/);
    }
  },

  async "the last words come before the end"() {
    const socket = await open();
    const heard = [];
    socket.on("message", (data) => heard.push(data));
    const closed = once(socket, "close");
    socket.send("end me");
    await closed;
    assert.deepEqual(heard, ["last words"]);
  },

  async "binary where it has to be text, on a subprotocol"() {
    for (const more of [{ forceBase64: true }, { forceBase64: true, protocols: ["none", "echo"] }]) {
      const socket = await open(more);
      if (transports === "default") await once(socket, "upgrade");
      if (socket.transport.name === "websocket") assert.equal(socket.transport.ws.protocol, more.protocols ? "echo" : "");
      const frames = [];
      socket.transport.ws?.on("message", (data, isBinary) => frames.push(isBinary ? "binary" : data.toString()));
      socket.send(Buffer.from([1, 2, 3, 4]));
      const [got] = await once(socket, "message");
      assert.deepEqual(Buffer.from(got), Buffer.from([1, 2, 3, 4]));
      if (socket.transport.ws) assert.ok(frames.includes("bAQIDBA=="), frames.join());
      socket.close();
    }
  },

  async "a burst and a large message"() {
    const socket = await open();
    let bytes = 0;
    socket.on("message", (data) => (bytes += data.length));
    socket.send("burst");
    while (bytes < 3000 * 100) await once(socket, "message");
    socket.send("large");
    while (bytes < 3000 * 100 + 300000) await once(socket, "message");
    assert.equal(bytes, 600000);
    socket.close();
  },

  async "more than maxPayload is sent in several bodies"() {
    const socket = await open();
    const want = Array.from({ length: 8 }, (_, i) => String(i).repeat(20000));
    const got = [];
    socket.on("message", (data) => got.push(data));
    for (const w of want) socket.send(w);
    while (got.length < want.length) await once(socket, "message");
    assert.deepEqual(got, want);
    socket.close();
  },
};

for (const [name, run] of Object.entries(scenarios)) {
  try {
    await run();
  } catch (e) {
    console.error(`FAIL ${name}: ${e.stack}`);
    process.exit(1);
  }
}
console.log(`${Object.keys(scenarios).length} scenarios`);
process.exit(0);
