import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Place } from "@latchkey/testkit/server/server-process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Nginx, startNginx } from "./nginx.ts";

const place = new Place();
const away = ["http://127.0.0.1:1", "http://127.0.0.1:2"] as const;

/** The result of a TLS handshake. */
interface Handshake {
  /** Undefined if the server refused the handshake. */
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  readonly output: string;
}

/** Opens a connection with `openssl s_client`. The client itself permits every protocol and cipher. */
function connect({ url }: Nginx, ...options: readonly string[]): Handshake {
  const { host } = new URL(url);
  const { stdout, stderr } = spawnSync("openssl", ["s_client", "-connect", host, ...options], {
    encoding: "utf8",
    // Ends the connection, after an answer that shows that it works.
    input: "GET / HTTP/1.0\r\nHost: login.example.com\r\n\r\n",
    timeout: 20_000,
  });
  const output = stdout + stderr;
  const [, protocol, cipher] = /^(?:New|Reused), (TLSv[\d.]+), Cipher is ([\w-]+)$/m.exec(output) ?? [];
  return { protocol, cipher, output };
}

/** The client offers one cipher, so the server takes it or refuses. */
const only = (cipher: string) => ["-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`];

describe.each([
  ["ec", "ECDSA"],
  ["rsa", "RSA"],
] as const)("deploy/nginx.conf with a certificate of kind %s", (key, name) => {
  let nginx: Nginx;
  beforeAll(async () => {
    nginx = await startNginx(place.path(key), away, key);
  });
  afterAll(() => nginx[Symbol.asyncDispose]());

  test.each(["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"])(
    "TLS 1.2 works with ECDHE and %s",
    (cipher) => {
      const { protocol, cipher: chosen } = connect(nginx, ...only(`ECDHE-${name}-${cipher}`));
      expect([protocol, chosen]).toEqual(["TLSv1.2", `ECDHE-${name}-${cipher}`]);
    },
  );

  const weak = [
    `ECDHE-${name}-AES128-SHA`,
    `ECDHE-${name}-AES256-SHA384`,
    ...(key === "ec"
      ? ["ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-CAMELLIA128-SHA256"]
      : ["AES128-GCM-SHA256", "AES256-SHA", "DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-SHA"]),
  ];
  test.each(weak)("TLS 1.2 with %s is refused", (cipher) => {
    const { protocol, output } = connect(nginx, ...only(cipher));
    expect(protocol).toBeUndefined();
    // Without this alert, the client may have refused its own option.
    expect(output).toContain("alert handshake failure");
  });

  test.each(["-tls1", "-tls1_1"])("the protocol %s is refused", (option) => {
    const { protocol, output } = connect(nginx, option, "-cipher", "ALL:@SECLEVEL=0");
    expect(protocol).toBeUndefined();
    expect(output).toContain("alert protocol version");
  });

  test.each(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])(
    "TLS 1.3 works with %s",
    (suite) => {
      const { protocol, cipher } = connect(nginx, "-tls1_3", "-ciphersuites", suite);
      expect([protocol, cipher]).toEqual(["TLSv1.3", suite]);
    },
  );

  test("the client's order of ciphers counts", () => {
    for (const order of [
      ["CHACHA20-POLY1305", "AES128-GCM-SHA256"],
      ["AES128-GCM-SHA256", "CHACHA20-POLY1305"],
    ]) {
      const ciphers = order.map((cipher) => `ECDHE-${name}-${cipher}`);
      expect(connect(nginx, "-tls1_2", "-cipher", ciphers.join(":")).cipher).toBe(ciphers[0]);
    }
  });

  // A client must also know P-256, the curve of the certificate's key.
  test.each([
    ["X25519:P-256", "X25519, 253 bits"],
    ["P-256", "ECDH, prime256v1, 256 bits"],
    ["P-384:P-256", "ECDH, secp384r1, 384 bits"],
  ])("the first of the client's curves is used: %s", (curves, shown) => {
    const { output } = connect(nginx, "-tls1_3", "-curves", curves);
    // OpenSSL before 3.2 says "Server".
    expect(output).toMatch(new RegExp(`^(Server|Peer) Temp Key: ${shown}$`, "m"));
  });

  test.each(["P-521", "X448"])("the curve %s is refused", (curve) => {
    const { protocol, output } = connect(nginx, "-tls1_3", "-curves", curve);
    expect(protocol).toBeUndefined();
    expect(output).toContain("alert handshake failure");
  });

  test("a TLS session is resumed from the server's cache, without a ticket", () => {
    const session = place.path(`${key}.session`);
    const full = connect(nginx, "-tls1_2", "-sess_out", session);
    expect(full.output).toContain("New, TLSv1.2");
    expect(full.output).not.toContain("TLS session ticket:");
    expect(existsSync(session)).toBe(true);
    expect(connect(nginx, "-tls1_2", "-sess_in", session).output).toContain("Reused, TLSv1.2");
  });
});
