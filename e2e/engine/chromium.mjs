// Drives the server of clients_test.go with the official client inside Chromium,
// from a page of the same origin.
// Usage: node chromium.mjs URL TRANSPORTS
import { chromium } from "playwright-core";

const [url, transports] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.goto(url + "/files/page.html");
  console.log(
    await page.evaluate(async ([url, transports]) => {
      const { io } = await import("/client/socket.io.esm.min.js");
      const { run } = await import("/files/scenarios.mjs");
      return run(io, url, transports);
    }, [url, transports]),
  );
} finally {
  await browser.close();
}
