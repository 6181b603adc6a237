import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { pick } from "./seeded.ts";

/** Injects one fault after another and repairs each. @returns their names when `isOver` holds */
export async function misfortunes(
  { replicas, postgres }: Cluster,
  random: () => number,
  isOver: () => boolean,
): Promise<string[]> {
  const done: string[] = [];
  const one = () => Math.floor(random() * replicas.length);
  while (!isOver()) {
    await delay(1500 + random() * 2000);
    const which = one();
    const replica = replicas[which];
    if (replica === undefined) continue;
    const { link } = replica;
    const [name, doIt] = pick<readonly [string, () => Promise<void>]>(random, [
      [3, ["a replica is killed", () => again(() => replica.stop("SIGKILL"), replica.start)]],
      [1, ["a replica is stopped", () => again(() => replica.stop("SIGTERM"), replica.start)]],
      [1, ["the database is restarted", () => postgres.restart("fast")]],
      [1, ["the database crashes", () => postgres.restart("immediate")]],
      [
        3,
        [
          "a link to the database is frozen",
          () =>
            again(
              async () => link.tell("freeze"),
              async () => link.tell("thaw"),
            ),
        ],
      ],
      [1, ["a link to the database is cut", async () => link.tell("cut")]],
    ]);
    await doIt();
    done.push(name);
  }
  return done;

  async function again(end: () => Promise<void>, begin: () => Promise<void>): Promise<void> {
    await end();
    await delay(1000 + random() * 3000);
    await begin();
  }
}
