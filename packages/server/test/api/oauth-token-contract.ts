import { describe, expect, test } from "vitest";
import { type ApiRequest, check, claimsOf, type Expected, send, signIn } from "./api-case.ts";
import {
  addClient,
  allow,
  basic,
  blockClient,
  clientTokens,
  form,
  redemption,
  register,
  tokensIn,
} from "./oauth-world.ts";
import { type ProviderWorld, sharedServer } from "./provider-world.ts";
import { ask } from "./raw-request.ts";

const nothingInside = ["access_token", "refresh_token", "scope", "token_type", "reason", "stack", "cause"];

/** A refusal in the form of RFC 6749 §5.2, beside the members of every error. */
export function refused(
  status: number,
  error: string,
  more: Partial<Expected> & { readonly code?: string } = {},
): Expected {
  return {
    status,
    code: error,
    absent: nothingInside,
    absentHeaders: ["www-authenticate", "set-cookie", "access-control-allow-credentials"],
    ...more,
    body: { error, error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/) },
    headers: { "access-control-allow-origin": "*", ...more.headers },
  };
}

/** The answer of RFC 6749 §5.1. */
const issued = (scope: string, events: readonly string[]): Expected => ({
  status: 200,
  body: { token_type: "Bearer", expires_in: 3590, scope },
  absent: ["error", "code", "id_token"],
  headers: { "access-control-allow-origin": "*" },
  absentHeaders: ["set-cookie", "access-control-allow-credentials"],
  events,
});

const token = (parameters: Readonly<Record<string, string | undefined>>, headers = {}) =>
  form("/oauth/token", parameters, headers);
const minute = 60_000;
const resource = "http://127.0.0.1:7777/mcp";

