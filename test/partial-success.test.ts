import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toLine } from '../src/export/message-line.ts';
import { readPartialSuccess, readStatusMessage } from '../src/export/partial-success.ts';
import { secretsOf } from '../src/export/secrets.ts';

const encoder = new TextEncoder();

describe('readPartialSuccess', () => {
  test('an empty answer rejects nothing', () => {
    expect(readPartialSuccess(new Uint8Array(0))).toEqual({ rejected: 0 });
  });

  test('count and message agree with an independent decoder', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
        fc.stringMatching(/^[a-z][a-z ]{0,100}[a-z]$/),
        (rejected, message) => {
          const body = response(rejected, message);
          const oracle = ProtobufTraceSerializer.deserializeResponse(body).partialSuccess;
          expect(readPartialSuccess(body)).toEqual({
            rejected: Number(oracle?.rejectedSpans ?? 0),
            message: oracle?.errorMessage,
          });
        },
      ),
    );
  });

  test('a count without a message, and a message without a count', () => {
    expect(readPartialSuccess(response(7n, ''))).toEqual({ rejected: 7 });
    expect(readPartialSuccess(response(0n, 'careful'))).toEqual({ rejected: 0, message: 'careful' });
  });

  test('fields it does not know are skipped', () => {
    const unknown = [0x50, 0x01, 0x59, 1, 2, 3, 4, 5, 6, 7, 8, 0x65, 1, 2, 3, 4, 0x6a, 0x02, 9, 9];
    const body = Uint8Array.from([...unknown, ...response(3n, 'no'), ...unknown]);
    expect(readPartialSuccess(body)).toEqual({ rejected: 3, message: 'no' });
  });

  test('a negative count is none; one beyond a double stays finite', () => {
    expect(readPartialSuccess(response(-1n, '')).rejected).toBe(0);
    expect(readPartialSuccess(response(2n ** 63n - 1n, '')).rejected).toBe(Number.MAX_SAFE_INTEGER);
  });

  test.each(['{"toString":1,"valueOf":1}', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'null', '"x"'])(
    'a count in JSON that is none, %#, rejects nothing and does not throw',
    (rejected) => {
      const body = encoder.encode(`{"partialSuccess":{"rejectedSpans":${rejected},"errorMessage":"why"}}`);
      expect(readPartialSuccess(body)).toEqual({ rejected: 0, message: 'why' });
    },
  );

  test('garbage and truncated answers never throw and reject a count only if they say one', () => {
    const whole = response(3n, 'abc');
    for (let length = 1; length < whole.length; length++) {
      expect(readPartialSuccess(whole.subarray(0, length)).rejected).toBe(0);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
        const { rejected, message = '' } = readPartialSuccess(body);
        expect(rejected).toBeGreaterThanOrEqual(0);
        expect(Number.isSafeInteger(rejected)).toBe(true);
        expect(message.length).toBeLessThanOrEqual(512);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a message becomes one line of at most 512 units, not cut inside a character', () => {
    const { message } = readPartialSuccess(response(1n, 'one\r\ntwo\u0000three\u2028four\u001b[31m'));
    expect(message).toBe('one two three four');
    const long = readPartialSuccess(response(1n, `${'x'.repeat(511)}😀${'y'.repeat(10_000)}`)).message ?? '';
    expect(long).toBe('x'.repeat(511));
  });

  test('bytes that are not UTF-8 do not hide the count', () => {
    const body = Uint8Array.from([0x0a, 0x06, 0x08, 0x05, 0x12, 0x02, 0xff, 0x41]);
    expect(readPartialSuccess(body)).toEqual({ rejected: 5, message: '\ufffdA' });
  });

  test.each([
    ['{"partialSuccess":{"rejectedSpans":"12","errorMessage":"m"}}', { rejected: 12, message: 'm' }],
    ['{"partialSuccess":{"rejectedSpans":12}}', { rejected: 12 }],
    ['{"partialSuccess":null}', { rejected: 0 }],
    ['{"partialSuccess":{"rejectedSpans":-3,"errorMessage":7}}', { rejected: 0 }],
    ['{}', { rejected: 0 }],
    ['{"partialSuccess":', { rejected: 0 }],
  ])('the JSON answer %s is read', (text, expected) => {
    expect(readPartialSuccess(encoder.encode(text))).toEqual(expected);
  });
});

test('readStatusMessage takes the message of a google.rpc.Status', () => {
  expect(readStatusMessage(Uint8Array.from([0x08, 0x03, 0x12, 0x02, 0x6e, 0x6f]))).toBe('no');
  expect(readStatusMessage(encoder.encode('<html>'))).toBeUndefined();
});

describe('secrets in a message', () => {
  const headers = {
    authorization: 'Bearer canary-token-1234567890',
    'x-api-key': 'canary key,with;marks',
    other: `Basic ${btoa('user:canary-password')}`,
  };
  const secrets = secretsOf(headers, { credentials: 'me:canary-userinfo' });

  test.each([
    'canary-token-1234567890',
    'Bearer canary-token-1234567890',
    'canary key,with;marks',
    encodeURIComponent('canary key,with;marks'),
    btoa('user:canary-password'),
    'canary-password',
    'me:canary-userinfo',
    'canary-userinfo',
    btoa('me:canary-userinfo'),
  ])('%s is not shown', (secret) => {
    const line = toLine(`bad key "${secret}" from you`, secrets);
    expect(line).not.toContain(secret);
    expect(line).toContain('[redacted]');
  });

  test('no part of a secret is left where a long text was cut', () => {
    // Redaction shrinks the text so much that its far end, cut inside a secret, moves into the line.
    const secret = `canary-${'0123456789'.repeat(200)}`;
    for (let padding = 0; padding < secret.length; padding += 7) {
      const line = toLine(' '.repeat(padding) + secret.repeat(20), [secret]);
      expect(line).toMatch(/^\[redacted\]/);
      expect(line).not.toMatch(/canary|\d/);
    }
  });
});

/** Written out by hand: `partial_success = 1 { rejected_spans = 1 (int64), error_message = 2 (string) }`. */
function response(rejected: bigint, message: string): Uint8Array {
  const text = encoder.encode(message);
  const inner = [
    ...(rejected === 0n ? [] : [0x08, ...varint(BigInt.asUintN(64, rejected))]),
    ...(text.length === 0 ? [] : [0x12, ...varint(BigInt(text.length)), ...text]),
  ];
  return Uint8Array.from([0x0a, ...varint(BigInt(inner.length)), ...inner]);
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
