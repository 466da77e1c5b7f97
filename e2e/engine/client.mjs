// Drives the server of clients_test.go with an official client.
// Usage: node client.mjs URL PACKAGE TRANSPORTS
import { run } from "./scenarios.mjs";

const [url, pkg, transports] = process.argv.slice(2);
const mod = await import(pkg);
console.log(await run(mod.io ?? mod.default.io ?? mod.default, url, transports));
process.exit(0);
