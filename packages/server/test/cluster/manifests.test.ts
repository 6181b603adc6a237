import { readFileSync } from "node:fs";
import { Place } from "@latchkey/testkit/server/server-process";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { allSettings, variableOf } from "../../src/config/settings.ts";
import { version } from "../../src/core/version.ts";
import { type Manifest, manifests, only, valueFiles } from "./chart.ts";
import { environmentOf, pathsOf, podOf } from "./pod.ts";

const place = new Place();
const postgres = await manifests({ file: "postgres-values.yaml" });
const sqlite = await manifests({ file: "sqlite-values.yaml" });
const keycloak = await manifests({ file: "keycloak-values.yaml" });
const full = await manifests({ file: "full-values.yaml" });
const kinds = (all: readonly Manifest[]) => all.map(({ kind }) => kind).sort();

/** The settings that are secrets, or may hold one. */
const secretVariables = allSettings
  .filter(([, { secret, holdsSecret }]) => secret === true || holdsSecret !== undefined)
  .map(([name]) => variableOf(name))
  .sort();

describe("every pod", () => {
  test.each(valueFiles)("runs without privileges: %s", async (file) => {
    const pod = podOf(await manifests({ file }));
    expect(pod.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.containers.map(({ securityContext }) => securityContext)).toEqual([
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    ]);
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(pod).not.toHaveProperty("hostNetwork");
    expect(pod.containers[0]?.args).toEqual(["serve"]);
  });

  test.each(valueFiles)("takes secrets from files alone: %s", async (file) => {
    const all = await manifests({ file });
    expect(kinds(all)).not.toContain("Secret");
    expect(JSON.stringify(all)).not.toMatch(/valueFrom|secretKeyRef|envFrom/);
    const environment = environmentOf(podOf(all));
    for (const variable of secretVariables) {
      const file = environment[`${variable}_FILE`];
      if (file !== undefined) expect(file).toBe(`/run/secrets/latchkey/${variable}`);
      const text = environment[variable];
      if (text !== undefined) expect([variable, text]).toEqual(["LATCHKEY_DATABASE", "/data/latchkey.db"]);
    }
  });

  test.each(valueFiles)("gets settings that the server knows: %s", async (file) => {
    const known = allSettings.map(([name]) => variableOf(name));
    const given = Object.keys(environmentOf(podOf(await manifests({ file }))));
    const files = secretVariables.map((variable) => `${variable}_FILE`);
    expect(given.filter((name) => ![...known, ...files].includes(name))).toEqual([]);
  });

  test("has a mounted file for each secret that the values name", () => {
    const secrets = podOf(full).volumes.find(({ name }) => name === "secrets");
    expect(secrets?.projected?.defaultMode).toBe(0o400);
    expect(secrets?.projected?.sources).toContainEqual({
      secret: { name: "latchkey-keys", items: [{ key: "guards", path: "LATCHKEY_GUARD_KEYS" }] },
    });
    expect(secrets?.projected?.sources).toHaveLength(6);
  });

  test("has time to drain, to finish open requests and to exit", () => {
    const { terminationGracePeriodSeconds, containers } = podOf(postgres);
    expect(containers[0]?.lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
    // The server ends 15 seconds after SIGTERM in any case.
    expect(terminationGracePeriodSeconds).toBeGreaterThan(5 + 15);
  });

  test("is restarted for its own fault, not for the database's", () => {
    const [container] = podOf(postgres).containers;
    expect(container?.livenessProbe).toMatchObject({ httpGet: { path: "/health/live", port: "http" } });
    expect(container?.startupProbe).toMatchObject({ httpGet: { path: "/health/live", port: "http" } });
    expect(container?.readinessProbe).toMatchObject({ httpGet: { path: "/health/ready", port: "http" } });
  });

  test("hashes no more passwords at once than its memory holds", () => {
    const { LATCHKEY_HASH_CONCURRENCY: concurrency } = environmentOf(podOf(postgres));
    expect(Number(concurrency) * 19).toBeLessThan(512 / 2);
  });
});

describe.each([
  ["PostgreSQL", postgres],
  ["SQLite", sqlite],
  ["Keycloak", keycloak],
  ["every part", full],
] as const)("with %s", (_, all) => {
  const { labels } = only("Deployment", all).metadata;

  test("every selector finds the pods", () => {
    const selectors = JSON.stringify(all).match(/"app.kubernetes.io\/instance":"login"/g) ?? [];
    expect(selectors.length).toBeGreaterThan(all.length);
    expect(only("Deployment", all).spec).toMatchObject({
      selector: {
        matchLabels: { "app.kubernetes.io/name": "latchkey", "app.kubernetes.io/instance": "login" },
      },
      template: { metadata: { labels } },
    });
    expect(only("Service", all).spec).toMatchObject({
      selector: { "app.kubernetes.io/name": "latchkey", "app.kubernetes.io/instance": "login" },
    });
  });
});

test("the fewest values make the fewest objects", () => {
  expect(kinds(postgres)).toEqual([
    "Deployment",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Service",
    "ServiceAccount",
  ]);
  expect(only("PodDisruptionBudget", postgres).spec).toMatchObject({ maxUnavailable: 1 });
  expect(only("Deployment", postgres).spec).toMatchObject({
    replicas: 2,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
  });
});

test("the image is the server's version, unless a tag or digest says otherwise", () => {
  const image = (all: readonly Manifest[]) => podOf(all).containers[0]?.image;
  expect(image(postgres)).toBe(`registry.example.com/latchkey:${version}`);
  expect(image(sqlite)).toBe("registry.example.com/latchkey:0.1.0-rc.1");
  expect(image(full)).toBe(`registry.example.com/latchkey@sha256:${"a".repeat(64)}`);
});

test("two releases in one namespace share no name", async () => {
  const other = await manifests({ file: "postgres-values.yaml", release: "latchkey-staging" });
  const names = new Set(postgres.map(({ metadata }) => metadata.name));
  expect([...names]).toEqual(["login-latchkey"]);
  expect(other.filter(({ metadata }) => names.has(metadata.name))).toEqual([]);
});

describe("with a SQLite file", () => {
  test("one pod at a time writes it", () => {
    expect(only("Deployment", sqlite).spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
    expect(environmentOf(podOf(sqlite))["LATCHKEY_DATABASE"]).toBe("/data/latchkey.db");
    expect(podOf(sqlite).volumes).toContainEqual({
      name: "data",
      persistentVolumeClaim: { claimName: "login-latchkey" },
    });
  });

  test("its volume outlives the release", () => {
    expect(only("PersistentVolumeClaim", sqlite)).toMatchObject({
      metadata: { annotations: { "helm.sh/resource-policy": "keep" } },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: "fast",
        resources: { requests: { storage: "5Gi" } },
      },
    });
  });

  test("a node can be drained, and no database is reached", () => {
    expect(kinds(sqlite)).not.toContain("PodDisruptionBudget");
    expect(JSON.stringify(only("NetworkPolicy", sqlite).spec)).not.toContain("5432");
  });

  test("a claim that exists is used as it is", async () => {
    const set = { "sqlite.existingClaim": "people" };
    const all = await manifests({ file: "sqlite-values.yaml", set });
    expect(kinds(all)).not.toContain("PersistentVolumeClaim");
    expect(JSON.stringify(podOf(all).volumes)).toContain('"claimName":"people"');
  });
});

describe("the network policy", () => {
  test("lets in the same namespace, to one port", () => {
    expect(only("NetworkPolicy", postgres).spec).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: "http", protocol: "TCP" }] }],
    });
  });

  test("lets out to public addresses alone for the documents of OAuth clients", () => {
    const inside = ["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
    expect(only("NetworkPolicy", postgres).spec).toMatchObject({
      egress: [
        expect.anything(),
        expect.anything(),
        {
          ports: [{ port: 443, protocol: "TCP" }],
          to: [
            { ipBlock: { cidr: "0.0.0.0/0", except: expect.arrayContaining(inside) } },
            { ipBlock: { cidr: "2000::/3" } },
          ],
        },
      ],
    });
  });

  test("lets out to those documents with Keycloak only if OAuth is on", async () => {
    const policy = (all: readonly Manifest[]) => JSON.stringify(only("NetworkPolicy", all).spec);
    expect(policy(keycloak)).not.toContain("2000::/3");
    const setText = { "settings.LATCHKEY_OAUTH": "on" };
    expect(policy(await manifests({ file: "keycloak-values.yaml", setText }))).toContain("2000::/3");
  });

  test.each(["LATCHKEY_OAUTH", "LATCHKEY_OAUTH_CLIENT_DOCUMENTS"])(
    "lets out to DNS and PostgreSQL alone with %s=off",
    async (name) => {
      const file = "postgres-values.yaml";
      const closed = await manifests({ file, setText: { [`settings.${name}`]: "off" } });
      expect(only("NetworkPolicy", closed).spec).toMatchObject({
        egress: [
          {
            ports: [
              { port: 53, protocol: "UDP" },
              { port: 53, protocol: "TCP" },
            ],
          },
          { ports: [{ port: 5432, protocol: "TCP" }] },
        ],
      });
    },
  );

  test("lets out to the ports of a mail server, and to that of a webhook", () => {
    const policy = (all: readonly Manifest[]) => JSON.stringify(only("NetworkPolicy", all).spec);
    expect(policy(full)).toContain('[{"port":465,"protocol":"TCP"},{"port":587,"protocol":"TCP"}]');
    expect(policy(sqlite)).toContain('[{"port":8443,"protocol":"TCP"}]');
    for (const port of [465, 587, 8443]) expect(policy(postgres)).not.toContain(`"port":${port}`);
  });

  test("lets out to the port of Keycloak", async () => {
    const port = async (url: string) => {
      const set = { "keycloak.url": url };
      const policy = only("NetworkPolicy", await manifests({ file: "keycloak-values.yaml", set }));
      return JSON.stringify(policy.spec)
        .match(/"port":(\d+)/g)
        ?.at(-1);
    };
    expect(await port("https://keycloak.example.com:8443")).toBe('"port":8443');
    expect(await port("https://keycloak.example.com")).toBe('"port":443');
    expect(await port("http://keycloak.people.svc/auth")).toBe('"port":80');
  });
});

