import type { Principal } from "../principal.ts";

declare global {
  // Express reads members that others add to a request from this namespace.
  namespace Express {
    interface Request {
      /** The signed-in user. Present only in handlers behind `guard.express()`. */
      principal: Principal;
    }
  }
}
