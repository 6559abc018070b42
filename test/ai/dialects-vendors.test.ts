/** The names that dialects write are in the tables of those who read them, and their converters make the same of them. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { LANGFUSE } from '../../src/ai/dialects/langfuse.ts';
import type { Fields } from '../../src/ai/fields.ts';
import type { DialectName } from '../../src/config/dialect.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import type { GoldenSpan } from '../helpers/dialect-spans.ts';
import { ECOSYSTEM } from '../helpers/ecosystem.ts';

const load = createRequire(`${ECOSYSTEM}package.json`);

const describeVendors = requireCounterpart('the packages of test/ecosystem', () =>
  existsSync(`${ECOSYSTEM}node_modules/@langfuse/tracing`)
    ? undefined
    : 'Expected the packages that `npm ci --prefix test/ecosystem` installs; run that first.',
);

function golden(dialect: DialectName): Record<string, GoldenSpan> {
  return JSON.parse(readFileSync(new URL(`golden/${dialect}.json`, import.meta.url), 'utf8'));
}

/** Every name of the golden file; list positions as `N`, and not what says how long shortened content was. */
function keysOf(dialect: DialectName): Set<string> {
  const keys = Object.values(golden(dialect)).flatMap(({ attributes }) => Object.keys(attributes));
  return new Set(
    keys.filter((key) => !key.endsWith('.original_length')).map((key) => key.replace(/\.\d+/g, '.N')),
  );
}

function strings(table: object): string[] {
  return Object.values(table).filter((value): value is string => typeof value === 'string');
}

const OWN_GROUPS = [
  [/^spandrel\./, 'ours: the conventions have no name for these kinds and groups'],
  [/^user\.plan$/, 'a user property; `user.*` is the namespace of the conventions'],
] as const;

/** Names in no table of the installed packages, each with the reason why they are written all the same. */
const EXTRA: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  genai: [
    ...OWN_GROUPS,
    [
      /^gen_ai\.usage\.cache_write\.input_tokens$/,
      'renamed in semantic-conventions-genai 0.1.0, after the package',
    ],
    [/^gen_ai\.retrieval\.top_k$/, 'new in semantic-conventions-genai 0.1.0, after the package'],
    [/^gen_ai\.usage\.cost$/, 'no name in the conventions; readers know this one from OpenLIT'],
    [/^(input|output)\.value$/, 'of OpenInference: the conventions know only messages'],
    [/^tag\.tags$/, 'of OpenInference: the conventions have no tags'],
    [/^session\.name$/, 'beside `session.id`: the conventions have no name of a session'],
  ],
  openinference: [],
  honeyhive: [],
  langfuse: [],
  traceloop: [
    ...OWN_GROUPS,
    [/^gen_ai\.usage\.cost$/, 'no name in the conventions; readers know this one from OpenLIT'],
  ],
};

function expectKnown(dialect: string, keys: Iterable<string>, known: (key: string) => boolean): void {
  const extra = EXTRA[dialect];
  const all = [...keys];
  const unknown = all.filter((key) => !known(key));
  expect(unknown.filter((key) => !extra.some(([pattern]) => pattern.test(key)))).toEqual([]);
  // No reason is left over.
  expect(extra.filter(([pattern]) => !unknown.some((key) => pattern.test(key)))).toEqual([]);
}

describeVendors('every name is in the table of its readers, or has a reason', () => {
  const conventions = (): Set<string> =>
    new Set(strings(load('@opentelemetry/semantic-conventions/incubating')));

  test('genai: @opentelemetry/semantic-conventions', () => {
    const table = conventions();
    expectKnown('genai', keysOf('genai'), (key) => table.has(key));
  });

  test('genai-1.36 differs from genai by three names', () => {
    const [now, then] = [keysOf('genai'), keysOf('genai-1.36')];
    expect([...then].filter((key) => !now.has(key)).sort()).toEqual(
      ['gen_ai.request.top_k', 'gen_ai.system', 'gen_ai.usage.cache_creation.input_tokens'].filter(
        (key) => !now.has(key),
      ),
    );
    for (const key of then) if (!now.has(key)) expect(conventions()).toContain(key);
  });

  test('openinference: @arizeai/openinference-semantic-conventions', () => {
    const table = new Set(strings(load('@arizeai/openinference-semantic-conventions')));
    table.add('openinference.span.kind');
    // Lists are named by their prefix, and each element by the names of an element.
    const known = (key: string): boolean => key.split('.N.').every((part) => isName(part, table));
    expectKnown('openinference', keysOf('openinference'), known);
  });

  test('langfuse: @langfuse/core', () => {
    const { LangfuseOtelSpanAttributes } = load('@langfuse/core');
    const table = new Set(strings(LangfuseOtelSpanAttributes));
    const known = (key: string): boolean =>
      table.has(key) || /^langfuse\.(observation|trace)\.metadata\.\w+$/.test(key);
    expectKnown('langfuse', keysOf('langfuse'), known);
  });

  test('traceloop: @traceloop/ai-semantic-conventions, and those of OpenTelemetry that it writes', () => {
    const { SpanAttributes, TraceloopSpanKindValues } = load('@traceloop/ai-semantic-conventions');
    const table = new Set([...strings(SpanAttributes), ...conventions()]);
    const prefix = `${SpanAttributes.TRACELOOP_ASSOCIATION_PROPERTIES}.`;
    expectKnown('traceloop', keysOf('traceloop'), (key) => table.has(key) || key.startsWith(prefix));
    for (const { attributes } of Object.values(golden('traceloop'))) {
      const kind = attributes['traceloop.span.kind'];
      if (kind !== undefined) expect(strings(TraceloopSpanKindValues)).toContain(kind);
    }
  });

  test('honeyhive: the groups its SDKs write', () => {
    const names =
      /^(honeyhive_(event_type|event_name|error|error_type)|honeyhive_(inputs|outputs|config|metadata|metrics|feedback|user_properties)\..+|honeyhive\.(session_id|session_name)|traceloop\.association\.properties\.session_id)$/;
    expectKnown('honeyhive', keysOf('honeyhive'), (key) => names.test(key));
  });
});

