import { holdToken } from "../field-argument.ts";
import { isObject } from "../objects.ts";
import { shadow } from "../shadow.ts";
import type { ToolPolicy, ToolRules } from "../tool-policy.ts";
import type { Dialect } from "./dialect.ts";
import { GuardedTools } from "./guarded-tools.ts";
import { assertConfig } from "./input-schema.ts";
import { RegisteredNames } from "./registered-names.ts";
import { isStdio } from "./stdio-transport.ts";
import { ToolGate } from "./tool-gate.ts";

/** What both majors of the SDK call a server, by what is needed of it here; the rest is found by name. */
interface AnyMcpServer {
  readonly server: { assertCanSetRequestHandler(method: string): void };
}

/**
 * Puts a policy in front of the tools of a server, by shadowing public methods of this one instance.
 *
 * @throws {Error} where tools were registered before
 */
export function install(mcp: AnyMcpServer, policy: ToolPolicy<ToolRules>, dialect: Dialect): void {
  const { server } = mcp;
  const gate = new ToolGate(policy);
  const tools = new GuardedTools(gate, dialect);
  const names = new RegisteredNames(gate.tools);
  let registering = false;
  assertUntouched(server);
  guarded.add(server);

  shadow(server, "setRequestHandler", (original, subject, ...rest) => {
    const method = dialect.methodOf(subject);
    if (method !== "tools/call" && method !== "tools/list") return original(subject, ...rest);
    const handler = rest.pop();
    if (!registering || typeof handler !== "function") {
      throw new Error(`guardTools: ${method} is guarded, so register tools one by one instead`);
    }
    const guarded = (request: unknown, context: object) =>
      tools[method === "tools/call" ? "call" : "list"](request, context, (...args) =>
        Reflect.apply(handler, undefined, args),
      );
    return original(subject, ...rest, guarded);
  });

  shadow(server, "connect", (original, transport) => {
    names.assertComplete();
    if (gate.tokenField !== undefined && isObject(transport)) holdTokensOf(transport, gate.tokenField);
    tools.overStdio = isStdio(transport);
    return original(transport);
  });

  for (const registrar of dialect.registrars) {
    shadow(mcp, registrar, (original, name, ...rest) => {
      const callback = rest.pop();
      for (const part of rest) assertConfig(String(name), part, gate.tokenField);
      registering = true;
      try {
        const tool = original(name, ...rest, tools.handler(callback));
        names.add(String(name));
        if (isObject(tool)) {
          tools.lists.add(String(name), tool);
          guardUpdates(String(name), tool);
        }
        return tool;
      } finally {
        registering = false;
      }
    });
  }

  /** A tool may get another name, schema or handler later: they are guarded as the first ones are. */
  function guardUpdates(first: string, tool: object): void {
    let current = first;
    let handler = Reflect.get(tool, "handler");
    Object.defineProperty(tool, "handler", {
      configurable: true,
      enumerable: true,
      get: () => handler,
      set: (callback: unknown) => {
        handler = tools.handler(callback);
      },
    });
    shadow(tool, "update", (original, updates) => {
      if (!isObject(updates)) return original(updates);
      assertConfig(current, { ...updates, inputSchema: updates["paramsSchema"] ?? {} }, gate.tokenField);
      const { callback, name } = updates;
      const updated = original(
        callback === undefined ? updates : { ...updates, callback: tools.handler(callback) },
      );
      if (name === undefined) return updated;
      const renamed = typeof name === "string" && name !== "" ? name : undefined;
      names.rename(current, renamed);
      tools.lists.rename(current, renamed);
      current = String(name);
      return updated;
    });
  }
}

/** Servers that have a policy. A second one would look for tokens that the first has taken. */
const guarded = new WeakSet<object>();

/** @throws {Error} where the server's own handlers are in place already, and so out of reach */
function assertUntouched(server: AnyMcpServer["server"]): void {
  if (guarded.has(server)) throw new Error("guardTools: this server has a policy already");
  try {
    server.assertCanSetRequestHandler("tools/list");
    server.assertCanSetRequestHandler("tools/call");
  } catch {
    throw new Error(
      "guardTools: it comes before the first tool is registered, and capabilities.tools is left out of the server's options",
    );
  }
}

/** The SDK calls what it finds as `onmessage` before it reads a message itself. */
function holdTokensOf(transport: object, field: string): void {
  const before: unknown = Reflect.get(transport, "onmessage");
  Reflect.set(transport, "onmessage", (message: unknown, ...rest: unknown[]) => {
    holdToken(message, field);
    if (typeof before === "function") Reflect.apply(before, transport, [message, ...rest]);
  });
}
