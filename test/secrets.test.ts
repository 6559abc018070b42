/** What was configured as a secret is in no text that comes out of an answer, in whatever form a server echoes it. */
import { describe, expect, test } from 'vitest';
import { parseEndpoint } from '../src/export/endpoint.ts';
import { codeOf } from '../src/export/error-code.ts';
import type { AttemptResult } from '../src/export/http-attempt.ts';
import { toSendResult } from '../src/export/http-result.ts';
import { toLine } from '../src/export/message-line.ts';
import { secretsOf } from '../src/export/secrets.ts';
import { CANARIES, ECHOES, occurrences } from './faults/canary.ts';

const HEADERS = {
  'x-api-key': CANARIES.header,
  authorization: `Bearer ${CANARIES.token}`,
  'x-basic': `Basic ${btoa(`me:${CANARIES.environment}`)}`,
};
const { password, query } = CANARIES;
const ENDPOINT = parseEndpoint(
  `https://me:${encodeURIComponent(password)}@host/v1/traces?v=1&key=${encodeURIComponent(query)}`,
  'test',
);
const SECRETS = secretsOf(HEADERS, ENDPOINT);

/** Field 2, wire type 2, length in two bytes at most. */
function protobufField2(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x12, (bytes.length & 0x7f) | 0x80, bytes.length >> 7]), bytes]);
}

function partialSuccess(text: string): Uint8Array {
  const inner = Buffer.concat([Buffer.from([0x08, 1]), protobufField2(text)]);
  return Buffer.concat([Buffer.from([0x0a, (inner.length & 0x7f) | 0x80, inner.length >> 7]), inner]);
}

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
/** Answers that hold a text: status, type and body. */
const ANSWERS: readonly [string, number, string, (text: string) => string | Uint8Array][] = [
  ['a text of 401', 401, 'text/plain; charset=utf-8', (text) => `bad key: ${text}, sorry`],
  ['a text of 503', 503, 'text/plain', (text) => text],
  ['a message in JSON of 403', 403, JSON_TYPE, (text) => JSON.stringify({ message: text })],
  ['other JSON of 400', 400, JSON_TYPE, (text) => JSON.stringify({ error: { detail: text } })],
  ['broken JSON of 400', 400, JSON_TYPE, (text) => `{"error": "${text}`],
  ['a Status of 429', 429, PROTOBUF, protobufField2],
  ['a partial success', 200, PROTOBUF, partialSuccess],
  [
    'a partial success in JSON',
    200,
    JSON_TYPE,
    (text) => JSON.stringify({ partialSuccess: { rejectedSpans: 1, errorMessage: text } }),
  ],
];

function said(status: number, type: string, body: string | Uint8Array): string {
  const answer: AttemptResult = {
    kind: 'answer',
    status,
    headers: { 'content-type': type },
    body: typeof body === 'string' ? Buffer.from(body) : body,
    oversize: false,
  };
  return JSON.stringify(toSendResult(answer, ENDPOINT.display, SECRETS, 'http/protobuf'));
}

describe.each(ANSWERS)('in %s', (_, status, type, body) => {
  test.each(Object.entries(ECHOES))('no secret is shown that is echoed %s', (_form, echo) => {
    for (const secret of Object.values(CANARIES)) {
      const text = said(status, type, body(echo(secret)));
      expect(occurrences(text)).toEqual([]);
      expect(text).toContain('[redacted]');
    }
  });
});

test('the search finds what is not redacted, in every form', () => {
  for (const [form, echo] of Object.entries(ECHOES)) {
    const missed = Object.values(CANARIES).filter((secret) => occurrences(echo(secret)).length === 0);
    expect([form, missed]).toEqual([form, []]);
  }
  expect(occurrences('canary, tail, quoted; nothing to see')).toEqual([]);
});

describe('what no secret is stays readable', () => {
  const line = (text: string, headers: Record<string, string>): string => toLine(text, secretsOf(headers));

  test.each([
    ['secrets of one or two characters', 'a 401 of a b1', { a: 'a', b: 'b1', c: '' }],
    ['the name of the scheme', 'Bearer token expired', { authorization: 'Bearer abc.def.ghi' }],
    ['words that a short secret begins', 'developer mode', { 'x-stage': 'dev' }],
    [
      'words of which a secret has some letters',
      'the key is not active',
      { 'x-key': 'not-a-key-at-all-9917' },
    ],
  ])('%s', (_, text, headers) => {
    expect(line(text, headers as Record<string, string>)).toBe(text);
  });

  test.each([
    ['a short one that stands alone', 'stage dev!', 'stage [redacted]!', { 'x-stage': 'dev' }],
    ['one of marks alone', 'key #!%$ refused', 'key [redacted] refused', { 'x-key': '#!%$' }],
    [
      'one of six letters, spread',
      'key a-b-c d e f refused',
      'key [redacted] refused',
      { 'x-key': 'abcdef' },
    ],
    ['a credential after its scheme', 'no tok1', 'no [redacted]', { authorization: 'Custom tok1' }],
  ])('and a secret does not: %s', (_, text, expected, headers) => {
    expect(line(text, headers as Record<string, string>)).toBe(expected);
  });
});

test('a short secret is found behind letters whose lower case is longer', () => {
  const text = `${'İ'.repeat(9)} key: K3Y!x, and a thing`;
  expect(toLine(text, secretsOf({ 'x-key': 'k3y!x' }))).toBe(`${'İ'.repeat(9)} key: [redacted], and a thing`);
});

test('the work on a long answer and many secrets is bounded', () => {
  const many = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`h${index}`, `${index}`.repeat(4_000)]),
  );
  const line = toLine('0123456789'.repeat(500_000), secretsOf(many));
  expect(line.length).toBeLessThanOrEqual(512);
});

describe('the name of a foreign error', () => {
  test.each([
    [Object.assign(new Error('canary'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new RangeError('canary'), 'RangeError'],
    [Object.assign(new Error('x'), { code: 'my canary is: secret' }), 'Error'],
    [Object.assign(new Error('x'), { code: 7, name: 'key=canary' }), 'object'],
    ['canary', 'string'],
    [undefined, 'undefined'],
    [null, 'object'],
  ])('is a word: %o', (error, expected) => {
    expect(codeOf(error)).toBe(expected);
  });

  test('is its type when its getters throw', () => {
    const get = () => {
      throw new Error('canary');
    };
    expect(codeOf(Object.defineProperty({}, 'code', { get }))).toBe('object');
  });
});
