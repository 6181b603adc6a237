import { type ParserError, parse, type DefaultTreeAdapterTypes as Tree } from "parse5";

/** A form of a page: its address, and its controls with their values so far. */
export interface ShownForm {
  readonly action: string;
  /** Named controls that are sent whichever button is pressed. */
  readonly fields: ReadonlyMap<string, string>;
  /** The name of the control for a user name, and of the one for a password. */
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** A button that submits a form. */
export interface ShownButton {
  readonly text: string;
  readonly name: string;
  readonly value: string;
  readonly form: ShownForm;
}

/** A page as a browser without JavaScript reads it. */
export interface ShownPage {
  readonly title: string;
  /** All visible text. */
  readonly text: string;
  /** In the order of the document. */
  readonly buttons: readonly ShownButton[];
  /** The address of an instant refresh (`<meta http-equiv="refresh">`). */
  readonly onward: string | undefined;
  /** Faults of the markup, by the names of the HTML standard. */
  readonly faults: readonly string[];
}

type Element = Tree.Element;

/** Reads a page by the rules of the HTML standard. @param address resolves relative addresses */
export function readPage(html: string, address: string): ShownPage {
  const faults: string[] = [];
  const onParseError = ({ code, startLine }: ParserError) => void faults.push(`${code} in line ${startLine}`);
  const document = parse(html, { onParseError, sourceCodeLocationInfo: true });
  return {
    title: [...named(document, "title")].map(textOf).join(""),
    text: [...named(document, "body")].map(textOf).join(" "),
    buttons: buttonsOf(document, address),
    onward: [...named(document, "meta")].map((meta) => refreshOf(meta, address)).find(Boolean),
    faults,
  };
}

/** A button belongs to the form around it, or to the one that it names. */
function buttonsOf(document: Tree.Document, address: string): ShownButton[] {
  const forms = [...named(document, "form")];
  return [...named(document, "button")].flatMap((button) => {
    const id = attribute(button, "form");
    const owner = forms.find((form) =>
      id === undefined ? [...named(form, "button")].includes(button) : attribute(form, "id") === id,
    );
    if (owner === undefined || (attribute(button, "type") ?? "submit") !== "submit") return [];
    const [name = "", value = ""] = [attribute(button, "name"), attribute(button, "value")];
    return [{ text: textOf(button), name, value, form: readForm(owner, address) }];
  });
}

function readForm(form: Element, address: string): ShownForm {
  const controls = [...named(form, "input")].filter((control) => attribute(control, "type") !== "submit");
  const nameOf = (attributeName: string, value: string) => {
    const found = controls.find((control) => attribute(control, attributeName) === value);
    return found && attribute(found, "name");
  };
  const pairs = controls.map((control) => [
    attribute(control, "name") ?? "",
    attribute(control, "value") ?? "",
  ]);
  return {
    action: new URL(attribute(form, "action") ?? address, address).href,
    fields: new Map(pairs.map(([name = "", value = ""]) => [name, value])),
    username: nameOf("autocomplete", "username"),
    password: nameOf("type", "password"),
  };
}

function refreshOf(meta: Element, address: string): string | undefined {
  if (attribute(meta, "http-equiv")?.toLowerCase() !== "refresh") return undefined;
  const [, target] = /^0\s*;\s*url=(.*)$/i.exec(attribute(meta, "content") ?? "") ?? [];
  return target === undefined ? undefined : new URL(target, address).href;
}

function* named(node: Tree.Node, name: string): Generator<Element> {
  if ("tagName" in node && node.tagName === name) yield node;
  if ("childNodes" in node) for (const child of node.childNodes) yield* named(child, name);
}

function textOf(node: Tree.Node): string {
  if ("value" in node && node.nodeName === "#text") return node.value;
  return "childNodes" in node ? node.childNodes.map(textOf).join("").replaceAll(/\s+/g, " ").trim() : "";
}

function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((given) => given.name === name)?.value;
}
