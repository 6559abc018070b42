/**
 * Headers, variables and answers that nobody vouches for: made by grammar and mutated. No parser throws, what it accepts
 * it can send on in a valid form, other implementations agree, and its time is linear.
 */
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { afterAll, describe, expect, test } from 'vitest';
import type { Answer } from '../../src/export/http-attempt.ts';
import { toSendResult } from '../../src/export/http-result.ts';
import { readPartialSuccess, readStatusMessage } from '../../src/export/partial-success.ts';
import { keepFigures, WRITES_FIGURES } from '../faults/figures.ts';
import { captureWarnings } from '../helpers/api-recorder.ts';
import type { SeededRandom } from '../helpers/engine-random.ts';
import { tag, varint } from '../helpers/protobuf-bytes.ts';
import { PARSE_ONLY, PARSERS, UPSTREAM_PARSE_ONLY } from './parsers.ts';
import * as make from './text-generators.ts';
import { randomOf, TIMEOUT, timed, volume, where } from './volume.ts';

captureWarnings();
const INPUTS = volume(4_000, 1_000_000);
const figures = { inputs: 0, millis: 0, worstMillis: 0, worst: '', largestRatio: 0 };

/** What one input does: `undefined`, or what is wrong. */
type Check = (random: SeededRandom) => string | undefined;

async function fuzz(inputs: number, check: Check): Promise<void> {
  figures.millis += await timed(() => {
    for (let index = 0; index < inputs; index += 1) {
      let wrong: string | undefined;
      try {
        wrong = check(randomOf(index));
      } catch (error) {
        throw new Error(`${where(index)}: threw`, { cause: error });
      }
      if (wrong !== undefined) expect.fail(`${where(index)}: ${wrong}`);
    }
  });
  figures.inputs += inputs;
}

describe('headers and variables', () => {
  test.each(PARSERS)(
    '$name: any text is refused, or read as others read it and sent on',
    { timeout: TIMEOUT },
    async (parser) => {
      await fuzz(INPUTS, (random) => {
        const text = parser.make(random);
        const wrong = parser.check(text);
        return wrong === undefined ? undefined : `${JSON.stringify(text)}: ${wrong}`;
      });
    },
  );
});

const utf8 = new TextEncoder();
const LENGTH_DELIMITED = 2;

function field(number: number, content: Uint8Array): number[] {
  return [...tag(number, LENGTH_DELIMITED), ...varint(BigInt(content.length)), ...content];
}

function answerText(random: SeededRandom): string {
  return make.repeated(random, 6, () => (random.chance(0.5) ? make.character(random) : 'text ')).join('');
}

/** An `ExportTraceServiceResponse`, some with fields that OTLP does not have. */
function response(random: SeededRandom, more: readonly bigint[] = [2n ** 64n - 1n, 2n ** 63n]): Uint8Array {
  const counts = [0n, 1n, 100n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 63n - 1n, ...more];
  const partial: number[] = [];
  if (random.chance(0.8)) partial.push(...tag(1, 0), ...varint(random.pick(counts)));
  if (random.chance(0.7)) partial.push(...field(2, utf8.encode(answerText(random))));
  if (random.chance(0.1)) partial.push(...field(9, utf8.encode('unknown')));
  const whole = random.chance(0.9) ? field(1, Uint8Array.from(partial)) : partial;
  return Uint8Array.from(random.chance(0.1) ? [...whole, ...whole] : whole);
}

const JSON_VALUES = [
  '7',
  '"7"',
  '-1',
  '1e400',
  'null',
  '{}',
  '[]',
  '"x"',
  'true',
  '{"valueOf":1,"toString":1}',
  '[[[9]]]',
  '{"toString":"x"}',
];

function jsonResponse(random: SeededRandom): Uint8Array {
  const rejected = random.pick(JSON_VALUES);
  const message = random.chance(0.5) ? JSON.stringify(answerText(random)) : random.pick(JSON_VALUES);
  const partial = `{"rejectedSpans":${rejected},"errorMessage":${message},"__proto__":{"a":1}}`;
  const text = `{"partialSuccess":${random.chance(0.8) ? partial : random.pick(JSON_VALUES)},"message":${message}}`;
  return utf8.encode(make.mutated(random, text));
}

