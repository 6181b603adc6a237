import { allow, type Guard } from "@latchkey/guard";
import "@latchkey/guard/fastify";
import Fastify, { type FastifyInstance } from "fastify";
import { Notes } from "./notes.ts";

const note = {
  type: "object",
  properties: { text: { type: "string", minLength: 1, maxLength: 10_000 } },
  required: ["text"],
} as const;

/** An API for notes. Users read and write their own notes; an administrator removes all notes. */
export function notesApi(guard: Guard, notes = new Notes()): FastifyInstance {
  const app = Fastify();
  // Every route below requires a signed-in user.
  app.addHook("onRequest", guard.fastify());

  app.get("/notes", ({ principal }) => ({ notes: notes.of(principal.userId) }));

  app.post<{ Body: { text: string } }>("/notes", { schema: { body: note } }, ({ principal, body }, reply) =>
    reply.code(201).send(notes.add(principal.userId, body.text)),
  );

  // Another user's note gets 404, like a note that does not exist.
  app.delete<{ Params: { id: string } }>("/notes/:id", ({ principal, params }, reply) => {
    if (notes.get(params.id)?.owner !== principal.userId) return reply.callNotFound();
    notes.remove(params.id);
    return reply.code(204).send();
  });

  app.delete("/notes", { onRequest: guard.fastify(allow.roles("admin")) }, () => ({
    removed: notes.removeAll(),
  }));
  return app;
}