describe("the ingress", () => {
  test("has a path for each public operation, and none for health and metrics", async () => {
    const { url } = await place.server({ command: "demo", env: { LATCHKEY_ISSUER: "" } });
    const text = await (await fetch(`${url}/openapi.json`)).text();
    const document: { paths: Readonly<Record<string, unknown>> } = JSON.parse(text);
    const paths = pathsOf(only("Ingress", full));
    const isServed = (path: string) =>
      paths.some((rule) =>
        rule.pathType === "Exact"
          ? rule.path === path
          : path === rule.path || path.startsWith(`${rule.path}/`),
      );
    const hidden = Object.keys(document.paths).filter((path) => !isServed(path));
    expect(hidden.sort()).toEqual(["/health/live", "/health/ready", "/metrics"]);
    for (const path of [
      "/",
      "/account",
      "/account/reset",
      "/docs/",
      "/openapi.json",
      "/mcp",
      "/mcp/token-field",
    ]) {
      expect(isServed(path), path).toBe(true);
    }
  });

  test("has the host of the issuer, with its certificate", () => {
    expect(only("Ingress", full).spec).toMatchObject({
      ingressClassName: "nginx",
      tls: [{ hosts: ["login.example.com"], secretName: "login-tls" }],
      rules: [{ host: "login.example.com" }],
    });
  });

  test("stays below the path of the issuer", () => {
    const paths = pathsOf(only("Ingress", keycloak)).map(({ path }) => path);
    expect(paths).toContain("/auth-service/auth");
    expect(paths, "guards of the realm's tokens").toContain("/auth-service/realm");
    for (const name of ["oauth-protected-resource", "oauth-authorization-server", "openid-configuration"])
      expect(paths).toContain(`/.well-known/${name}/auth-service`);
    expect(paths.filter((path) => !path.includes("/auth-service"))).toEqual([]);
  });
});

