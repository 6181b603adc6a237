import { join } from "node:path";
import { jwtPart, send, signIn } from "@latchkey/testkit/server/auth-calls";
import { adminPassword, Place } from "@latchkey/testkit/server/server-process";
import { freePort } from "@latchkey/testkit/sockets";
import { until } from "@latchkey/testkit/until";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { runNginx } from "../deploy/run-nginx.ts";

/** Debian's nginx as a cache that obeys the upstream's Cache-Control. */
async function startCache(folder: string, upstream: string) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/.well-known/jwks.json`;
  const answers = () =>
    fetch(url).then(
      ({ status }) => status === 200,
      () => false,
    );
  const http = `access_log off; proxy_cache_path ${join(folder, "cache")} keys_zone=keys:1m;
    server {
      listen 127.0.0.1:${port};
      location / { proxy_pass ${upstream}; proxy_cache keys; add_header x-cache $upstream_cache_status; }
    }`;
  return { url, ...(await runNginx(folder, http, answers)) };
}

const place = new Place();

test("tokens verify behind a cached key set, at the highest rate of rotation", async () => {
  const server = await place.server();
  await using cache = await startCache(place.path("nginx"), server.url);
  for (let rotation = 0; rotation < 3; rotation++) {
    const { stdout } = await place.latchkey(["key", "rotate"]);
    const [kid = ""] = stdout.split(" ");
    let { access } = await signIn(server.url, "admin", adminPassword);
    await until("the rotated key signs", async () => {
      ({ access } = await signIn(server.url, "admin", adminPassword));
      return kid === "" || jwtPart(access, "header")["kid"] === kid;
    });
    // A new verifier has no key in memory.
    const { protectedHeader } = await jwtVerify(access, createRemoteJWKSet(new URL(cache.url)));
    expect(protectedHeader.alg).toBe("ES256");
  }
  expect((await fetch(cache.url)).headers.get("x-cache")).toBe("HIT");
  const origin = await send(`${server.url}/.well-known/jwks.json`);
  // One rotation of three was accepted: an old, a new and a next key.
  expect(origin.body["keys"]).toHaveLength(3);
});
