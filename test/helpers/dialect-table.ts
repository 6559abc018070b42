/** @module `docs/dialects.md`: which name each field has in each dialect, found by writing one field at a time. */
import type { Fields, SpanType } from '../../src/ai/fields.ts';
import { DIALECTS } from '../../src/ai/settings.ts';

const SPAN = { name: 'name', startTime: [1, 0] as [number, number], attributes: {} };

interface Row {
  readonly field: string;
  readonly type: SpanType;
  readonly fields: Fields;
}

const row = (field: string, type: SpanType, fields: Fields): Row => ({ field, type, fields });
const text = [{ type: 'text', content: 'c' }];

const model = {
  provider: 'p',
  operation: 'o',
  model: 'm',
  responseModel: 'r',
  responseId: 'i',
  finishReasons: ['f'],
};
const numbers = {
  temperature: 1,
  topP: 1,
  topK: 1,
  maxTokens: 1,
  frequencyPenalty: 1,
  presencePenalty: 1,
  seed: 1,
};
const rest = {
  stopSequences: ['s'],
  choiceCount: 2,
  stream: true,
  outputType: 'text',
  timeToFirstChunk: 1,
  serverAddress: 'a',
  serverPort: 1,
};
const usage = {
  inputTokens: 1,
  outputTokens: 1,
  totalTokens: 1,
  cacheRead: 1,
  cacheWrite: 1,
  reasoning: 1,
  cost: 1,
};

const each = (member: 'model' | 'usage' | 'tool' | 'agent', type: SpanType, values: object): Row[] =>
  Object.entries(values).map(([key, value]) => row(`${member}.${key}`, type, { [member]: { [key]: value } }));

const ROWS: readonly Row[] = [
  row('inputs (model)', 'model', { inputs: 'text' }),
  row('outputs (model)', 'model', { outputs: 'text' }),
  row('inputs (tool)', 'tool', { inputs: 'text' }),
  row('outputs (tool)', 'tool', { outputs: 'text' }),
  row('inputs (chain)', 'chain', { inputs: 'text' }),
  row('outputs (chain)', 'chain', { outputs: 'text' }),
  row('systemInstructions', 'model', { systemInstructions: text }),
  row('inputMessages', 'model', { inputMessages: [{ role: 'user', parts: text }] }),
  row('outputMessages', 'model', { outputMessages: [{ role: 'assistant', parts: text }] }),
  row('toolDefinitions', 'model', { inputMessages: [], toolDefinitions: [{ name: 't' }] }),
  row('documents', 'retriever', { documents: [{ id: 'i', content: 'c', score: 1, metadata: { k: 1 } }] }),
  row('documents (reranker)', 'reranker', {
    documents: [{ id: 'i', content: 'c', score: 1, metadata: { k: 1 } }],
  }),
  ...each('model', 'model', { ...model, ...numbers, ...rest }),
  ...each('usage', 'model', usage),
  ...each('tool', 'tool', { name: 't', description: 'd', type: 'function', callId: 'c' }),
  ...each('agent', 'agent', { name: 'a', id: 'i', description: 'd' }),
  ...(['config', 'metadata', 'metrics', 'feedback', 'userProperties'] as const).map((group) =>
    row(`${group}.key`, 'chain', { [group]: { key: 'v' } }),
  ),
  row('error', 'chain', { error: 'e' }),
  row('errorType', 'chain', { errorType: 't' }),
  row('eventName', 'chain', { eventName: 'e' }),
];

const SESSION = { sessionId: 's', sessionName: 'n', userId: 'u', tags: ['t'], metadata: { key: 'v' } };
const NAMES = Object.keys(DIALECTS) as (keyof typeof DIALECTS)[];

/** What a dialect writes, by name. */
function written(name: keyof typeof DIALECTS, fields: Fields): Map<string, string> {
  const found = new Map<string, string>();
  const set = (key: string, value: unknown): void => {
    if (value !== undefined) found.set(key, String(value));
  };
  DIALECTS[name].write(fields, { core: set, set, content: set }, SPAN);
  return found;
}

function namesOf(name: keyof typeof DIALECTS, { type, fields }: Row): string[] {
  const base = written(name, { type });
  return [...written(name, { type, ...fields })]
    .filter(([key, value]) => base.get(key) !== value)
    .map(([key]) => key);
}

const cell = (keys: readonly string[]): string => keys.map((key) => `\`${key}\``).join(' ') || '-';

function table(
  first: string,
  rows: readonly (readonly [string, (name: keyof typeof DIALECTS) => string[]])[],
): string[] {
  return [
    `| ${first} | ${NAMES.join(' | ')} |`,
    `|${'---|'.repeat(NAMES.length + 1)}`,
    ...rows.map(([label, keys]) => `| ${label} | ${NAMES.map((name) => cell(keys(name))).join(' | ')} |`),
  ];
}

const TYPES = [
  'model',
  'embedding',
  'tool',
  'chain',
  'agent',
  'retriever',
  'reranker',
  'guardrail',
  'evaluator',
] as const;

/** The page. */
export function renderDialects(): string {
  return [
    '<!-- Written from src/ai/dialects by test/ai/dialects.test.ts, with SPANDREL_WRITE_GOLDEN=1; do not edit. -->',
    '# Dialects',
    '',
    'The names that fields have on the wire, by the `dialect` option (`SPANDREL_DIALECT`). A dialect names only what',
    '`trace`, `enrichSpan`, `usage` and `withSession` were given; attributes of your own and of instrumentations stay as they are.',
    'Several fields in one attribute, such as `metadata`, are members of its JSON. `-`: the dialect has no place for it.',
    'What whole spans look like: `test/ai/golden/`.',
    '',
    '## Kind of span',
    '',
    'There from the start, for samplers and `onStart`.',
    '',
    ...table('type', [
      ...TYPES.map((type) => [type, (name: keyof typeof DIALECTS) => start(name, type)] as const),
      ['none', (name) => start(name, undefined)],
    ]),
    '',
    '## Fields of a span',
    '',
    ...table(
      'field',
      ROWS.map(
        (line) => [`\`${line.field}\``, (name: keyof typeof DIALECTS) => namesOf(name, line)] as const,
      ),
    ),
    '',
    '## Session',
    '',
    ...table(
      'member',
      Object.entries(SESSION).map(
        ([member, value]) =>
          [
            `\`${member}\``,
            (name: keyof typeof DIALECTS) => Object.keys(DIALECTS[name].session({ [member]: value })),
          ] as const,
      ),
    ),
    '',
  ].join('\n');
}

function start(name: keyof typeof DIALECTS, type: SpanType | undefined): string[] {
  return Object.entries(DIALECTS[name].start(type)).map(([key, value]) => `${key} = ${value}`);
}
