import { orUndefined } from "./fields.ts";
import type { TokenStore } from "./stores.ts";

/**
 * Wraps a store that tabs share. Then a login or a logout in one tab calls the listeners in all tabs.
 *
 * A message says that something has changed, and nothing else: the tokens stay in the store, and the other tabs read
 * them there. Besides messages, a tab follows the `storage` events of `localStorage`. Each tab has a copy of
 * `localStorage`, and a message may arrive before the copy is up to date.
 *
 * @param store has a `name`, such as `localStorageStore()`. Its `set` ends when other tabs can read the tokens.
 * @throws {TypeError} the store has no name
 * @example new AuthClient({ store: acrossTabs(localStorageStore()) })
 */
export function acrossTabs(store: TokenStore): TokenStore {
  const { name } = store;
  if (!name) throw new TypeError("acrossTabs needs a store with a name: tabs with the same name share it");
  const open = () => channelOf(`latchkey ${name}`);
  return {
    name,
    get: () => store.get(),
    async set(tokens) {
      await store.set(tokens);
      const channel = open();
      channel?.postMessage(null);
      channel?.close();
    },
    watch(changed) {
      // First, because it may throw: a channel would stay open then.
      const stopStore = store.watch?.(changed);
      let channel: Channel | undefined;
      const listen = () => {
        channel = open();
        if (channel) channel.onmessage = changed;
        // In Node an open channel would keep the process alive.
        if (channel && "unref" in channel && typeof channel.unref === "function") channel.unref();
      };
      listen();
      const stops = [
        on("storage", (event) => {
          // `localStorage.clear()` has no key.
          if ("key" in event && (event.key === name || event.key === null)) changed();
        }),
        // An open channel can keep a page out of the back/forward cache. A page that returns has missed messages.
        on("pagehide", () => channel?.close()),
        on("pageshow", (event) => {
          if (!("persisted" in event && event.persisted)) return;
          listen();
          changed();
        }),
        () => channel?.close(),
        stopStore,
      ];
      return () => {
        for (const stop of stops) stop?.();
      };
    },
  };
}

type Channel = InstanceType<typeof BroadcastChannel>;

/** Opens a channel. Undefined on a platform without channels, and if the browser forbids them. */
function channelOf(name: string): Channel | undefined {
  return orUndefined(() => new BroadcastChannel(name));
}

/** Adds a listener to the window or the worker. Node has neither. @returns a function that removes the listener */
function on(type: string, listener: (event: Event) => void): (() => void) | undefined {
  const target: unknown = globalThis;
  if (!(target instanceof EventTarget)) return undefined;
  target.addEventListener(type, listener);
  return () => target.removeEventListener(type, listener);
}
