import { expect, test } from "vitest";
import { ask } from "../api/raw-request.ts";
import { Place } from "../process/server-process.ts";
import { bareNginx } from "./bare-nginx.ts";

const place = new Place();

test.each([
  ["nothing but proxy_pass", "", "login.example", 401],
  [
    "HTTP/1.1 and X-Forwarded-For",
    "proxy_http_version 1.1; proxy_set_header X-Forwarded-For $remote_addr;",
    "login.example",
    401,
  ],
  [
    "HTTP/1.1 and X-Real-IP",
    "proxy_http_version 1.1; proxy_set_header X-Real-IP $remote_addr;",
    "localhost",
    401,
  ],
  [
    "HTTP/1.1 and the caller's Host",
    "proxy_http_version 1.1; proxy_set_header Host $host;",
    "login.example",
    421,
  ],
])("behind nginx with %s, strangers need a key", async (name, location, host, status) => {
  const server = await place.server({ env: { LATCHKEY_ISSUER: "" } });
  expect(await ask(server.url, "GET", "/metrics")).toMatchObject({ status: 200 });
  await using nginx = await bareNginx(place.path(name.replaceAll(/\W/g, "-")), server.url, location);
  for (const path of ["/metrics", "/revocations"]) {
    expect(await ask(nginx.url, "GET", path, { host })).toMatchObject({ status });
  }
  await server.stop();
});
