/** The texts in a column that holds a JSON array. */
export function textsIn(column: string): string[] {
  const texts: unknown = JSON.parse(column);
  return Array.isArray(texts) ? texts.filter((text) => typeof text === "string") : [];
}
