import type {} from "fastify";
import type { Principal } from "../principal.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who sent the request. There in every handler behind `guard.fastify()`, and in no other. */
    principal: Principal;
  }
}
