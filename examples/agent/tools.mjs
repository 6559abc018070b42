import { trace } from 'spandrel';
import { calculate } from './calculator.mjs';

/** What the model is told about the tools. */
export const toolDefinitions = [
  describe('search_notes', 'Find notes about a subject. Returns ids and titles, best first.', {
    query: { type: 'string', description: 'a few words' },
    limit: { type: 'integer', description: 'how many notes, at most 5' },
  }),
  describe('read_note', 'Read one note.', { id: { type: 'string', description: 'an id from search_notes' } }),
  describe('calculator', 'Evaluate arithmetic: + - * / and parentheses.', {
    expression: { type: 'string', description: 'for example (3 + 4) * 2.5' },
  }),
];

/**
 * The tools themselves. `trace` keeps each function as it was: those that are synchronous stay so, and a span
 * started inside one becomes its child.
 */
export function createTools(index) {
  const rank = trace((query, limit) => index.search(query, limit), {
    name: 'rank_notes',
    attributes: { 'openinference.span.kind': 'RETRIEVER', 'retrieval.method': 'bm25' },
  });
  return {
    search_notes: tool('search_notes', async ({ query, limit = 3 }) => rank(query, Math.min(5, limit))),
    read_note: tool('read_note', async ({ id }) => {
      const note = index.notes.get(id);
      if (note === undefined) {
        throw new RangeError(`expected one of ${[...index.notes.keys()].join(', ')}, got "${id}"`);
      }
      return note;
    }),
    calculator: tool('calculator', ({ expression }) => ({ expression, value: calculate(expression) })),
  };
}

function tool(name, fn) {
  return trace(fn, { name, attributes: { 'openinference.span.kind': 'TOOL', 'tool.name': name } });
}

function describe(name, description, properties) {
  const parameters = { type: 'object', properties, required: [Object.keys(properties)[0]] };
  return { type: 'function', function: { name, description, parameters } };
}