/** The contract of the token endpoint, on every engine. */
export function oauthTokenContract(world: ProviderWorld): void {
  const server = sharedServer(world);
  const of = (request: ApiRequest, expected: Expected) => check(server(), "", request, expected);

  describe("/oauth/token reads", () => {
    const body = "grant_type=refresh_token&refresh_token=x&client_id=y";
    const type = { "content-type": "application/x-www-form-urlencoded" };

    test.each<[string, string, Readonly<Record<string, string>>, Expected]>([
      [
        "a body of another type",
        JSON.stringify({ grant_type: "refresh_token" }),
        { "content-type": "application/json" },
        refused(400, "invalid_request"),
      ],
      ["a body without a type", body, { "content-type": "" }, refused(400, "invalid_request")],
      ["an empty form", "", type, refused(400, "invalid_request")],
      ["a form without grant_type", "client_id=y", type, refused(400, "invalid_request")],
      ["grant_type without a value", "grant_type=&client_id=y", type, refused(400, "invalid_request")],
      ["a parameter twice", `${body}&client_id=y`, type, refused(400, "invalid_request")],
      ["an unknown parameter twice", `${body}&x=1&x=1`, type, refused(400, "invalid_request")],
      [
        "two resources",
        `${body}&resource=https://a.example&resource=https://b.example`,
        type,
        refused(400, "invalid_target"),
      ],
      [
        "an unknown grant type",
        "grant_type=password&username=alice&password=x&client_id=y",
        type,
        refused(400, "unsupported_grant_type"),
      ],
      [
        "a grant type of the prototype",
        "grant_type=constructor&client_id=y",
        type,
        refused(400, "unsupported_grant_type"),
      ],
      ["no client", "grant_type=refresh_token&refresh_token=x", type, refused(400, "invalid_request")],
      [
        "a secret in both places",
        `${body}&client_secret=z`,
        { ...type, ...basic("y", "z") },
        refused(400, "invalid_request", { absentHeaders: [], headers: {} }),
      ],
      [
        "an assertion of an unknown type",
        "grant_type=client_credentials&client_assertion=a.b.c",
        type,
        refused(400, "invalid_request"),
      ],
      [
        "an assertion without a client",
        "grant_type=client_credentials&client_assertion=a.b.c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        type,
        refused(401, "invalid_client"),
      ],
    ])("%s", async (_name, text, headers, expected) => {
      await of({ method: "POST", path: "/oauth/token", body: text, headers }, expected);
    });
  });

  describe("/oauth/token authenticates", () => {
    const grant = { grant_type: "refresh_token", refresh_token: "unknown" };
    const unknownGrant = refused(400, "invalid_grant");
    const challenged = { headers: { "www-authenticate": /^Basic realm=/ }, absentHeaders: ["set-cookie"] };

    test.each(["unknown", "lkc_forged", "lkc_", "x".repeat(2_000), "a\u0000b", "../etc"])(
      "an unknown client: %s",
      async (id) => {
        await of(token({ ...grant, client_id: id }), refused(401, "invalid_client"));
      },
    );

    test("a public client by its id alone", async () => {
      const { id } = await register(server());
      await of(token({ ...grant, client_id: id }), unknownGrant);
      await of(token({ ...grant, client_id: id, client_secret: "" }), unknownGrant);
      await of(token(grant, basic(id, "")), unknownGrant);
    });

    test("a public client with a secret is refused", async () => {
      const { id } = await register(server());
      await of(token({ ...grant, client_id: id, client_secret: "x" }), refused(401, "invalid_client"));
      await of(token(grant, basic(id, "x")), refused(401, "invalid_client", challenged));
    });

    test.each(["client_secret_basic", "client_secret_post"])(
      "a registered client with its secret: %s",
      async (method) => {
        const { id, secret = "" } = await register(server(), { token_endpoint_auth_method: method });
        await of(token(grant, basic(id, secret)), unknownGrant);
        await of(token({ ...grant, client_id: id, client_secret: secret }), unknownGrant);
        await of(token({ ...grant, client_id: id }), refused(401, "invalid_client"));
        const wrong = `${secret}x`;
        await of(token({ ...grant, client_id: id, client_secret: wrong }), refused(401, "invalid_client"));
        await of(token(grant, basic(id, wrong)), refused(401, "invalid_client", challenged));
      },
    );

    test("the operator's client with its secret, in Basic as it is and encoded as a form", async () => {
      const { id, secret } = await addClient(server());
      const encoded = (text: string) =>
        text.replaceAll(/[-_.~]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
      await of(token(grant, basic(id, secret)), unknownGrant);
      await of(token(grant, basic(encoded(id), encoded(secret))), unknownGrant);
      await of(token({ ...grant, client_id: id }, basic(id, secret)), unknownGrant);
      const other = refused(400, "invalid_request", { absentHeaders: ["set-cookie"] });
      await of(token({ ...grant, client_id: "other" }, basic(id, secret)), other);
      await of(token(grant, basic(id, "")), refused(401, "invalid_client", challenged));
    });

    test.each(["Basic", "Basic !", "Basic eA==", "Basic /w==", `Basic ${btoa("%zz:%")}`])(
      "a malformed header: %s",
      async (authorization) => {
        await of(token(grant, { authorization }), refused(401, "invalid_client", challenged));
      },
    );

    test("nobody by two headers, also if one of them is right", async () => {
      const [first, second] = [await addClient(server()), await addClient(server())];
      const fields = [first, second].map(
        ({ id, secret }) => `Authorization: ${basic(id, secret).authorization}\r\n`,
      );
      const body = String(new URLSearchParams(grant));
      const type = `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n`;
      const answer = await ask(server().url, "POST", "/oauth/token", {
        headers: type + fields.join(""),
        body,
      });
      expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    });

    test("a blocked client as an unknown one", async () => {
      for (const { id } of [
        await register(server(), { client_name: "To block", token_endpoint_auth_method: "none" }),
      ]) {
        await blockClient(server(), id);
        await of(token({ ...grant, client_id: id }), refused(401, "invalid_client"));
      }
      const { id, secret } = await addClient(server());
      await blockClient(server(), id);
      await of(token(grant, basic(id, secret)), refused(401, "invalid_client", challenged));
    });

    test("a client without the grant type", async () => {
      const { id } = await register(server());
      const machine = token({ grant_type: "client_credentials", client_id: id });
      await of(machine, refused(400, "unauthorized_client"));
      const { id: robot, secret } = await addClient(server(), { grantTypes: ["client_credentials"] });
      const expected = refused(400, "unauthorized_client", { absentHeaders: ["set-cookie"] });
      await of(token(grant, basic(robot, secret)), expected);
      await of(token({ grant_type: "authorization_code", code: "x" }, basic(robot, secret)), expected);
    });
  });

  describe("/oauth/token redeems", () => {
    const redeemed = issued("profile email", ["authorization.redeemed"]);

    test("a code, once", async () => {
      const { id } = await register(server());
      const allowed = await allow(server(), id);
      const answer = await of(token(redemption(allowed, id)), redeemed);
      expect(claimsOf(String(answer.body["access_token"]))).toMatchObject({
        iss: server().url,
        aud: `${server().url}/mcp`,
        client_id: id,
        scope: "profile email",
        sub: "user:alice",
      });
      await of(token(redemption(allowed, id)), refused(400, "invalid_grant"));
    });

    test("a code without its redirect URI, as OAuth 2.1 has it", async () => {
      const { id } = await register(server());
      const allowed = await allow(server(), id);
      await of(token(redemption(allowed, id, { redirect_uri: undefined })), redeemed);
    });

    test("a code of a confidential client with its secret alone", async () => {
      const { id, secret } = await addClient(server());
      const allowed = await allow(server(), id);
      await of(token(redemption(allowed, id)), refused(401, "invalid_client"));
      await of(token({ ...redemption(allowed, id), client_id: undefined }, basic(id, secret)), redeemed);
    });

    test("no code after a wrong request, and the right request still gets the tokens", async () => {
      const { id } = await register(server());
      const { id: otherId } = await register(server(), {
        client_name: "Other",
        token_endpoint_auth_method: "none",
      });
      const allowed = await allow(server(), id, { resource });
      const refusals: readonly (readonly [Readonly<Record<string, string | undefined>>, string])[] = [
        [{ code: undefined }, "invalid_request"],
        [{ code_verifier: undefined }, "invalid_request"],
        [{ code: "lka_unknown" }, "invalid_grant"],
        [{ code_verifier: "v".repeat(43) }, "invalid_grant"],
        [{ code_verifier: "short" }, "invalid_grant"],
        [{ redirect_uri: "http://127.0.0.1:4322/callback" }, "invalid_grant"],
        [{ client_id: otherId }, "invalid_grant"],
        [{ resource: "https://elsewhere.example/mcp" }, "invalid_target"],
        [{ resource: `${server().url}/mcp` }, "invalid_target"],
      ];
      for (const [change, error] of refusals) {
        await of(token(redemption(allowed, id, change)), refused(400, error));
      }
      await of(token(redemption(allowed, id, { resource })), redeemed);
    });

    test("no code that has expired", async () => {
      await using own = await world.open();
      const { id } = await register(own);
      const allowed = await allow(own, id);
      own.advance(minute + 1);
      await check(own, "", token(redemption(allowed, id)), refused(400, "invalid_grant"));
    });

    test("no code again after the grace: its session ends", async () => {
      await using own = await world.open();
      const { id } = await register(own);
      const allowed = await allow(own, id);
      const { refresh } = tokensIn(await send(own, "", token(redemption(allowed, id))));
      own.advance(minute + 1);
      const replayed = ["authorization.replayed", "session.ended"];
      await check(
        own,
        "",
        token(redemption(allowed, id)),
        refused(400, "invalid_grant", { events: replayed }),
      );
      const grant = { grant_type: "refresh_token", refresh_token: refresh, client_id: id };
      await check(own, "", token(grant), refused(400, "invalid_grant"));
    });
  });

  describe("/oauth/token refreshes", () => {
    const refreshOf = (id: string, refresh: string, more = {}) =>
      token({ grant_type: "refresh_token", client_id: id, refresh_token: refresh, ...more });

    test("the session of the client, and rotates its token", async () => {
      const { id } = await register(server());
      const first = await clientTokens(server(), id);
      const rotated = issued("profile email", ["token.refreshed"]);
      const second = tokensIn(await of(refreshOf(id, first.refresh), rotated));
      expect(second.refresh).not.toBe(first.refresh);
      expect(claimsOf(second.access)["sid"]).toBe(claimsOf(first.access)["sid"]);
      const third = tokensIn(
        await of(refreshOf(id, second.refresh, { scope: "email" }), issued("email", ["token.refreshed"])),
      );
      expect(claimsOf(third.access)["scope"]).toBe("email");
      // A narrower access token leaves the session as wide as it was.
      await of(refreshOf(id, third.refresh), rotated);
    });

    test("no session after a wrong request, and the right request still gets the tokens", async () => {
      const { id } = await register(server());
      const { id: otherId } = await register(server(), {
        client_name: "Other",
        token_endpoint_auth_method: "none",
      });
      const { refresh } = await clientTokens(server(), id, { resource });
      const refusals: readonly (readonly [Readonly<Record<string, string | undefined>>, string])[] = [
        [{ refresh_token: undefined }, "invalid_request"],
        [{ refresh_token: "lkr_unknown" }, "invalid_grant"],
        [{ refresh_token: `${refresh}x` }, "invalid_grant"],
        [{ client_id: otherId }, "invalid_grant"],
        [{ resource: "https://elsewhere.example/mcp" }, "invalid_target"],
        [{ scope: "profile email notes:write" }, "invalid_scope"],
      ];
      for (const [change, error] of refusals) await of(refreshOf(id, refresh, change), refused(400, error));
      await of(refreshOf(id, refresh, { resource }), issued("profile email", ["token.refreshed"]));
    });

    test("no session that has ended", async () => {
      const { id } = await register(server());
      const { refresh } = await clientTokens(server(), id);
      await send(server(), "", form("/oauth/revoke", { token: refresh, client_id: id }));
      await of(refreshOf(id, refresh), refused(400, "invalid_grant"));
    });

    test("no old token after the grace: its session ends", async () => {
      await using own = await world.open();
      const { id } = await register(own);
      const first = await clientTokens(own, id);
      const second = tokensIn(await send(own, "", refreshOf(id, first.refresh)));
      own.advance(minute + 1);
      const replayed = ["refresh.replayed", "session.ended"];
      await check(own, "", refreshOf(id, first.refresh), refused(400, "invalid_grant", { events: replayed }));
      await check(own, "", refreshOf(id, second.refresh), refused(400, "invalid_grant"));
    });

    test("no session after its client was blocked", async () => {
      const { id } = await register(server(), {
        client_name: "Blocked later",
        token_endpoint_auth_method: "none",
      });
      const { refresh } = await clientTokens(server(), id);
      await blockClient(server(), id);
      await of(refreshOf(id, refresh), refused(401, "invalid_client"));
    });
  });

  describe("tokens are kept apart", () => {
    const refreshed = { method: "POST", path: "/auth/refresh" } as const;

    test("/auth/refresh refuses the tokens of a client", async () => {
      const { id } = await register(server());
      const { access, refresh } = await clientTokens(server(), id);
      for (const [body, code] of [
        [{ refresh_token: refresh }, "token_revoked"],
        [{ current_token: access }, "invalid_token"],
      ] as const) {
        await of({ ...refreshed, body }, { status: 401, code, absent: ["access_token", "error"] });
      }
      await of(
        token({ grant_type: "refresh_token", client_id: id, refresh_token: refresh }),
        issued("profile email", ["token.refreshed"]),
      );
    });

    test("/oauth/token refuses the refresh token of a person's own login", async () => {
      const { id } = await register(server());
      const { refresh } = await signIn(server());
      await of(
        token({ grant_type: "refresh_token", client_id: id, refresh_token: refresh }),
        refused(400, "invalid_grant"),
      );
      const body = { refresh_token: refresh };
      await of({ ...refreshed, body }, { status: 200, events: ["token.refreshed"] });
    });

    test.each([
      ["GET", "/auth/me"],
      ["POST", "/auth/logout"],
      ["GET", "/api/v1/auth/me"],
      ["POST", "/api/v1/auth/logout"],
    ] as const)("%s %s refuses the access token of a client", async (method, path) => {
      const { id } = await register(server());
      for (const asked of [undefined, resource]) {
        const { access } = await clientTokens(server(), id, { resource: asked });
        const headers = { authorization: `Bearer ${access}` };
        await of({ method, path, headers }, { status: 401, code: "invalid_token", absent: ["id", "error"] });
      }
    });
  });

  describe("/oauth/token gives a machine its own token", () => {
    const machine = { grant_type: "client_credentials" };

    test("for the resource that it asks for", async () => {
      const { id, secret } = await addClient(server(), { scope: "" });
      const answer = await of(token({ ...machine, resource }, basic(id, secret)), {
        ...issued("", ["token.issued"]),
        absent: ["refresh_token", "error"],
      });
      expect(claimsOf(String(answer.body["access_token"]))).toMatchObject({
        sub: id,
        client_id: id,
        aud: resource,
      });
    });

    test("but none for an unknown resource or a wider scope", async () => {
      const { id, secret } = await addClient(server());
      const refusals = [
        [{ resource: "https://elsewhere.example" }, "invalid_target"],
        [{ resource, scope: "notes:read notes:write" }, "invalid_scope"],
      ] as const;
      for (const [more, error] of refusals) {
        const expected = refused(400, error, { absentHeaders: ["set-cookie"] });
        await of(token({ ...machine, ...more }, basic(id, secret)), expected);
      }
    });
  });
}