function checkLine(message: string | undefined): string | undefined {
  if (message === undefined) return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(message))
    return `control characters in ${JSON.stringify(message)}`;
  return message.length > 512 ? `${message.length} characters` : undefined;
}

/** The reader of opentelemetry-js; a negative count, which it takes for a large one, is left to the next test. */
function checkAgainstUpstream(body: Uint8Array): string | undefined {
  const ours = readPartialSuccess(body);
  let theirs: ReturnType<typeof ProtobufTraceSerializer.deserializeResponse>;
  try {
    theirs = ProtobufTraceSerializer.deserializeResponse(body);
  } catch {
    return undefined;
  }
  const rejected = Number(theirs.partialSuccess?.rejectedSpans ?? 0);
  const expected = rejected > 0 ? Math.min(rejected, Number.MAX_SAFE_INTEGER) : 0;
  return ours.rejected === expected ? undefined : `rejected ${ours.rejected}, upstream ${expected}`;
}

describe('answers', () => {
  test('ExportTraceServiceResponse: sound ones are read as another decoder reads them', {
    timeout: TIMEOUT,
  }, async () => {
    await fuzz(INPUTS, (random) => checkAgainstUpstream(response(random, [])));
  });

  test('any bytes, as protobuf or JSON, give a count and one line of text', {
    timeout: TIMEOUT,
  }, async () => {
    await fuzz(INPUTS, (random) => {
      const isJson = random.chance(0.4);
      const body = isJson ? jsonResponse(random) : make.mutatedBytes(random, response(random));
      const { rejected, message } = readPartialSuccess(body, ['secret'], random.chance(0.5));
      if (!(Number.isSafeInteger(rejected) && rejected >= 0)) return `rejected ${rejected}`;
      const status = readStatusMessage(body);
      if (status !== undefined && typeof status !== 'string') return 'a status that is no text';
      return checkLine(message);
    });
  });

  test('any status, headers and body give a result that the pipe knows', { timeout: TIMEOUT }, async () => {
    const types = [
      'application/x-protobuf',
      'application/json',
      'application/json; charset=x',
      'text/plain',
      'text/html',
      '',
    ];
    const statuses = [200, 202, 301, 400, 404, 408, 413, 429, 500, 502, 503, 504, 599];
    await fuzz(INPUTS, (random) => {
      const body = random.chance(0.5) ? jsonResponse(random) : make.mutatedBytes(random, response(random));
      const headers: Record<string, string> = { 'content-type': random.pick(types) };
      if (random.chance(0.5)) headers['retry-after'] = make.mutated(random, make.retryAfter(random));
      if (random.chance(0.3)) headers.date = make.mutated(random, make.retryAfter(random));
      if (random.chance(0.1)) headers['content-encoding'] = 'gzip';
      const answer = {
        kind: 'answer',
        status: random.pick(statuses),
        headers,
        body,
        oversize: random.chance(0.05),
      };
      const result = toSendResult(answer as Answer, 'http://host', ['secret'], 'http/protobuf');
      if (result.kind === 'delivered') return checkLine(result.message);
      if (result.kind === 'failed') return result.reason.length > 1200 ? 'a long reason' : undefined;
      const { retryAfterMs = 1 } = result;
      return retryAfterMs > 0 && retryAfterMs <= 300_000 ? undefined : `a pause of ${retryAfterMs} ms`;
    });
  });
});