test("the monitor reads the metrics with a key from a Secret", () => {
  const [{ name } = { name: "" }] = podOf(full).containers[0]?.ports ?? [];
  expect(only("ServiceMonitor", full).spec).toMatchObject({
    selector: { matchLabels: { "app.kubernetes.io/instance": "login" } },
    endpoints: [
      {
        port: name,
        path: "/metrics",
        authorization: { type: "Bearer", credentials: { name: "latchkey-keys", key: "prometheus" } },
      },
    ],
  });
});

test("the alarms are those of deploy/prometheus-rules.yml, as they are", () => {
  const rules = parse(
    readFileSync(new URL("../../../../deploy/prometheus-rules.yml", import.meta.url), "utf8"),
  );
  expect(only("PrometheusRule", full).spec).toEqual(rules);
  // The alarms ask for a job with this name. The operator takes the name of the Service.
  expect(only("Service", full).metadata.name).toContain("latchkey");
});

test("each secret setting of the server has a Secret among the values", async () => {
  const given = environmentOf(podOf(full));
  const inRealm = environmentOf(podOf(keycloak));
  const withWebhook = environmentOf(podOf(sqlite));
  const variables = { ...given, ...inRealm, ...withWebhook };
  const mounted = secretVariables.filter((name) => `${name}_FILE` in variables);
  expect(mounted).toEqual(secretVariables);
});
