/** Whether captured spans are as a test expects them, and what to say where they are not. */
import type { SpanType } from '../ai/fields.ts';
import { CapturedSpan, spansUnder, tokensOf } from './captured-span.ts';
import { CapturedTraces } from './captured-traces.ts';
import { isAsExpected } from './equality.ts';
import { shown, treeText } from './tree-text.ts';

/**
 * What is expected of a span. Values are compared in depth; a regular expression looks at text, or at JSON; matchers of
 * the runner such as `expect.objectContaining` count inside.
 */
export interface ExpectedSpan {
  type?: SpanType;
  inputs?: unknown;
  outputs?: unknown;
  /** These among others; `undefined` for one that must not be there. */
  attributes?: Record<string, unknown>;
  /** Name of the span right above it; `null` for none. */
  parent?: string | null;
}

/** What a check came to. `message` says what was expected and the tree that came, for `pass` and its opposite. */
export interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** Spans to look at, with their tree as text. */
interface Subject {
  readonly roots: readonly CapturedSpan[];
  readonly spans: readonly CapturedSpan[];
  readonly text: () => string;
}

function subjectOf(received: unknown): Subject {
  if (received instanceof CapturedTraces) {
    return { roots: received.roots, spans: received.spans, text: () => received.toString() };
  }
  if (received instanceof CapturedSpan) {
    const roots = [received];
    return { roots, spans: spansUnder(roots), text: () => treeText(roots, { open: 0, lost: {} }) };
  }
  throw new TypeError(
    'expected what captureTraces() gave, or a span of it, got something else. Did you await captureTraces()?',
  );
}

/** Whether there is a span of that name that is as expected. */
export function haveSpan(received: unknown, name: string, expected: ExpectedSpan = {}): Verdict {
  const { spans, text } = subjectOf(received);
  const named = spans.filter((span) => span.name === name);
  const faults = named.map((span) => faultsOf(span, expected, spans));
  const pass = faults.some((list) => list.length === 0);
  const wanted = Object.entries(expected).map(([member, value]) => `  ${member}: ${shown(value)}`);
  const message = (): string => {
    const lines = [
      `expected ${pass ? 'no' : 'a'} span ${JSON.stringify(name)}${wanted.length > 0 ? ' with' : ''}`,
    ];
    lines.push(...wanted);
    if (!pass) {
      if (named.length === 0) lines.push('no span has that name');
      for (const list of faults) lines.push('one has that name, but', ...list.map((fault) => `  ${fault}`));
    }
    return [...lines, '', 'The spans that came:', text()].join('\n');
  };
  return { pass, message };
}

const MEMBERS: ReadonlySet<'type' | 'inputs' | 'outputs'> = new Set(['type', 'inputs', 'outputs']);

function faultsOf(
  span: CapturedSpan,
  { attributes, parent, ...members }: ExpectedSpan,
  spans: readonly CapturedSpan[],
): string[] {
  const faults: string[] = [];
  const compare = (what: string, expected: unknown, actual: unknown): void => {
    if (!isAsExpected(expected, actual)) faults.push(`${what} is ${shown(actual)}`);
  };
  for (const member of MEMBERS) {
    if (member in members) compare(member, members[member], span[member]);
  }
  for (const member of Object.keys(members)) {
    if (!(MEMBERS as ReadonlySet<string>).has(member))
      faults.push(`${shown(member)} is nothing that can be expected of a span`);
  }
  for (const [key, value] of Object.entries(attributes ?? {})) {
    compare(`attribute ${key}`, value, span.attributes[key]);
  }
  if (parent !== undefined) {
    const above = spans.find(({ children }) => children.includes(span))?.name ?? null;
    if (above !== parent) faults.push(`its parent is ${shown(above)}`);
  }
  return faults;
}

/** Whether no span failed. Not so where there is no span at all. */
export function haveNoErrors(received: unknown): Verdict {
  const { spans, text } = subjectOf(received);
  const failed = spans.filter(({ status }) => status.code === 'ERROR');
  const pass = spans.length > 0 && failed.length === 0;
  const names = failed.map(({ name, status }) => `  ${name}: ${status.message ?? 'ERROR'}`);
  return {
    pass,
    message: () =>
      [
        pass ? 'expected a span with an error' : 'expected spans, and none with an error',
        ...(names.length > 0 ? [`${names.length} failed:`, ...names] : []),
        '',
        'The spans that came:',
        text(),
      ].join('\n'),
  };
}

/** Whether all model calls together used fewer tokens. Not so where no span says how many it used. */
export function useFewerTokensThan(received: unknown, limit: number): Verdict {
  const { roots, text } = subjectOf(received);
  const tokens = tokensOf(roots);
  const pass = tokens !== undefined && tokens < limit;
  return {
    pass,
    message: () =>
      [
        `expected ${pass ? `${limit} tokens or more` : `fewer than ${limit} tokens`}, got ${tokens ?? 'no span with a usage'}`,
        '',
        'The spans that came:',
        text(),
      ].join('\n'),
  };
}
