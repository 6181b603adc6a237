import type { GuardEvent } from "../src/index.ts";

type EventOf<Name> = Extract<GuardEvent, { readonly name: Name }>;

/** An `onEvent` that keeps all events. Tests can wait for one. */
export class Listener {
  readonly events: GuardEvent[] = [];
  readonly #waiting = new Set<() => void>();

  readonly onEvent = (event: GuardEvent): void => {
    this.events.push(event);
    for (const look of this.#waiting) look();
  };

  /** The events of a name. */
  all<Name extends GuardEvent["name"]>(name: Name): EventOf<Name>[] {
    return this.events.filter((event): event is EventOf<Name> => event.name === name);
  }

  /** Waits until an event has come so often, and returns the last one. */
  heard<Name extends GuardEvent["name"]>(name: Name, times = 1): Promise<EventOf<Name>> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.all(name)[times - 1];
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
