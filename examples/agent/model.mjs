/**
 * A stand-in for a language model: no weights, no chance, the same answer every time. It follows one plan
 * (search, read, calculate if a number is asked for, answer) and speaks only in sentences that its tools gave it.
 */
import { numbers, sentences, terms } from './text.mjs';

const MAXIMUM_SENTENCES = 4;

/** The next step: `{ toolCalls }` or, when enough is known, `{ content }`. */
export function decide(messages) {
  const question = questionOf(messages);
  const results = toolResults(messages);
  const hits = results.find((result) => result.name === 'search_notes')?.value;
  if (hits === undefined) {
    return { toolCalls: [{ name: 'search_notes', arguments: { query: question, limit: 3 } }] };
  }
  const notes = notesRead(results);
  if (notes.length === 0 && Array.isArray(hits) && hits.length > 0) {
    // A second note only if it is half as good as the first.
    const worthReading = hits.slice(0, 2).filter((hit) => hit.score >= hits[0].score / 2);
    return { toolCalls: worthReading.map(({ id }) => ({ name: 'read_note', arguments: { id } })) };
  }
  if (!results.some((result) => result.name === 'calculator')) {
    const expression = expressionFor(question, notes);
    if (expression) return { toolCalls: [{ name: 'calculator', arguments: { expression } }] };
  }
  return { content: `Enough is known from ${notes.length} notes.` };
}

/** The answer, composed of the sentences of the notes that fit the question best. */
export function compose(messages) {
  const question = questionOf(messages);
  const results = toolResults(messages);
  const notes = notesRead(results);
  const chosen = rankSentences(question, notes)
    .slice(0, MAXIMUM_SENTENCES)
    .sort((a, b) => a.note.id.localeCompare(b.note.id) || a.position - b.position);
  if (chosen.length === 0) return 'The notes say nothing about this.';
  const lines = chosen.map((sentence, position) => {
    const isLastOfNote = chosen[position + 1]?.note !== sentence.note;
    return isLastOfNote ? `${sentence.text} [${sentence.note.id}]` : sentence.text;
  });
  const sum = results.find((result) => result.name === 'calculator')?.value;
  if (sum?.value !== undefined) {
    lines.push(`Worked out: ${sum.expression.replace(/\d+(?:\.\d+)?/g, group)} = ${group(sum.value)}.`);
  }
  return lines.join(' ');
}

function questionOf(messages) {
  return String(messages.findLast((message) => message.role === 'user')?.content ?? '');
}

/** Tool messages joined with the calls that they answer. */
function toolResults(messages) {
  const calls = new Map(
    messages.flatMap((message) => message.tool_calls ?? []).map((call) => [call.id, call.function.name]),
  );
  return messages
    .filter((message) => message.role === 'tool')
    .map((message) => ({ name: calls.get(message.tool_call_id), value: parse(message.content) }));
}

function parse(content) {
  try {
    return JSON.parse(content);
  } catch {
    return { error: content };
  }
}

function notesRead(results) {
  return results.filter(({ name, value }) => name === 'read_note' && value.text).map(({ value }) => value);
}

/** Sentences of the notes, best first: each word of the question counts more the fewer sentences have it. */
function rankSentences(question, notes) {
  const wanted = new Set(terms(question));
  const all = notes.flatMap((note) =>
    sentences(note.text).map((text, position) => ({ note, position, text, words: new Set(terms(text)) })),
  );
  const weight = new Map();
  for (const word of wanted) {
    weight.set(word, 1 / Math.sqrt(1 + all.filter((sentence) => sentence.words.has(word)).length));
  }
  for (const sentence of all) {
    const shared = [...wanted].filter((word) => sentence.words.has(word));
    sentence.score = shared.reduce((total, word) => total + weight.get(word), 0);
  }
  all.sort((a, b) => b.score - a.score);
  // What shares half as much with the question as the best sentence is usually about something else.
  return all.filter((sentence) => sentence.score > 0 && sentence.score >= all[0].score / 2);
}

/** `how many ... 3 jars` and `one jar stands for 2,000,000 visits` make `3 * 2000000`. */
function expressionFor(question, notes) {
  const [amount] = numbers(question.replace(/\bone\b/gi, ''));
  if (amount === undefined || !/\bhow\b/i.test(question)) return undefined;
  const rate = rankSentences(question, notes).find(
    ({ text }) => /\b(?:each|every|per|one)\b/i.test(text) && /\d/.test(text),
  );
  return rate && `${amount} * ${numbers(digitsOnly(rate.text))[0]}`;
}

function digitsOnly(text) {
  return text.replace(/[a-z]+/gi, ' ');
}

function group(value) {
  return Number(value).toLocaleString('en-US', { maximumFractionDigits: 12 });
}
