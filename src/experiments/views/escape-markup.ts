/** @module Text in XML and HTML. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// What XML 1.0, 2.2 has no form for: most controls, halves of surrogate pairs, U+FFFE and U+FFFF.
// biome-ignore lint/suspicious/noControlCharactersInRegex: replacing them is the purpose
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** For the content of an element, and for an attribute in quotes. What XML has no form for becomes U+FFFD. */
export function escapeMarkup(text: string): string {
  return text.replace(NO_CHARACTER, '\ufffd').replace(/[&<>"']/g, (one) => ENTITIES[one]);
}

/** As {@link escapeMarkup}, with line ends and tabs that an attribute keeps (XML 1.0, 3.3.3). */
export function escapeAttribute(text: string): string {
  return escapeMarkup(text).replace(/[\t\n\r]/g, (one) => `&#${one.charCodeAt(0)};`);
}
