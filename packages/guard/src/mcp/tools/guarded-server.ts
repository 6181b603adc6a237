import type { Principal } from "../../principal.ts";
import { isObject, type Members } from "../../support/own-members.ts";
import type { ToolPolicy, ToolRules } from "../policy.ts";
import { shadow } from "../shadow.ts";
import { holdToken } from "../token-field.ts";
import { isStdio, type RequestSource } from "./caller.ts";
import { assertConfig } from "./input-schema.ts";
import { assertRules } from "./registered-tools.ts";
import { ToolCalls } from "./tool-calls.ts";
import { toolGateOf } from "./tool-gate.ts";
import { createToolList } from "./tool-list.ts";

/** The differences between the majors of the official SDK that matter for guarding tools. */
export interface Dialect {
  /** The server's methods that register a tool. Their last argument is the tool's handler. */
  readonly registrars: readonly string[];
  /** The configuration of a tool, from an argument of a registrar between the tool's name and its handler. */
  configOf(registrar: string, argument: unknown): unknown;
  /** The method that a first argument of `setRequestHandler` names. */
  methodOf(subject: unknown): string;
  /** The source of a request by its context. It is `local` if the context has no member of HTTP. */
  sourceOf(context: object): RequestSource;
  /** The context for a tool's handler: with the principal, and without any token. */
  contextFor(context: object, principal: Principal): object;
  /** Marks a result as private to its user, for caches, if the protocol revision has such a mark. */
  privately(context: object, result: Members): Members;
}

/** The part of an `McpServer` that both majors of the SDK declare. Other methods are found by name. */
interface AnyMcpServer {
  readonly server: { assertCanSetRequestHandler(method: string): void };
}

/**
 * Puts a policy in front of the tools of a server, by shadowing public methods of this one instance.
 *
 * @throws {Error} if tools were registered before
 */
export function guardServer(mcp: AnyMcpServer, policy: ToolPolicy<ToolRules>, dialect: Dialect): void {
  const { server } = mcp;
  const gate = toolGateOf(policy);
  const registered = new Map<string, object>();
  const calls = new ToolCalls(gate, dialect.contextFor);
  const list = createToolList(gate, registered, dialect.privately);
  let overStdio = false;
  let registering = false;
  assertUntouched(server);
  guarded.add(server);

  /** The environment's token counts for the process at the other end of a pipe, and for no other transport. */
  function sourceOf(context: object): RequestSource {
    const { bearers, local } = dialect.sourceOf(context);
    return { bearers, local: local && overStdio };
  }

  shadow(server, "setRequestHandler", (original, subject, ...rest) => {
    const method = dialect.methodOf(subject);
    if (method !== "tools/call" && method !== "tools/list") return original(subject, ...rest);
    const handler = rest.pop();
    if (!registering || typeof handler !== "function") {
      throw new Error(`guardTools: ${method} is guarded, so register tools one by one instead`);
    }
    const next = (request: unknown, context: object) => Reflect.apply(handler, undefined, [request, context]);
    return original(subject, ...rest, (request: unknown, context: object) => {
      const source = sourceOf(context);
      return method === "tools/call"
        ? calls.call(request, context, source, next)
        : list(request, context, source, next);
    });
  });

  shadow(server, "connect", (original, transport) => {
    assertRules(registered, gate.tools);
    if (gate.tokenField !== undefined && isObject(transport)) holdTokensOf(transport, gate.tokenField);
    overStdio = isStdio(transport);
    return original(transport);
  });

  for (const registrar of dialect.registrars) {
    shadow(mcp, registrar, (original, name, ...rest) => {
      const callback = rest.pop();
      for (const part of rest) assertConfig(String(name), dialect.configOf(registrar, part), gate.tokenField);
      registering = true;
      try {
        const tool = original(name, ...rest, calls.handler(callback));
        if (!isObject(tool)) throw new Error(`guardTools: ${registrar}() returned no tool`);
        registered.set(String(name), tool);
        guardUpdates(String(name), tool);
        return tool;
      } finally {
        registering = false;
      }
    });
  }

  /** A tool may get another name, schema or handler later. They are guarded like the first ones. */
  function guardUpdates(first: string, tool: object): void {
    let current = first;
    let handler = Reflect.get(tool, "handler");
    Object.defineProperty(tool, "handler", {
      configurable: true,
      enumerable: true,
      get: () => handler,
      set: (callback: unknown) => {
        handler = calls.handler(callback);
      },
    });
    shadow(tool, "update", (original, updates) => {
      if (!isObject(updates)) return original(updates);
      assertConfig(current, { ...updates, inputSchema: updates["paramsSchema"] ?? {} }, gate.tokenField);
      const { callback, name } = updates;
      const updated = original(
        callback === undefined ? updates : { ...updates, callback: calls.handler(callback) },
      );
      if (name === undefined) return updated;
      registered.delete(current);
      // With null or an empty text as its name, the SDK removes the tool.
      if (typeof name === "string" && name !== "") registered.set(name, tool);
      current = String(name);
      return updated;
    });
  }
}

/** Servers that have a policy. A second policy would look for tokens that the first has taken out. */
const guarded = new WeakSet<object>();

/** @throws {Error} if the server has its own handlers already, which cannot be replaced */
function assertUntouched(server: AnyMcpServer["server"]): void {
  if (guarded.has(server)) throw new Error("guardTools: this server has a policy already");
  try {
    server.assertCanSetRequestHandler("tools/list");
    server.assertCanSetRequestHandler("tools/call");
  } catch {
    throw new Error(
      "guardTools: call it before the first tool is registered, and leave capabilities.tools out of the server's options",
    );
  }
}

/** Holds the tokens of all messages of a transport. The SDK calls an existing `onmessage` before it reads a message. */
function holdTokensOf(transport: object, field: string): void {
  const before: unknown = Reflect.get(transport, "onmessage");
  Reflect.set(transport, "onmessage", (message: unknown, ...rest: unknown[]) => {
    holdToken(message, field);
    if (typeof before === "function") Reflect.apply(before, transport, [message, ...rest]);
  });
}
