import { openOnPostgres } from "./postgres-world.ts";
import { testServer } from "./test-server.ts";
import { throttleContract } from "./throttle-contract.ts";

throttleContract("in the memory of a process", testServer);
throttleContract("in PostgreSQL, for all replicas", openOnPostgres);
