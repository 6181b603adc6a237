import type {} from "fastify";
import type { Principal } from "../principal.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The signed-in user. Present only in handlers behind `guard.fastify()`. */
    principal: Principal;
  }
}
