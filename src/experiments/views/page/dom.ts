/** Elements of the page. Text is always set as text, never parsed as HTML. */

type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  return filled(document.createElementNS(SVG, name) as SVGElement, attributes, children);
}

/** The element of the page's frame with that id. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

function filled<Kind extends Element>(made: Kind, attributes: Attributes, children: readonly Child[]): Kind {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

/** A table with a heading for each column. */
export function tableOf(titles: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  const head = element('tr', {}, ...titles.map((title) => element('th', { scope: 'col' }, title)));
  const body = rows.map((cells) =>
    element(
      'tr',
      {},
      ...cells.map((cell, place) =>
        place === 0 ? element('th', { scope: 'row' }, cell) : element('td', {}, cell),
      ),
    ),
  );
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...body));
  // What is wider than the screen scrolls by itself, with the keyboard too.
  return element('div', { class: 'wide', tabindex: 0, role: 'group', 'aria-label': titles[0] }, table);
}
