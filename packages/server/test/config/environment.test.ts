import { expect, test } from "vitest";
import { serviceLinks, unknownVariables } from "../../src/config/environment.ts";

/** The variables of a pod beside a Service `latchkey` with a port named `http`, and one `latchkey-db`. */
const pod = {
  LATCHKEY_SERVICE_HOST: "10.43.7.9",
  LATCHKEY_SERVICE_PORT: "8000",
  LATCHKEY_SERVICE_PORT_HTTP: "8000",
  LATCHKEY_PORT: "tcp://10.43.7.9:8000",
  LATCHKEY_PORT_8000_TCP: "tcp://10.43.7.9:8000",
  LATCHKEY_PORT_8000_TCP_PROTO: "tcp",
  LATCHKEY_PORT_8000_TCP_PORT: "8000",
  LATCHKEY_PORT_8000_TCP_ADDR: "10.43.7.9",
  LATCHKEY_DB_SERVICE_HOST: "fd00::b",
  LATCHKEY_DB_SERVICE_PORT: "5432",
  LATCHKEY_DB_PORT: "tcp://[fd00::b]:5432",
  LATCHKEY_DB_PORT_5432_TCP: "tcp://[fd00::b]:5432",
  LATCHKEY_DB_PORT_5432_TCP_PROTO: "tcp",
  LATCHKEY_DB_PORT_5432_TCP_PORT: "5432",
  LATCHKEY_DB_PORT_5432_TCP_ADDR: "fd00::b",
};

/** Variables of a similar form, as an operator might set them. */
const mistakes = {
  LATCHKEY_SERVICE_HOST: "login.example",
  LATCHKEY_SERVICE_PORT: "http",
  LATCHKEY_PORTS: "tcp://10.43.7.9:8000",
  LATCHKEY_PORT_8000: "tcp://10.43.7.9:8000",
  LATCHKEY_METRICS_PORT: "9090",
  LATCHKEY_DB_PORT: "5432",
  LATCHKEY_DATABASE_HOST: "10.43.7.9",
};

test("the service links of a pod are recognised and not reported as unknown", () => {
  expect(serviceLinks({ ...pod, LATCHKEY_HOST: "0.0.0.0" })).toEqual(Object.keys(pod));
  expect(unknownVariables(pod)).toEqual([]);
});

test("a variable of another form is an unknown setting", () => {
  expect(serviceLinks(mistakes)).toEqual([]);
  expect(unknownVariables(mistakes)).toEqual(Object.keys(mistakes));
});

test("a port that an operator has set is not a service link", () => {
  for (const port of ["8000", "tcp:/x", "tcp://10.43.7.9:8000/", "tcp://10.43.7.9:0", ""])
    expect(serviceLinks({ LATCHKEY_PORT: port })).toEqual([]);
});
