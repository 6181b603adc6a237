import { redirectUri } from "@latchkey/testkit/oauth/client-calls";
import { testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";
import { oauthModels } from "../../src/http/oauth/oauth-models.ts";
import { send } from "./api-case.ts";
import { clientTokens, form, register } from "./oauth-world.ts";

/** The names of a model's members in the document. */
function documented(id: string): string[] {
  const model = oauthModels.find(({ $id }) => $id === id);
  return Object.keys(model?.properties ?? {}).sort();
}

test("the document names exactly the members that OAuth clients get", async () => {
  await using server = await testServer();
  const membersOf = async (request: Parameters<typeof send>[2]) =>
    Object.keys((await send(server, "", request)).body).sort();

  const metadata = { redirect_uris: [redirectUri], client_name: "Notes" };
  const registration = membersOf({ method: "POST", path: "/oauth/register", body: metadata });
  expect(await registration).toEqual(documented("ClientRegistrationResponse"));

  const { id } = await register(server);
  const { access, refresh } = await clientTokens(server, id);
  const refreshing = { grant_type: "refresh_token", client_id: id, refresh_token: refresh };
  expect(await membersOf(form("/oauth/token", refreshing))).toEqual(documented("OAuthTokenResponse"));
  expect(await membersOf(form("/oauth/introspect", { token: access }))).toEqual(
    documented("OAuthIntrospectResponse"),
  );
  expect(await membersOf(form("/oauth/token", {}))).toEqual(documented("OAuthErrorResponse"));
});