/** What would make a parser that goes back over its input slow. */
const PATTERNS: Readonly<Record<string, (length: number) => string>> = {
  'one letter': (length) => 'a'.repeat(length),
  blanks: (length) => ' '.repeat(length),
  'blanks at the end': (length) => `a=${' '.repeat(length - 3)}b`,
  commas: (length) => ','.repeat(length),
  'equals signs': (length) => `a${'='.repeat(length - 1)}`,
  members: (length) => 'a=1,'.repeat(length / 4),
  'members with blanks': (length) => 'a = 1 , '.repeat(length / 8),
  'different members': (length) =>
    Array.from({ length: length / 8 }, (_, index) => `k${String(index).padStart(5, '0')}=`).join(','),
  percents: (length) => `k=${'%'.repeat(length - 2)}`,
  'percent-encoded': (length) => `k=${'%e6%bc%a2'.repeat((length - 2) / 9)}`,
  'percent-encoded, broken at the end': (length) => `k=${'%e6%bc%a2'.repeat((length - 11) / 9)}%e6%bc`,
  semicolons: (length) => `a=b${';'.repeat(length - 3)}`,
  digits: (length) => '0'.repeat(length),
  'a trace parent, and more': (length) =>
    `01-${'a'.repeat(32)}-${'b'.repeat(16)}-01-${'-'.repeat(length - 56)}`,
  'dashes and digits': (length) => '0123456789abcdef-'.repeat(length / 17),
};

/** The least of a few measurements: what the machine does beside is in all but that. */
function leastMillis(parse: (text: string) => unknown, text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round += 1) {
    const start = performance.now();
    parse(text);
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const KIBIBYTE = 1024;
/** Four times the input: linear work is four times as much, quadratic sixteen. */
const MOST_RATIO = 10;
/** Less is too short to be measured, in milliseconds. */
const MEASURABLE = 0.1;

/** How much longer the large text takes, and the time of the middle one. A disturbed measurement is made again. */
function growth(
  parse: (text: string) => unknown,
  texts: readonly string[],
): { ratio: number; millis: number } {
  let ratio = Number.POSITIVE_INFINITY;
  let millis = 0;
  for (let attempt = 0; attempt < 8 && ratio >= MOST_RATIO; attempt += 1) {
    const [small, middle, large] = texts.map((text) => leastMillis(parse, text));
    ratio = large < MEASURABLE ? 1 : large / small;
    millis = middle;
  }
  return { ratio, millis };
}

test.each(Object.keys(PARSE_ONLY))('%s: the time is linear from 32 to 128 KiB', (name) => {
  for (const [pattern, text] of Object.entries(PATTERNS)) {
    const texts = [32, 64, 128].map((size) => text(size * KIBIBYTE));
    const { ratio, millis } = growth(PARSE_ONLY[name], texts);
    if (millis > figures.worstMillis)
      Object.assign(figures, { worstMillis: millis, worst: `${name}, ${pattern}` });
    figures.largestRatio = Math.max(figures.largestRatio, ratio);
    expect(ratio, `${pattern}: the ratio of 128 KiB to 32 KiB`).toBeLessThan(MOST_RATIO);
  }
});

function worstOfUpstream(): Record<string, number | string> {
  let worstMillis = 0;
  let worst = '';
  for (const [name, parse] of Object.entries(UPSTREAM_PARSE_ONLY)) {
    for (const [pattern, text] of Object.entries(PATTERNS)) {
      const millis = leastMillis(parse, text(64 * KIBIBYTE));
      if (millis > worstMillis) [worstMillis, worst] = [millis, `${name}, ${pattern}`];
    }
  }
  return { 'slowest header of 64 KiB, ms': Number(worstMillis.toFixed(3)), 'which one': worst };
}

afterAll(() => {
  // The zero below is that of tests that passed.
  if (!WRITES_FIGURES || figures.inputs !== (PARSERS.length + 3) * INPUTS) return;
  keepFigures(
    'hostile-parsers',
    'SPANDREL_LONG=1 SPANDREL_FIGURES=write npx vitest run test/fuzz/parsers.test.ts',
    {
      inputs: figures.inputs,
      'inputs that threw': 0,
      'slowest header of 64 KiB, ms': Number(figures.worstMillis.toFixed(3)),
      'which one': figures.worst,
      'largest ratio of times, 128 KiB to 32 KiB': Number(figures.largestRatio.toFixed(1)),
      'time, s': Math.round(figures.millis / 1000),
    },
    worstOfUpstream(),
  );
});
