// Calls each operation of the administration and of the own account with the client that `openapi-typescript` and
// `openapi-fetch` make, and prints the operations that were answered with a success, and those that were not.

import { setTimeout } from "node:timers/promises";
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema.ts";

const [baseUrl = "", username = "", password = ""] = process.argv.slice(2);

const called: string[] = [];
const refused: string[] = [];
const record: Middleware = {
  async onResponse({ request, schemaPath, response }) {
    const operation = `${request.method} ${schemaPath}`;
    if (response.ok) called.push(operation);
    else refused.push(`${operation}: ${response.status} ${await response.clone().text()}`);
  },
};

function clientOf(token = "") {
  const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  const client = createClient<paths>({ baseUrl, headers });
  client.use(record);
  return client;
}

const anonymous = clientOf();

async function signedIn(name: string, word: string) {
  const { data } = await anonymous.POST("/auth/login", { body: { username: name, password: word } });
  return clientOf(data?.access_token);
}

const seen = new Set<string>();

/** The token of the next link to a page in the mailbox of the server. */
async function linkTo(page: "reset" | "confirm" | "join"): Promise<string> {
  for (;;) {
    const mailbox = await (await fetch(`${baseUrl}/mailbox`)).text();
    const links = [...mailbox.matchAll(/account\/([a-z]+)\?link=(lkl_[\w-]+)/g)];
    const found = links.find(([, name, token = ""]) => name === page && !seen.has(token))?.[2];
    if (found !== undefined) {
      seen.add(found);
      return found;
    }
    await setTimeout(50);
  }
}

const admin = await signedIn(username, password);
const words = [
  "orange tractor sings",
  "blue ladder in the rain",
  "green kettle walks",
  "a yellow boat sails",
];
const [first = "", second = "", third = "", fourth = ""] = words;

// Users.
const erin = { username: "erin", email: "erin@example.com", password: first };
const { data: added } = await admin.POST("/admin/v1/users", { body: erin });
const path = { id: added?.id ?? "" };
await admin.GET("/admin/v1/users", { params: { query: { search: "er" } } });
await admin.GET("/admin/v1/users/{id}", { params: { path } });
await admin.PATCH("/admin/v1/users/{id}", { params: { path }, body: { display_name: "Erin" } });
await admin.PUT("/admin/v1/users/{id}/password", { params: { path }, body: { password: second } });
await admin.POST("/admin/v1/users/{id}/disable", { params: { path } });
await admin.POST("/admin/v1/users/{id}/enable", { params: { path } });
await admin.POST("/admin/v1/users/{id}/unlock", { params: { path } });
await admin.POST("/admin/v1/users/{id}/reset", { params: { path } });

// The own account.
const reset = { link: await linkTo("reset"), new_password: third };
await anonymous.POST("/auth/password/reset", { body: reset });
const own = await signedIn("erin", third);
await own.POST("/auth/email/verify");
await anonymous.POST("/auth/email/confirm", { body: { link: await linkTo("confirm") } });
const change = { current_password: third, new_password: fourth };
await own.POST("/auth/password", { body: change });
await own.POST("/auth/email", { body: { current_password: fourth, email: "erin@example.org" } });
await anonymous.POST("/auth/password/forgot", { body: { username: "erin" } });
await signedIn("erin", fourth);
const { data: list } = await own.GET("/auth/sessions");
const other = list?.sessions.find(({ current }) => !current)?.id ?? "";
await own.DELETE("/auth/sessions/{id}", { params: { path: { id: other } } });
await own.DELETE("/auth/sessions", { params: { query: { keep_current: "true" } } });
await anonymous.POST("/auth/sign-up", { body: { email: "finn@example.com" } });
const joining = { link: await linkTo("join"), username: "finn", password: first };
const { data: finn } = await anonymous.POST("/auth/join", { body: joining });
const { data: invitation } = await admin.POST("/admin/v1/invitations", {
  body: { email: "gail@example.org" },
});
const { data: invitations } = await admin.GET("/admin/v1/invitations");
if (invitations?.items[0]?.id !== invitation?.id) throw new Error("the list has another invitation");
await admin.DELETE("/admin/v1/invitations/{id}", { params: { path: { id: invitation?.id ?? "" } } });

// Sessions.
await signedIn("erin", fourth);
const { data: sessions } = await admin.GET("/admin/v1/users/{id}/sessions", { params: { path } });
await admin.GET("/admin/v1/sessions", { params: { query: { user: path.id } } });
const session = { path: { id: sessions?.items[0]?.id ?? "" } };
await admin.GET("/admin/v1/sessions/{id}", { params: session });
await admin.DELETE("/admin/v1/sessions/{id}", { params: session });
await admin.DELETE("/admin/v1/users/{id}/sessions", { params: { path } });

// Clients, resources and keys.
const robot = { name: "Robot", authentication: "secret", machine: true } as const;
const { data: client } = await admin.POST("/admin/v1/clients", { body: robot });
const params = { path: { id: client?.id ?? "" } };
await admin.GET("/admin/v1/clients");
await admin.GET("/admin/v1/clients/{id}", { params });
await admin.POST("/admin/v1/clients/{id}/secret", { params });
await admin.POST("/admin/v1/clients/{id}/block", { params });
await admin.POST("/admin/v1/clients/{id}/unblock", { params });
await admin.DELETE("/admin/v1/clients/{id}", { params });
const notes = { path: { url: "https://notes.example.com/mcp" } };
await admin.PUT("/admin/v1/resources/{url}", { params: notes, body: { scopes: ["notes:read"] } });
await admin.GET("/admin/v1/resources");
await admin.GET("/admin/v1/resources/{url}", { params: notes });
await admin.DELETE("/admin/v1/resources/{url}", { params: notes });
await admin.GET("/admin/v1/keys");
await admin.POST("/admin/v1/keys/rotate", { body: { force: true } });

// The session of a login.
const { data: login } = await anonymous.POST("/auth/login", { body: { username: "erin", password: fourth } });
const body = { refresh_token: login?.refresh_token ?? "" };
const { data: refreshed } = await anonymous.POST("/auth/refresh", { body });
const current = clientOf(refreshed?.access_token);
await current.GET("/auth/me");
await current.POST("/auth/logout");

// The end of the users, and the trail of it all.
await admin.GET("/admin/v1/users/{id}/export", { params: { path } });
await admin.DELETE("/admin/v1/users/{id}", { params: { path } });
await admin.POST("/admin/v1/users/{id}/erase", { params: { path: { id: finn?.id ?? "" } } });
await admin.GET("/admin/v1/audit", { params: { query: { event: "user.removed,user.erased" } } });

process.stdout.write(JSON.stringify({ called, refused }));
