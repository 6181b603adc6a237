import type { FastifyInstance, FastifyReply } from "fastify";
import type { User } from "../core/people/users.ts";
import type { CurrentUser } from "../core/stories/current-user.ts";
import type { Refresh, RefreshGrant } from "../core/stories/refresh.ts";
import type { SignIn } from "../core/stories/sign-in.ts";
import type { SignOut } from "../core/stories/sign-out.ts";
import { bearerOf, callerOf, waitingCallerOf } from "./caller.ts";
import { describeCurrentUser, describeLogin, describeLogout, describeRefresh } from "./openapi-operations.ts";
import { forgetContentType, readJson } from "./request-input.ts";
import type {
  CurrentUserInfo,
  LoginRequest,
  LoginResponse,
  LogoutResponse,
  RefreshTokenRequest,
  RefreshTokenResponse,
} from "./schemas.ts";

/** The four operations. */
export interface AuthOperations {
  readonly signIn: SignIn;
  readonly refresh: Refresh;
  readonly currentUser: CurrentUser;
  readonly signOut: SignOut;
}

/** Serves the four operations under a mount point, such as `/auth`. */
export function authRoutes(app: FastifyInstance, mount: string, operations: AuthOperations): void {
  app.post<{ Body: LoginRequest }>(
    `${mount}/login`,
    { schema: describeLogin(mount), preValidation: readJson },
    async (request, reply) => {
      const { username, password } = request.body;
      const caller = waitingCallerOf(request, reply);
      const signedIn = await operations.signIn({ username, password }, caller);
      const { user, accessToken, expiresIn, refreshToken } = signedIn;
      return answer<LoginResponse>(reply, {
        access_token: accessToken,
        token_type: "bearer",
        expires_in: expiresIn,
        refresh_token: refreshToken,
        user_id: user.id,
        username: user.username,
        roles: [...user.roles],
        user: userInfo(user),
      });
    },
  );

  app.post<{ Body: RefreshTokenRequest }>(
    `${mount}/refresh`,
    { schema: describeRefresh(mount), preValidation: readJson },
    async (request, reply) => {
      const refreshed = await operations.refresh(grantOf(request.body), callerOf(request));
      return answer<RefreshTokenResponse>(reply, {
        access_token: refreshed.accessToken,
        token_type: "bearer",
        expires_in: refreshed.expiresIn,
        ...(refreshed.refreshToken === undefined ? {} : { refresh_token: refreshed.refreshToken }),
      });
    },
  );

  app.get(`${mount}/me`, { schema: describeCurrentUser(mount) }, async (request, reply) =>
    sendUser(reply, await operations.currentUser(bearerOf(request))),
  );

  const logout = { schema: describeLogout(mount), onRequest: forgetContentType };
  app.post(`${mount}/logout`, logout, async (request, reply) => {
    await operations.signOut(bearerOf(request), callerOf(request));
    return answer<LogoutResponse>(reply, { message: "Successfully logged out" });
  });
}

/** Serializes the body here. Fastify would look up a serializer by content type, which takes longer than the work. */
function answer<Body extends object>(reply: FastifyReply, body: Body): FastifyReply {
  return sendJson(reply, JSON.stringify(body));
}

function sendJson(reply: FastifyReply, body: string): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(body);
}

/** Serialized bodies of cached users: the same client asks again and again. */
const serialized = new WeakMap<User, string>();

function sendUser(reply: FastifyReply, user: User): FastifyReply {
  let body = serialized.get(user);
  if (body === undefined) {
    const mark = user.mustChangePassword ? ({ must_change_password: true } as const) : {};
    body = JSON.stringify({ ...userInfo(user), roles: [...user.roles], ...mark } satisfies CurrentUserInfo);
    serialized.set(user, body);
  }
  return sendJson(reply, body);
}

function userInfo(user: User): LoginResponse["user"] {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    display_name: user.displayName,
    active_status: user.active,
  };
}

function grantOf({ refresh_token, current_token }: RefreshTokenRequest): RefreshGrant {
  if (typeof refresh_token === "string") return { refreshToken: refresh_token };
  // The schema requires one of the two. An empty token is refused as invalid.
  return { currentToken: current_token ?? "" };
}
