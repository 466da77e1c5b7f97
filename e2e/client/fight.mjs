// Two tabs of one session, each with the reconnect snippet of Socket.IO's own
// documentation: both come back at once whenever the server sends them off.
// When one of them is refused for good, prints how often they connected, and
// the other one leaves.
//
//   node fight.mjs PACKAGE URL TRANSPORT TOKEN [SECONDS]
//
// SECONDS: ends after that, for measurements.
import { createRequire } from "node:module";

const [pkg, url, transport, token, seconds] = process.argv.slice(2);
const { io } = createRequire(import.meta.url)(pkg);
const say = (line) => console.log(JSON.stringify(line));

let connects = 0;
const tabs = [1, 2].map(() => {
  const socket = io(url, { forceNew: true, auth: { token, lang: "en" }, transports: [transport] });
  socket.on("connect", () => {
    connects++;
    socket.emit("register_user", {});
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect") socket.connect();
  });
  socket.on("connect_error", (err) => {
    if (err.data?.retry !== false) return;
    say({ what: "connect_error", message: err.message, data: err.data });
    end();
  });
  return socket;
});
const end = () => {
  say({ what: "end", data: { connects, inside: tabs.filter((tab) => tab.connected).length } });
  for (const tab of tabs) tab.disconnect();
};
if (seconds) setTimeout(() => (end(), process.exit()), seconds * 1000);
