import type { FastifyInstance } from "fastify";
import type { ClockWatch } from "../clock-watch.ts";
import { siteOf } from "../config/site.ts";
import { secondsOf } from "../core/clock-offset.ts";
import { isLoopback } from "../core/throttle/addresses.ts";
import { createApp } from "../http/app.ts";
import { sharedCheck, succeedsSoon } from "../http/health.ts";
import { exposition } from "../metrics/exposition.ts";
import type { MailMetrics } from "../metrics/mail-metrics.ts";
import type { OAuthMetrics } from "../metrics/oauth-metrics.ts";
import { type RepeatMetrics, RequestMetrics } from "../metrics/request-metrics.ts";
import { serverMetrics } from "../metrics/server-metrics.ts";
import type { Foundation, Keys } from "./keys.ts";
import type { Mail } from "./mail.ts";
import { oauthEdge } from "./oauth-edge.ts";
import type { Stories } from "./stories.ts";

/** The parts that the app is composed of. */
export interface AppComposition extends Foundation {
  readonly keys: Keys;
  readonly stories: Stories;
  readonly clockWatch: ClockWatch;
  readonly repeats: RepeatMetrics;
  readonly oauthMetrics: OAuthMetrics;
  readonly mail: Mail | undefined;
  readonly mailMetrics: MailMetrics;
  readonly lostLogLines: (() => number) | undefined;
  readonly idleGrace: number;
}

/** Composes the HTTP app from the stories, the keys and the metrics. */
export async function composeApp(parts: AppComposition): Promise<FastifyInstance> {
  const { config, issuer, store, steady, log, keys, stories, clockWatch, lostLogLines } = parts;
  const { signingKeys, revocations } = keys;
  const { realm, queue } = stories;
  const requests = new RequestMetrics();
  // A trusted proxy at a loopback address would make strangers look like programs on this machine.
  const local =
    isLoopback(config.host) && isLoopback(new URL(issuer).hostname) && config.trustedProxies.length === 0;
  const assertReady = sharedCheck(async () => {
    await store.assertReady();
    signingKeys.assertUsable();
    await realm?.assertReady();
  }, steady);
  return createApp({
    ...stories.operations,
    issuer,
    host: config.host,
    allowedHosts: config.allowedHosts,
    docs: config.docs === "on",
    hstsSubdomains: config.hstsSubdomains === "on",
    foreign: realm?.foreign,
    keySet: () =>
      realm === undefined || stories.oauth !== undefined
        ? { keys: signingKeys.keySet.keys, current: signingKeys.keySetIsCurrent }
        : { keys: [], current: true },
    assertReady,
    clockOffset: () => clockWatch.offset && secondsOf(clockWatch.offset.offset),
    warnings: () => (clockWatch.warning === undefined ? [] : [clockWatch.warning]),
    trustedProxies: config.trustedProxies,
    forwardedHeader: config.forwardedHeader,
    corsOrigins: config.corsOrigins,
    revocationRoutes: { revocations, keys: config.guardKeys, local },
    idleGrace: parts.idleGrace,
    metrics: {
      requests,
      read: async () => {
        const ready = await succeedsSoon(assertReady);
        const { replica } = config;
        const watched = { queue, revocations, store, lostLogLines, clockWatch, replica, ready };
        const ofOAuth = parts.oauthMetrics.families(stories.oauth?.documentFetches());
        // Without an answer of the database the other figures still go out.
        const waiting = parts.mail && (await store.outbox.count().catch(() => undefined));
        const ofMail = parts.mail === undefined ? [] : parts.mailMetrics.families(waiting);
        const counted = [...ofMail, ...requests.families(), ...parts.repeats.families(), ...ofOAuth];
        return exposition([...counted, ...serverMetrics(watched)]);
      },
      keys: config.metricsKeys,
      local,
    },
    mcp: stories.mcp,
    account: stories.account,
    site: siteOf(config, issuer),
    administration: stories.administration,
    selfService: stories.selfService && {
      selfService: stories.selfService,
      ownSessions: stories.ownSessions,
      check: keys.check,
      mailLanguage: config.mailLanguage,
    },
    mailbox: parts.mail?.mailbox,
    ...oauthEdge({ config, issuer, oauth: stories.oauth, local }),
    log,
  });
}
