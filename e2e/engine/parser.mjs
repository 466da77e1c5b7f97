// Runs the reference parser over packets, for the differential tests of package
// socketio: one JSON value a line in, one a line out, in order.
//   {"decode": TEXT, "attachments": [TEXT, …]}      → {ok, type, nsp, id, data}
//   {"encode": {type, nsp, id, data}}               → [TEXT, BASE64, …]
// Bytes among the data to encode are {"$bytes": BASE64}; among decoded data they
// are base64 strings.
import { createInterface } from "node:readline";
import { Decoder, Encoder } from "socket.io-parser";

const walk = (v, f) => {
  const w = f(v);
  if (w !== undefined) return w;
  if (Array.isArray(v)) return v.map((x) => walk(x, f));
  if (v && typeof v === "object") {
    const o = Object.create(null); // a member may be called __proto__
    for (const k of Object.keys(v)) o[k] = walk(v[k], f);
    return o;
  }
  return v;
};

function decode(text, attachments) {
  const decoder = new Decoder();
  let packet;
  decoder.on("decoded", (p) => (packet = p));
  try {
    decoder.add(text);
    for (const a of attachments) {
      if (packet) break;
      decoder.add(Buffer.from(a));
    }
  } catch {
    return { ok: false };
  }
  if (!packet) throw new Error(`no packet and no error: ${text}`);
  const { type, nsp, id, data } = packet;
  return { ok: true, type, nsp, id: id === undefined ? undefined : String(id), data: walk(data, (v) => (Buffer.isBuffer(v) ? v.toString("base64") : undefined)) };
}

function encode(packet) {
  packet.data = walk(packet.data, (v) => (v?.$bytes === undefined ? undefined : Buffer.from(v.$bytes, "base64")));
  return new Encoder().encode(packet).map((p) => (Buffer.isBuffer(p) ? p.toString("base64") : p));
}

for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  const answer = task.encode ? encode(task.encode) : decode(task.decode, task.attachments);
  process.stdout.write(JSON.stringify(answer) + "\n");
}
