/** One line of Prometheus' text format. */
export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Reads Prometheus' text format 0.0.4, strictly: every family has its help and its type, once, before its samples.
 *
 * @throws if a line is malformed or misplaced
 */
export function readExposition(text: string): ReadSample[] {
  const types = new Map<string, string>();
  let helped: string | undefined;
  const samples: ReadSample[] = [];
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  for (const line of text.slice(0, -1).split("\n")) {
    const [, help] = /^# HELP ([a-z_]+) [^\n]+$/.exec(line) ?? [];
    const [, typed, type] = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line) ?? [];
    const [, name, labels = "", value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (help !== undefined) helped = help;
    else if (typed !== undefined && type !== undefined) {
      if (typed !== helped || types.has(typed)) throw new Error(`out of place: ${line}`);
      types.set(typed, type);
    } else if (name !== undefined) {
      if (name.replace(/_(bucket|sum|count)$/, "") !== helped && name !== helped)
        throw new Error(`no help: ${line}`);
      if (!Number.isFinite(Number(value))) throw new Error(`no number: ${line}`);
      const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
      samples.push({
        name,
        labels: Object.fromEntries(pairs.map(([, key = "", text = ""]) => [key, text])),
        value: Number(value),
      });
    } else throw new Error(`not understood: ${line}`);
  }
  return samples;
}
