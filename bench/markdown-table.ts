/** A table in Markdown. */
export function tableOf(head: readonly string[], body: readonly (readonly string[])[]): string {
  const wide = (cells: readonly string[]) => head.map((_, column) => cells[column] ?? "");
  return [head, head.map(() => "---"), ...body.map(wide)]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
