// A program that listens to the tabs of a browser's store, although it has none, and neither logs in nor closes.
import { acrossTabs } from "../src/browser.ts";
import { AuthClient, memoryStore } from "../src/index.ts";

const auth = new AuthClient({ store: acrossTabs({ name: "process", ...memoryStore() }) });
auth.onSessionEnd(() => {});
await auth.token().catch(({ kind }) => process.stdout.write(`${kind}\n`));
