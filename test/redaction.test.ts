/** The built-in patterns: what they hide, what they leave, and that they take no time over either. */
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { trace } from '../src/ai/trace.ts';
import { redaction } from '../src/api/redaction.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { startTracing, stopTracingAfterEach } from './helpers/ai-spans.ts';
import { captureWarnings } from './helpers/api-recorder.ts';

const warnings = captureWarnings();
stopTracingAfterEach();
afterEach(() => resetDiagnostics());

const apply = redaction();
const redact = (text: string): string => apply(text, 'key', undefined as never) as string;
const word = (length: number): string => 'aB3'.repeat(length).slice(0, length);

/** Of each pattern: texts with a secret, marked by «», and texts that only look like one. */
const TABLE: Record<string, { hidden: string[]; left: string[] }> = {
  apiKey: {
    hidden: [
      `key «sk-${word(48)}» end`,
      `«sk-ant-api03-${word(300)}»`,
      `«ghp_${word(36)}»`,
      `«github_pat_${word(82)}»`,
      `«glpat-${word(20)}»`,
      `«xoxb-${word(40)}»`,
      `«AIza${word(35)}»`,
      '«AKIAIOSFODNN7EXAMPLE»',
      `«sk_live_${word(24)}»`,
      `«hf_${word(34)}»`,
      `«npm_${word(36)}»`,
    ],
    left: ['sk-learn', 'task-management-system-of-old', 'AKIA', 'ghp_short', 'npm_config_registry'],
  },
  jsonWebToken: {
    hidden: [`x «eyJ${word(20)}.eyJ${word(20)}.${word(20)}»`],
    left: ['eyJhbGciOi.no', 'eyJ.eyJ.x'],
  },
  bearer: {
    hidden: [`«Bearer ${word(20)}»`, `h: «Basic ${word(20)}==»`],
    left: ['the bearer of news', 'Basic idea'],
  },
  privateKey: {
    hidden: [
      `«-----BEGIN RSA PRIVATE KEY-----\nMII${word(90)}\n-----END RSA PRIVATE KEY-----»`,
      `«-----BEGIN PRIVATE KEY-----\nDEK-Info: AES-128-CBC\n${word(90)}\n-----END PRIVATE KEY-----»`,
    ],
    left: ['-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----'],
  },
  secretMember: {
    hidden: [
      '{"password":"«hunter2»"}',
      '{"db_password": "«a \\" quote»", "b": 1}',
      '{"a":"{\\"password\\":\\"«hunter2»\\",\\"b\\":1}"}',
      '{"a":"{\\"api_key\\":\\"«x\\\\\\"y»\\"}"}',
      'password=«hunter2»&x=1',
      'secret: «abc»',
      'Authorization: «Token abc»',
      "{'client_secret': '«abc»'}",
    ],
    left: ['the password is not here', '{"password_policy":"strong"}', '{"password":null}', 'secretary: Ann'],
  },
  urlCredentials: {
    hidden: ['postgres://«user:pass»@db.test/x'],
    left: ['http://host.test:8080/a', 'see https://a.test/b:c@d'],
  },
  email: {
    hidden: ['to «ann.b+c@mail.example.test», hi'],
    left: ['user@localhost', '@scope/package', 'a @ b.c'],
  },
  creditCard: {
    hidden: ['«4111111111111111»', '«4111 1111 1111 1111»', '«5500-0000-0000-0004»'],
    left: ['4111111111111112', '1700000000000', '3.141592653589793238', '12345678901234567890123'],
  },
  socialSecurityNumber: {
    hidden: ['«078-05-1120»'],
    left: ['2024-05-1120', '1078-05-11201', '078-05-1120-4'],
  },
};

describe.each(Object.entries(TABLE))('%s', (name, { hidden, left }) => {
  test.each(hidden)('hides what it is for: %s', (marked) => {
    const text = marked.replace(/[«»]/g, '');
    const secret = /«([\s\S]*)»/.exec(marked)?.[1] as string;
    const result = redact(text);
    expect(result).not.toContain(secret);
    const [before, after] = marked.split(/«[\s\S]*»/);
    expect(result.startsWith(before) && result.endsWith(after)).toBe(true);
  });

  test.each(left)('leaves what is none: %s', (text) => {
    expect(redaction({ patterns: [name as never] })(text, 'k', undefined as never)).toBe(text);
  });
});

test('JSON stays JSON, with secrets at any depth of escapes and numbers among them', () => {
  const secret = fc.constantFrom(
    'hunter2-0xC0FFEE',
    'a"quoted\\path"',
    `sk-${word(40)}`,
    'ann@mail.example.test',
  );
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.record({ text: fc.string(), password: secret, card: fc.constant(4111111111111111) }),
      fc.record({ 'api-key': fc.oneof(secret, fc.integer()), nested: tie('node') }),
      fc.array(tie('node'), { maxLength: 3 }),
      tie('node').map((inner) => ({ inside: JSON.stringify(inner) })),
    ),
  })).node;
  fc.assert(
    fc.property(tree, (value) => {
      const result = redact(JSON.stringify(value));
      expect(() => JSON.parse(result)).not.toThrow();
      for (const part of ['hunter2', 'quoted', 'path', word(40), 'ann@mail', '4111111111111111']) {
        expect(result).not.toContain(part);
      }
    }),
    { numRuns: 300 },
  );
});

test.each([
  'a',
  '-eyJaaaaaaaaa',
  'eyJaaaaaaaa.',
  'sk-',
  'password":"',
  'password\\":\\"',
  'secret=',
  'a@',
  'a.',
  '1 ',
  '4111-',
  '-----BEGIN PRIVATE KEY-----',
  'http://a:',
  'Bearer ',
  '\\',
  '\\"',
  'password="\\',
])('takes time in proportion to a text of %j', (piece) => {
  const best = (text: string): number => {
    const times = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      redact(text);
      return performance.now() - begun;
    });
    return Math.min(...times);
  };
  const small = piece.repeat(20_000 / piece.length);
  const large = piece.repeat(160_000 / piece.length);
  best(small);
  // Eight times the text; were it quadratic, 64 times the time.
  expect(best(large) / (best(small) + 0.05)).toBeLessThan(28);
});

test.each<[string, unknown]>([
  ['an unknown pattern', { patterns: ['emails'] }],
  ['no list', { keys: 'password' }],
  ['no expression', { custom: ['secret'] }],
  ['no options', 'yes'],
])('%s is said, and masks everything', async (_, redact) => {
  const { one } = await startTracing({ redact: redact as never });
  trace((_in: string) => 'out', { name: 'x' })('in');
  expect((await one('[masked]')).plain).toEqual({ 'input.value': '[masked]', 'output.value': '[masked]' });
  expect(warnings.filter((line) => line.includes('option redact'))).toHaveLength(1);
});
