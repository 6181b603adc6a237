import { describe, expect, test } from "vitest";
import { mailLanguages } from "../../src/core/mail/mail-kinds.ts";
import { renderMail } from "../../src/mail/rendered-mail.ts";
import type { SentContent } from "../../src/mail/texts/texts.ts";

const at = Date.parse("2026-01-31T09:30:12Z");
const link = "https://login.example.com/account/reset?link=lkl_secret";
const site = { name: "Bücher & Co", url: "https://example.com" };

const contents: readonly (SentContent & { readonly says?: readonly string[] })[] = [
  { kind: "reset", says: [link] },
  { kind: "verify", says: [link] },
  { kind: "change_email", says: [link] },
  { kind: "address_taken" },
  { kind: "invitation", invitedBy: "Ada", says: [link, "Ada"] },
  { kind: "invitation", invitedBy: null, says: [link] },
  { kind: "sign_up", says: [link] },
  { kind: "sign_up_known", username: "alice", says: ["alice"] },
  { kind: "password_changed", at, says: ["2026-01-31 09:30 UTC"] },
  {
    kind: "email_changed",
    at,
    newAddress: "new@example.com",
    says: ["new@example.com", "2026-01-31 09:30 UTC"],
  },
  { kind: "new_address", at, address: "2001:db8::1", says: ["2001:db8::1", "2026-01-31 09:30 UTC"] },
  { kind: "test" },
];
const cases = contents.flatMap((content) => mailLanguages.map((language) => ({ language, content })));
const linked = ["reset", "verify", "change_email", "invitation", "sign_up"];

describe.each(cases)("a mail of the kind $content.kind in $language", ({ language, content }) => {
  const frame = { language, site, link: linked.includes(content.kind) ? link : undefined };

  test("says its facts in both forms, with the site and its link", async () => {
    const { subject, text, html } = await renderMail(content, frame);
    expect(subject).toContain("Bücher & Co");
    for (const fact of content.says ?? []) {
      expect(text).toContain(fact);
      expect(html).toContain(fact);
    }
    expect(text).toContain("\n-- \nBücher & Co\nhttps://example.com\n");
    expect(html).toContain('<a href="https://example.com"');
    expect(html).toContain("Bücher &amp; Co");
    expect(html).toContain(`<html lang="${language}">`);
    expect(`${text}${html}`).not.toMatch(/undefined|\[object/);
  });

  test("loads nothing, tracks nothing and runs nothing", async () => {
    const { html } = await renderMail(content, frame);
    expect(html).not.toMatch(/<img|<script|<link|<iframe|url\(|@import|\ssrc=|\son\w+=/i);
    const addresses = [...html.matchAll(/href="([^"]*)"/g)].map(([, address]) => address);
    expect(new Set(addresses)).toEqual(new Set([...(frame.link === undefined ? [] : [link]), site.url]));
  });
});

test("the languages differ in every text", async () => {
  for (const content of contents) {
    const texts = await Promise.all(
      mailLanguages.map(async (language) => (await renderMail(content, { language, site, link })).text),
    );
    expect(new Set(texts).size).toBe(mailLanguages.length);
  }
});

test("a name is text: it makes no markup, no line and no other direction", async () => {
  const username = 'a"><img src=x>\r\nEvil:\u202e b\u2028c';
  const { text, html } = await renderMail(
    { kind: "sign_up_known", username },
    { language: "en", site, link: undefined },
  );
  expect(html).not.toContain("<img");
  expect(html).toContain("a&quot;&gt;&lt;img src=x&gt; Evil: b c");
  expect(text).toContain('a"><img src=x> Evil: b c');
});

test("a site without a link is plain text", async () => {
  const { text, html } = await renderMail(
    { kind: "test" },
    { language: "en", site: { name: "Example", url: undefined }, link: undefined },
  );
  expect(text.endsWith("\n-- \nExample\n")).toBe(true);
  expect(html).not.toContain("<a ");
});
