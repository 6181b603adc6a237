import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@latchkey/testkit/until";
import { expect, test } from "vitest";
import { Browser } from "./browser.ts";
import { connectBridge } from "./peers/mcp-remote.ts";
import { engines, Worlds } from "./world.ts";

/** Milliseconds until several refreshes have happened. */
const refreshTime = 60_000;

const worlds = new Worlds();

test.concurrent.each(engines)(
  "on %s three programs share one sign-in and its refresh token",
  async (engine) => {
    using undo = new DisposableStack();
    const folder = mkdtempSync(join(tmpdir(), "latchkey-shared-"));
    undo.defer(() => rmSync(folder, { recursive: true }));
    // Several refreshes happen while the programs run.
    const times = { LATCHKEY_ACCESS_TOKEN_TTL: "8s", LATCHKEY_REFRESH_GRACE: "8s" };
    const world = await worlds.make(engine, times);
    await using browser = await Browser.of(await world.person("alice"));
    const options = { address: world.servers["its own tools"], browser, clientName: "A desktop program" };

    await using first = await connectBridge(options, folder);
    await using second = await connectBridge(options, folder);
    await using third = await connectBridge(options, folder);
    const clientId = new URL(browser.opened[0] ?? "").searchParams.get("client_id") ?? "";
    const [sessionId = ""] = await world.sessions(clientId, 1);

    await until(
      "the token is refreshed several times",
      async () => {
        const answers = await Promise.all([first, second, third].map((peer) => peer.call("who_am_i")));
        for (const answer of answers) expect(answer).toContain("alice");
        return world.refreshes(sessionId) >= 5;
      },
      refreshTime,
      250,
    );
    expect(browser.opened).toHaveLength(1);
    expect(await world.sessions(clientId, 1)).toEqual([sessionId]);
  },
);
