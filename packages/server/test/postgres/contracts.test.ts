// Once more what `npm test` holds against the engine of a package, against Debian's.
import "../api/postgres.test.ts";
import "../store/postgres.test.ts";
import "../store/postgres-attempts.test.ts";
