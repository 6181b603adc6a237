import { Place, type ServerProcess } from "@latchkey/testkit/server/server-process";
import { until } from "@latchkey/testkit/until";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

const place = new Place();
let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--host-resolver-rules=MAP *.example 127.0.0.1",
      // Other browsers let a page reach this machine without asking their user.
      "--disable-features=LocalNetworkAccessChecks",
    ],
  });
});
afterAll(() => browser.close());
beforeEach(async () => {
  server = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
});
afterEach(() => server.stop());

/** A page of an origin. The test serves its document. All other requests use the network. */
async function pageOf(origin: string): Promise<Page> {
  const page = await browser.newPage();
  await page.route(`${origin}/page`, (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>A page</title><body>" }),
  );
  await page.goto(`${origin}/page`);
  // While a route exists, Playwright answers preflights and permits everything.
  await page.unrouteAll();
  return page;
}

/** Sends a request from a page. @returns the status, `opaque`, or the name of the error */
function sent(page: Page, url: string, init: object = {}): Promise<unknown> {
  return page.evaluate(
    `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)})
      .then(({ status, type }) => type === "opaque" ? type : status, ({ name }) => name)`,
  );
}

const admin = { username: "admin", password: "admin123" };
const post = (body: object, type = "application/json", mode = "cors") => ({
  method: "POST",
  mode,
  headers: { "content-type": type, accept: "application/json, text/event-stream" },
  body: JSON.stringify(body),
});

test("a page with a name rebound to this machine reaches nothing", async () => {
  const page = await pageOf(`http://evil.example:${new URL(server.url).port}`);
  expect(await sent(page, "/auth/login", post(admin))).toBe(421);
  expect(await sent(page, "/api/v1/auth/login", post(admin))).toBe(421);
  expect(await sent(page, "/mcp", post({ jsonrpc: "2.0", id: 1, method: "tools/list" }))).toBe(421);
  for (const path of ["/metrics", "/revocations", "/openapi.json", "/docs/", "/health/ready", "/nothing"]) {
    expect(await sent(page, path), path).toBe(421);
  }
  // The same requests of a page under the server's own address are answered.
  const own = await pageOf(server.url);
  expect(await sent(own, "/auth/login", post(admin))).toBe(200);
});

test("a page of another origin cannot sign in without a preflight", async () => {
  const logins = () => server.stdout().match(/"login\.\w+"/g) ?? [];
  const page = await pageOf("http://page.example:8080");
  const url = `${server.url}/auth/login`;
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
    expect(await sent(page, url, post(admin, type))).toBe("TypeError");
    expect(await sent(page, url, post(admin, type, "no-cors"))).toBe("TypeError");
  }
  for (const path of ["/metrics", "/revocations", "/auth/me", "/mcp"]) {
    expect(await sent(page, `${server.url}${path}`), path).toBe("TypeError");
  }
  const blob = `new Blob([${JSON.stringify(JSON.stringify(admin))}], { type: "text/plain" })`;
  await page.evaluate(`navigator.sendBeacon(${JSON.stringify(url)}, ${blob})`);
  // A form that posts JSON as text opens a page of its own.
  const field = `${JSON.stringify(admin).slice(0, -1)},"x":"`;
  const answer = page.waitForResponse((response) => response.request().isNavigationRequest());
  await page.evaluate(`(() => {
    const form = Object.assign(document.createElement("form"), { method: "post", enctype: "text/plain" });
    form.action = ${JSON.stringify(url)};
    form.append(Object.assign(document.createElement("input"), { name: ${JSON.stringify(field)}, value: '"}' }));
    document.body.append(form);
    form.submit();
  })()`);
  expect((await answer).status()).toBe(400);

  const last = { ...post({ ...admin, password: "wrong" }) };
  expect((await fetch(url, { method: "POST", headers: last.headers, body: last.body })).status).toBe(401);
  await until("the last login is in the log", () => logins().at(-1) === '"login.failed"');
  expect(logins()).not.toContain('"login.succeeded"');
});
