import { addressBucket, networkOfBucket } from "../throttle/addresses.ts";
import { LinkedList, type ListEntry } from "./linked-list.ts";

/** The owner of waiting work. */
export interface Requester {
  /** IP address, or a name such as `cli` for a caller without one. */
  readonly address: string;
  /** Tells accounts apart. Two names of one account may count as two. */
  readonly account: string;
}

/** An item in the queue. */
export interface Waiting<Item> {
  readonly item: Item;
  /** Leaves the queue. */
  leave(): void;
}

/** The waiting items of one network, address bucket or account. */
interface Group<Item> {
  readonly key: string;
  readonly parent: Group<Item> | undefined;
  readonly children: Map<string, Group<Item>>;
  /** The children, in the order of their turns. */
  readonly turns: LinkedList<Group<Item>>;
  /** Items of the innermost groups, oldest first. */
  readonly items: LinkedList<Waiting<Item>>;
  /** Its entry among its parent's turns. */
  turn: ListEntry<Group<Item>> | undefined;
  weight: number;
}

/**
 * A fair queue. Networks take turns; within a network its address buckets, within a bucket its accounts. The next item
 * of a network waits for at most one item of every other network, however many items they have.
 *
 * An IPv6 network is a /48: an attacker has many /64 in it. An IPv4 network is one address.
 */
export class FairQueue<Item> {
  readonly #root: Group<Item> = newGroup("", undefined);
  readonly #accounts = new Map<string, LinkedList<Waiting<Item>>>();

  get size(): number {
    return this.#root.weight;
  }

  /** Adds an item behind the others of its account and address. */
  add(requester: Requester, item: Item): Waiting<Item> {
    let group = this.#root;
    for (const key of pathOf(requester)) group = childOf(group, key);
    const account = this.#accountOf(requester.account);
    const waiting = {
      item,
      leave: () => {
        group.items.remove(inGroup);
        account.remove(inAccount);
        if (account.size === 0) this.#accounts.delete(requester.account);
        lighten(group);
      },
    };
    const inGroup = group.items.push(waiting);
    const inAccount = account.push(waiting);
    for (let each: Group<Item> | undefined = group; each !== undefined; each = each.parent) each.weight++;
    return waiting;
  }

  /** Removes the next item. */
  next(): Item | undefined {
    let group = this.#root;
    for (let child = group.turns.first; child !== undefined; child = group.turns.first) {
      if (child.turn !== undefined) group.turns.remove(child.turn);
      child.turn = group.turns.push(child);
      group = child;
    }
    const waiting = group.items.first;
    waiting?.leave();
    return waiting?.item;
  }

  /**
   * The item that a newcomer displaces from a full queue: the newest of the network, bucket or account with the most
   * items. It must keep at least as many items as the newcomer's group then has.
   */
  displaceable(requester: Requester): Waiting<Item> | undefined {
    return this.#byAddress(requester) ?? this.#byAccount(requester.account);
  }

  #byAddress(requester: Requester): Waiting<Item> | undefined {
    let group = this.#root;
    for (const key of pathOf(requester)) {
      const heaviest = heaviestOf(group);
      const own = group.children.get(key);
      if (heaviest === undefined) return undefined;
      if ((own?.weight ?? 0) + 1 < heaviest.weight) return newestOf(heaviest);
      if (own === undefined) return undefined;
      group = own;
    }
    return undefined;
  }

  #byAccount(account: string): Waiting<Item> | undefined {
    let most: LinkedList<Waiting<Item>> | undefined;
    for (const each of this.#accounts.values()) if (each.size > (most?.size ?? 0)) most = each;
    const own = this.#accounts.get(account)?.size ?? 0;
    return most !== undefined && own + 1 < most.size ? most.last : undefined;
  }

  #accountOf(account: string): LinkedList<Waiting<Item>> {
    const known = this.#accounts.get(account);
    if (known !== undefined) return known;
    const items = new LinkedList<Waiting<Item>>();
    this.#accounts.set(account, items);
    return items;
  }
}

function pathOf({ address, account }: Requester): string[] {
  const bucket = addressBucket(address);
  return [networkOfBucket(bucket), bucket, account];
}

function newGroup<Item>(key: string, parent: Group<Item> | undefined): Group<Item> {
  const turns = new LinkedList<Group<Item>>();
  const items = new LinkedList<Waiting<Item>>();
  return { key, parent, children: new Map(), turns, items, turn: undefined, weight: 0 };
}

/** A new group takes its turn behind all others. */
function childOf<Item>(group: Group<Item>, key: string): Group<Item> {
  const known = group.children.get(key);
  if (known !== undefined) return known;
  const child = newGroup(key, group);
  group.children.set(key, child);
  child.turn = group.turns.push(child);
  return child;
}

/** Takes one item's weight from a group and its parents. Deletes empty groups. */
function lighten<Item>(group: Group<Item>): void {
  group.weight--;
  const { parent, turn, key, weight } = group;
  if (parent === undefined) return;
  if (weight === 0 && turn !== undefined) {
    parent.turns.remove(turn);
    parent.children.delete(key);
  }
  lighten(parent);
}

function heaviestOf<Item>({ turns }: Group<Item>): Group<Item> | undefined {
  let heaviest: Group<Item> | undefined;
  for (const group of turns) if (group.weight > (heaviest?.weight ?? 0)) heaviest = group;
  return heaviest;
}

function newestOf<Item>(group: Group<Item>): Waiting<Item> | undefined {
  const heaviest = heaviestOf(group);
  return heaviest === undefined ? group.items.last : newestOf(heaviest);
}
