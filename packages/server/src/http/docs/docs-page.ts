/** The style of `/docs` beside Swagger UI's own: closed answers, dark mode, and lines that fit a phone. */
export const docsStyle = `
html.dark-mode, html.dark-mode body { background: #1c2022; }
html.dark-mode .swagger-ui table.headers td { color: inherit; }
.swagger-ui table tbody tr.answer td { padding: 0; }
.swagger-ui .answer button {
  width: 100%; min-height: 44px; padding: .5rem 0; border: 0; background: none; color: inherit;
  font: inherit; text-align: left; cursor: pointer;
}
.swagger-ui .answer button::before { content: "\\25b8" / ""; display: inline-block; width: 1.25rem; }
.swagger-ui .answer button[aria-expanded="true"]::before { content: "\\25be" / ""; }
.swagger-ui .answer + .response > .response-col_status { visibility: hidden; }
.swagger-ui .answer + .response .response-col_description__inner { display: none; }
.swagger-ui .answer b { display: inline-block; min-width: 3.25rem; }
@media (max-width: 640px) {
  .swagger-ui .opblock-tag, .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  .swagger-ui .opblock-tag small { flex-basis: 100%; order: 1; padding: 0; }
  .swagger-ui .opblock .opblock-summary-path { max-width: 100%; }
  .swagger-ui .opblock-body { overflow-x: auto; }
  .swagger-ui .responses-table, .swagger-ui .responses-table > * > tr, .swagger-ui .responses-table > * > tr > td {
    display: block; width: auto; min-width: 0;
  }
  .swagger-ui .responses-table > thead { display: none; }
}
`;

/** Runs in the page: the viewport of a phone, and dark mode while the browser prefers it. */
export const docsScript = `
const viewport = document.createElement("meta");
viewport.name = "viewport";
viewport.content = "width=device-width, initial-scale=1";
document.head.append(viewport);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();
`;

/** The parts of React that the plugin uses, as Swagger UI passes them in. */
interface Library {
  createElement(type: unknown, props: object | null, ...children: readonly unknown[]): unknown;
  useState(initial: boolean): readonly [value: boolean, set: (value: boolean) => void];
  readonly Fragment: unknown;
}

/** The status of an answer, and its object in the document. */
interface AnswerProps {
  readonly code: string;
  readonly response: { get(name: "description"): string };
}

/**
 * A plugin of Swagger UI that shows each answer as one line and opens it on a click. An operation has up to eleven
 * answers, which fill six screens when they are open.
 *
 * The page receives this function as text, so it uses nothing outside itself.
 */
export function closedAnswers() {
  return {
    wrapComponents: {
      response: (Answer: unknown, { React }: { readonly React: Library }) =>
        function ClosedAnswer(answer: AnswerProps) {
          const { createElement, useState, Fragment } = React;
          const [isOpen, setOpen] = useState(false);
          const button = createElement(
            "button",
            { type: "button", "aria-expanded": isOpen, onClick: () => setOpen(!isOpen) },
            createElement("b", null, answer.code),
            answer.response.get("description"),
          );
          const line = createElement(
            "tr",
            { className: "answer" },
            createElement("td", { colSpan: 3 }, button),
          );
          return createElement(Fragment, null, line, isOpen && createElement(Answer, answer));
        },
    },
  };
}
