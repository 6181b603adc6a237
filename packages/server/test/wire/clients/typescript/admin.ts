// Administers a user with the client that `openapi-typescript` and `openapi-fetch` make, and prints the answers as JSON.

import createClient from "openapi-fetch";
import type { paths } from "./schema.ts";

const [baseUrl = "", username = "", password = ""] = process.argv.slice(2);

const anonymous = createClient<paths>({ baseUrl });
const { data: signedIn } = await anonymous.POST("/auth/login", { body: { username, password } });
const headers = { authorization: `Bearer ${signedIn?.access_token}` };
const admin = createClient<paths>({ baseUrl, headers });

const body = {
  username: "dave",
  email: "dave@example.com",
  password: "orange tractor sings",
  roles: ["user", "editor"],
};
const once = { header: { "idempotency-key": "dave in TypeScript" } };
const { data: added } = await admin.POST("/admin/v1/users", { body, params: once });
const { data: again } = await admin.POST("/admin/v1/users", { body, params: once });
const path = { id: added?.id ?? "" };
const { data: shown, response } = await admin.GET("/admin/v1/users/{id}", { params: { path } });
const header = { "if-match": response.headers.get("etag") ?? "" };
const change = { params: { path, header }, body: { display_name: "Dave" } };
const { data: changed } = await admin.PATCH("/admin/v1/users/{id}", change);
const stale = await admin.PATCH("/admin/v1/users/{id}", change);
const { data: found } = await admin.GET("/admin/v1/users", { params: { query: { search: "DAV" } } });
const { data: disabled } = await admin.POST("/admin/v1/users/{id}/disable", { params: { path } });
const { data: removed } = await admin.DELETE("/admin/v1/users/{id}", { params: { path } });
const gone = await admin.GET("/admin/v1/users/{id}", { params: { path } });
const { data: events } = await admin.GET("/admin/v1/audit", { params: { query: { user: path.id } } });

process.stdout.write(
  JSON.stringify({
    added: added?.username,
    repeated: added?.id === again?.id,
    shown: shown?.email,
    changed: changed?.display_name,
    stale: [stale.response.status, stale.error?.code],
    found: found?.items.map((user) => user.username),
    disabled: disabled?.active_status,
    removed: removed?.message,
    gone: [gone.response.status, gone.error?.code],
    events: events?.items.map((event) => event.name),
  }),
);
