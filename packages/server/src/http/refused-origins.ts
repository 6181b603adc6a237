import type { FastifyInstance, FastifyRequest } from "fastify";
import type { LogSink } from "./error-answers.ts";

/** The web pages that may call the server. */
export interface OriginOptions {
  /** The public address. Pages of the server itself are never refused. */
  readonly issuer: string;
  readonly corsOrigins: readonly string[];
  readonly log: LogSink;
}

/** Logged origins, at most. An attacker can send any number of them. */
const mostOrigins = 100;

/** The longest origin that is logged, in characters. A host name has at most 253. */
const mostLength = 300;

/**
 * Logs each origin of a web page that the browser keeps from the server, once per process. Only the page's own console
 * shows the refusal otherwise, and the operator looks for the fault elsewhere.
 */
export function logRefusedOrigins(app: FastifyInstance, { issuer, corsOrigins, log }: OriginOptions): void {
  if (corsOrigins.includes("*")) return;
  const admitted = new Set([new URL(issuer).origin, ...corsOrigins]);
  const logged = new Set<string>();

  app.addHook("onResponse", (request, reply, done) => {
    const { origin } = request.headers;
    // A form of another site stays refused, whatever the list says. So the advice would mislead.
    if (origin === undefined || reply.refusal === "forbidden_origin") return done();
    if (!admitted.has(origin) && !logged.has(origin)) {
      // Some routes decide themselves which pages may call them. They answer 403 to the others.
      const decides = Reflect.get(request.routeOptions.config, "cors") === false;
      if ((!decides || reply.statusCode === 403) && isForeign(origin, request)) note(origin);
    }
    done();
  });

  function note(origin: string): void {
    if (logged.size > mostOrigins) return;
    logged.add(origin);
    if (logged.size > mostOrigins) {
      log.warn(
        { origins: mostOrigins },
        `web pages of more than ${mostOrigins} origins were refused: further ones are not logged`,
      );
    } else {
      log.warn(
        { origin },
        `a web page of ${origin} was refused: if it is yours, add this origin to LATCHKEY_CORS_ORIGINS`,
      );
    }
  }
}

/**
 * Whether this is the origin of a page on another host. Other text, which no browser sends, may be an attempt to forge
 * lines. An operator copies the origin into a list, so a comma in it could add a second one, such as `*`.
 */
function isForeign(origin: string, { headers }: FastifyRequest): boolean {
  if (origin.length > mostLength || /[,*]/.test(origin)) return false;
  const parsed = URL.parse(origin);
  return parsed !== null && parsed.origin === origin && parsed.host !== headers.host;
}
