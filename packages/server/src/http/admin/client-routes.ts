import { LatchkeyError } from "../../core/errors.ts";
import type { NewClient, NewProof } from "../../core/oauth/new-client.ts";
import type { ClientAdministration } from "../../core/stories/client-administration.ts";
import { clientAnswer } from "./admin-answers.ts";
import type { AdminCaller } from "./admin-guard.ts";
import type { ClientRequest } from "./admin-requests.ts";
import { type AdminScope, adminMount, plain, withBody } from "./admin-scope.ts";
import * as operations from "./client-operations.ts";
import { type PageQuery, pageById } from "./cursors.ts";
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

  /** A client with all that is known of it. */
  async function shown(administration: ClientAdministration, id: string) {
    return clientAnswer(await administration.find(id), await administration.registered(id));
  }

  app.get<{ Querystring: PageQuery }>(all, plain(operations.listClients), async (request, reply) => {
    const { list } = clients(callerOf(request));
    const { items, ...rest } = await pageById("clients", request.query, list);
    return reply.send({ items: items.map((client) => clientAnswer(client)), ...rest });
  });

  app.post<{ Body: ClientRequest }>(all, withBody(operations.addClient), async (request, reply) => {
    const caller = callerOf(request);
    const administration = clients(caller);
    const given = newClient(request.body);
    return createOnce(request, reply, caller, async () => {
      const { client, secret } = await administration.add(given);
      const answer = await shown(administration, client.id);
      return { status: 201, body: { ...answer, ...(secret !== undefined && { secret }) } };
    });
  });

  app.get<ById>(one, plain(operations.showClient), async (request, reply) =>
    reply.send(await shown(clients(callerOf(request)), request.params.id)),
  );

  app.delete<ById>(one, plain(operations.removeClient), async (request, reply) => {
    await clients(callerOf(request)).remove(request.params.id);
    return reply.send({ message: "Removed" });
  });

  app.post<ById>(`${one}/block`, plain(operations.blockClient), async (request, reply) => {
    const administration = clients(callerOf(request));
    await administration.block(request.params.id);
    return reply.send(await shown(administration, request.params.id));
  });

  app.post<ById>(`${one}/unblock`, plain(operations.unblockClient), async (request, reply) => {
    const administration = clients(callerOf(request));
    await administration.unblock(request.params.id);
    return reply.send(await shown(administration, request.params.id));
  });

  app.post<ById>(`${one}/secret`, plain(operations.replaceSecret), async (request, reply) => {
    const { id } = request.params;
    return reply.send({ id, secret: await clients(callerOf(request)).replaceSecret(id) });
  });
}

function newClient(body: ClientRequest): NewClient {
  const { name, redirect_uris: redirectUris = [], machine = false, roles = [], scopes = [] } = body;
  return { name, redirectUris, proof: proofOf(body), machine, roles, scopes };
}

function proofOf({ authentication = "none", jwks_uri: url }: ClientRequest): NewProof {
  if ((authentication === "jwks_uri") !== (url !== undefined)) {
    const msg = "jwks_uri goes with the authentication of the same name";
    throw new LatchkeyError("validation_error", {
      issues: [{ loc: ["body", "jwks_uri"], msg, type: "value_error" }],
    });
  }
  if (url !== undefined) return { kind: "key_address", url };
  return { kind: authentication === "secret" ? "new_secret" : "none" };
}
