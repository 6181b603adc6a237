/**
 * Whether a client prefers server-sent events to JSON (RFC 9110 §12.5.1). A tie goes to JSON: a generated client
 * names every type of the document, and one that reads JSON would wait for the end of a stream for ever.
 *
 * @param accept the `Accept` header
 */
export function eventStreamPreferred(accept = ""): boolean {
  const ranges = accept.split(",").map(rangeOf);
  return qualityOf("text/event-stream", ranges) > qualityOf("application/json", ranges);
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function rangeOf(text: string): MediaRange {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The most specific range decides. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const [group] = type.split("/", 1);
  for (const pattern of [type, `${group}/*`, "*/*"]) {
    const range = ranges.find((one) => one.type === pattern);
    if (range !== undefined) return range.quality;
  }
  return 0;
}
