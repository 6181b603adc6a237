import { canBrowse, startChromium } from "@latchkey/testkit/chromium";
import { passwords } from "@latchkey/testkit/keycloak/acceptance-realm";
import { OAuthProgram } from "@latchkey/testkit/oauth-program";
import { expect, test } from "vitest";
import { ownRealm } from "./own-realm.ts";

const realm = ownRealm();

// The two names are different sites, so the cookie must survive the way back from another one.
test.runIf(canBrowse)("Chromium without scripts comes back from a realm at another site", async () => {
  await using server = await realm.open({
    OAUTH: "on",
    KEYCLOAK_URL: realm.keycloak.replace("127.0.0.1", "localhost"),
  });
  const program = await OAuthProgram.register(server.url);
  await using chromium = await startChromium();
  const page = await chromium.browser.newPage({ javaScriptEnabled: false });
  const referrers: (string | undefined)[] = [];
  await page.route(`${program.callback}**`, async (route) => {
    referrers.push(route.request().headers()["referer"]);
    await route.fulfill({ body: "signed in" });
  });
  await page.goto(program.request());
  expect(await page.getByLabel("Password").count()).toBe(0);
  await page.getByRole("button", { name: `Continue to ${realm.name}` }).click();
  await page.locator("#username").fill("alice");
  await page.locator("#password").fill(passwords.alice);
  await page.locator("[type=submit]").click();
  await page.waitForURL(`${program.callback}**`);
  expect(referrers).toEqual([undefined]);
  expect((await program.redeem(page.url())).status).toBe(200);
  expect(await page.context().cookies(server.url)).toEqual(
    expect.not.arrayContaining([expect.objectContaining({ name: expect.stringContaining("latchkey") })]),
  );
});
