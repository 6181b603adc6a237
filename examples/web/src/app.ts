import { getConnInfo } from "@hono/node-server/conninfo";
import { AuthClient, isKnownError, SignedOutError } from "@latchkey/client";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { csrf } from "hono/csrf";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { Sessions } from "./sessions.ts";

/** The addresses of the two servers behind this one, and the page's files. */
export interface WebOptions {
  readonly login: string;
  readonly notes: string;
  readonly html: string;
  readonly script: string;
}

/** Scripts cannot read the cookie, no subdomain can set it, and no other site's request carries it. */
const cookie = { prefix: "host", path: "/", secure: true, httpOnly: true, sameSite: "Strict" } as const;

/** A backend for the page. It signs in, keeps the tokens, and calls the notes API with them. */
export function webApp({ login, notes, html, script }: WebOptions): Hono {
  const sessions = new Sessions();
  const app = new Hono();
  const sessionOf = (c: Context) => sessions.get(getCookie(c, "session", "host"));
  const signedIn = (c: Context) => {
    const auth = sessionOf(c);
    if (!auth) throw new SignedOutError();
    return auth;
  };

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    }),
    // Refuses a form or a simple request of another origin, also of another port or subdomain of this site.
    // All other requests of another origin fail at the preflight, because no answer allows one.
    csrf(),
    bodyLimit({ maxSize: 100_000 }),
  );
  app.get("/", (c) => c.html(html));
  app.get("/page.js", (c) => c.body(script, 200, { "content-type": "text/javascript" }));

  app.use("/api/*", async (c, next) => {
    await next();
    // Set last, so that errors have it as well.
    c.header("cache-control", "no-store");
  });
  app.get("/api/session", async (c) => c.json(await signedIn(c).me()));

  app.post("/api/session", async (c) => {
    const { username, password } = Object(await c.req.json().catch(() => undefined));
    if (typeof username !== "string" || typeof password !== "string") throw new HTTPException(400);
    // The login server counts failures by address. It must trust this server as a proxy to believe the header.
    const headers = { "x-forwarded-for": getConnInfo(c).remote.address ?? "" };
    const auth = new AuthClient({ baseURL: login, headers });
    const { user } = await auth.login({ username, password });
    // A login never continues the session that the browser had before.
    await sessionOf(c)?.logout().result();
    setCookie(c, "session", sessions.add(auth), cookie);
    return c.json(user ?? (await auth.me()));
  });

  app.delete("/api/session", async (c) => {
    deleteCookie(c, "session", cookie);
    await sessionOf(c)?.logout();
    return c.body(null, 204);
  });

  app.on(["GET", "POST"], "/api/notes", async (c) => {
    const { method } = c.req;
    const headers = { "content-type": "application/json" };
    const text = method === "POST" ? { body: await c.req.text(), headers } : {};
    const { status, body } = await signedIn(c).fetch(`${notes}/notes`, { method, ...text });
    return new Response(body, { status, headers });
  });

  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    if (!isKnownError(error)) return c.json({ message: "The notes cannot be reached" }, 502);
    const { message } = error;
    if (error.kind === "signed_out") return c.json({ message }, 401);
    // An error can have a status of success: its body was not the expected one.
    if (!("status" in error) || error.status < 400 || error.status >= 500)
      return c.json({ message: "Nobody can sign in now" }, 502);
    return Response.json({ message }, { status: error.status });
  });
  return app;
}
