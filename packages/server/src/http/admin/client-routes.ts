import type { FastifyReply } from "fastify";
import { LatchkeyError } from "../../core/errors.ts";
import type { NewClient, NewProof } from "../../core/oauth/new-client.ts";
import type { FoundClient } from "../../core/oauth/registered-clients.ts";
import { clientVersion } from "../../core/oauth/versions.ts";
import type { ClientAdministration } from "../../core/stories/client-administration.ts";
import { clientAnswer, wholeClientAnswer } from "./admin-answers.ts";
import type { AdminCaller } from "./admin-guard.ts";
import type { ClientRequest } from "./admin-requests.ts";
import { type AdminScope, adminMount, plain, withBody } from "./admin-scope.ts";
import * as operations from "./client-operations.ts";
import { type PageQuery, pageById } from "./cursors.ts";
import { acceptedVersions, etagOf } from "./etags.ts";
import type { CreateOnce } from "./idempotency-header.ts";

/** The stories of OAuth clients. */
export interface ClientStories {
  readonly clients: (caller: AdminCaller) => ClientAdministration;
  readonly createOnce: CreateOnce;
}

interface ById {
  Params: { readonly id: string };
}

/** Serves OAuth clients. An id may be a URL: it is percent-encoded in the path. */
export function clientRoutes({ app, callerOf }: AdminScope, { clients, createOnce }: ClientStories): void {
  const all = `${adminMount}/clients`;
  const one = `${all}/:id`;

  app.get<{ Querystring: PageQuery }>(all, plain(operations.listClients), async (request, reply) => {
    const { list } = clients(callerOf(request));
    const { items, ...rest } = await pageById("clients", request.query, list);
    return reply.send({ items: items.map(clientAnswer), ...rest });
  });

  app.post<{ Body: ClientRequest }>(all, withBody(operations.addClient), async (request, reply) => {
    const caller = callerOf(request);
    const administration = clients(caller);
    const given = newClient(request.body);
    return createOnce(request, reply, caller, async () => {
      const { client, secret } = await administration.add(given);
      const added = await administration.find(client.id);
      const body = { ...wholeClientAnswer(added), ...(secret !== undefined && { secret }) };
      return { status: 201, body, etag: etagOf(clientVersion(added)) };
    });
  });

  app.get<ById>(one, plain(operations.showClient), async (request, reply) =>
    sendClient(reply, await clients(callerOf(request)).find(request.params.id)),
  );

  app.delete<ById>(one, plain(operations.removeClient), async (request, reply) => {
    await clients(callerOf(request)).remove(request.params.id, acceptedVersions(request.headers["if-match"]));
    return reply.send({ message: "Removed" });
  });

  app.post<ById>(`${one}/block`, plain(operations.blockClient), async (request, reply) => {
    const administration = clients(callerOf(request));
    const { id } = request.params;
    await administration.block(id, acceptedVersions(request.headers["if-match"]));
    return sendClient(reply, await administration.find(id));
  });

  app.post<ById>(`${one}/unblock`, plain(operations.unblockClient), async (request, reply) => {
    const administration = clients(callerOf(request));
    const { id } = request.params;
    await administration.unblock(id, acceptedVersions(request.headers["if-match"]));
    return sendClient(reply, await administration.find(id));
  });

  app.post<ById>(`${one}/secret`, plain(operations.replaceSecret), async (request, reply) => {
    const { id } = request.params;
    const versions = acceptedVersions(request.headers["if-match"]);
    return reply.send({ id, secret: await clients(callerOf(request)).replaceSecret(id, versions) });
  });
}

function sendClient(reply: FastifyReply, client: FoundClient): FastifyReply {
  return reply.header("etag", etagOf(clientVersion(client))).send(wholeClientAnswer(client));
}

function newClient(body: ClientRequest): NewClient {
  const { name, redirect_uris: redirectUris = [], machine = false, roles = [], scopes = [] } = body;
  return { name, redirectUris, proof: proofOf(body), machine, roles, scopes };
}

function proofOf(body: ClientRequest): NewProof {
  const { authentication = "none", jwks, jwks_uri: url } = body;
  for (const field of ["jwks", "jwks_uri"] as const) {
    if ((authentication === field) === (body[field] !== undefined)) continue;
    const msg = `${field} goes with the authentication of the same name`;
    throw new LatchkeyError("validation_error", {
      issues: [{ loc: ["body", field], msg, type: "value_error" }],
    });
  }
  if (jwks !== undefined) return { kind: "keys", keys: jwks.keys };
  if (url !== undefined) return { kind: "key_address", url };
  return { kind: authentication === "secret" ? "new_secret" : "none" };
}