/** A name, or several that follow each other, as `message.tool_calls`. */
function isName(key: string, table: ReadonlySet<string>): boolean {
  if (table.has(key) || key === 'tool_call' || key === 'document') return true;
  const parts = key.split('.');
  return parts.some(
    (_, cut) => table.has(parts.slice(0, cut).join('.')) && isName(parts.slice(cut).join('.'), table),
  );
}

/** What OpenInference's converter makes of our GenAI spans otherwise than our dialect, and why. */
const CONVERTED_OTHERWISE: readonly (readonly [RegExp, string])[] = [
  [
    /^llm\.invocation_parameters$/,
    'it adds the model, which has a name of its own, and leaves parameters out',
  ],
  [
    /^llm\.input_messages\.\d+\.message\.contents\./,
    'it lays out plain text as parts; `message.content` is the same',
  ],
  [/^metadata\.gen_ai\.system_instructions$/, 'a copy of what is a message'],
  [/^llm\.tools\.\d+\.tool\.json_schema$/, 'it wraps definitions as OpenAI does; ours are as given'],
  [/^tool\.parameters$/, 'a copy of `input.value`'],
  [/^openinference\.span\.kind$/, 'LLM where it does not know: the conventions have no word for the kind'],
  [/^llm\.model_name$/, 'embeddings and rerankers have names of their own'],
  [/^llm\.system$/, 'also on embeddings'],
];

describeVendors('spans in the words of a vendor', () => {
  test('OpenInference: its converter makes of our GenAI spans what our dialect writes', () => {
    const { convertGenAISpanAttributesToOpenInferenceSpanAttributes: convert } = load(
      '@arizeai/openinference-genai',
    );
    const ours = golden('openinference');
    let compared = 0;
    for (const [name, { attributes }] of Object.entries(golden('genai'))) {
      for (const [key, value] of Object.entries(convert(attributes) ?? {})) {
        if (JSON.stringify(ours[name].attributes[key]) === JSON.stringify(value)) compared += 1;
        else
          expect
            .soft(
              CONVERTED_OTHERWISE.some(([pattern]) => pattern.test(key)),
              `${name}: ${key}`,
            )
            .toBe(true);
      }
    }
    expect(compared).toBeGreaterThan(50);
  });

  test('Langfuse: its SDK writes the same attributes for the same observation', () => {
    const { createObservationAttributes } = load('@langfuse/tracing');
    const theirs = createObservationAttributes('generation', {
      input: [{ role: 'user', parts: [{ type: 'text', content: 'Do bees dance?' }] }],
      output: 'They do.',
      level: 'ERROR',
      statusMessage: 'it was refused',
      model: 'loopback-1',
      modelParameters: { temperature: 0.5, max_tokens: 100 },
      usageDetails: { input: 9, output: 4, total: 13 },
      costDetails: { total: 0.25 },
      completionStartTime: new Date(1250),
      metadata: { plan: 'free', nested: { deep: [1] } },
    });
    const fields: Fields = {
      type: 'model',
      inputMessages: [{ role: 'user', parts: [{ type: 'text', content: 'Do bees dance?' }] }],
      outputs: 'They do.',
      error: 'it was refused',
      model: { model: 'loopback-1', temperature: 0.5, maxTokens: 100, timeToFirstChunk: 0.25 },
      usage: { inputTokens: 9, outputTokens: 4, cost: 0.25 },
      metadata: { plan: 'free', nested: { deep: [1] } },
    };
    const ours: Record<string, unknown> = {};
    const set = (key: string, value: unknown): void => {
      if (value !== undefined) ours[key] = value;
    };
    LANGFUSE.write(
      fields,
      { core: set, set, content: set },
      { name: 'n', startTime: [1, 0], attributes: {} },
    );
    expect(ours).toEqual(theirs);
  });
});

describe('the list of names without a table', () => {
  test('has a reason for each', () => {
    for (const [, reason] of [...Object.values(EXTRA).flat(), ...CONVERTED_OTHERWISE]) {
      expect(reason.length).toBeGreaterThan(12);
    }
  });
});
