/** Bytes and base64 in content are said, and not sent; text is left alone. */
import { expect, test } from 'vitest';
import { contentText } from '../../src/ai/content.ts';

const base64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
const PNG = `data:image/png;base64,${base64(1000)}`;

test.each<[string, unknown, string]>([
  ['a data URL', PNG, '[image/png, 1000 bytes]'],
  ['a data URL in a text', `![a](${PNG}) b`, '![a]([image/png, 1000 bytes]) b'],
  ['OpenAI, image_url', { image_url: { url: PNG } }, '{"image_url":{"url":"[image/png, 1000 bytes]"}}'],
  [
    'OpenAI, input_audio',
    { input_audio: { data: base64(99), format: 'wav' } },
    '{"input_audio":{"data":"[audio/wav, 99 bytes]","format":"wav"}}',
  ],
  ['OpenAI, b64_json', { b64_json: base64(100) }, '{"b64_json":"[100 bytes]"}'],
  [
    'Anthropic',
    { source: { type: 'base64', media_type: 'image/jpeg', data: base64(101) } },
    '{"source":{"type":"base64","media_type":"image/jpeg","data":"[image/jpeg, 101 bytes]"}}',
  ],
  [
    'MCP',
    { type: 'image', data: base64(64), mimeType: 'image/gif' },
    '{"type":"image","data":"[image/gif, 64 bytes]","mimeType":"image/gif"}',
  ],
  [
    'AI SDK',
    { image: Buffer.alloc(12), mediaType: 'image/png' },
    '{"image":"[image/png, 12 bytes]","mediaType":"image/png"}',
  ],
  ['a typed array', { a: new Float32Array(3) }, '{"a":"[12 bytes]"}'],
  ['an ArrayBuffer', { a: new ArrayBuffer(5) }, '{"a":"[5 bytes]"}'],
  ['a Blob', { a: new Blob(['abc'], { type: 'text/x' }) }, '{"a":"[text/x, 3 bytes]"}'],
  ['a File', new File(['abcd'], 'a.txt', { type: 'text/plain' }), '"[a.txt, text/plain, 4 bytes]"'],
])('%s', (_, value, expected) => {
  expect(contentText(value)).toBe(expected);
});

test.each<[string, unknown]>([
  ['text beside a media type', { mimeType: 'text/plain', text: 'some words and more words '.repeat(9) }],
  ['a long word', 'x'.repeat(5000)],
  ['a long word of a message', { role: 'user', content: 'x'.repeat(5000) }],
  ['a short data URL', { url: 'data:image/png;base64,AAAA' }],
  ['text about data URLs', 'write data:image/png;base64,… and so on'],
  ['a format of something else', { format: 'x'.repeat(80), title: 'a b c'.repeat(40) }],
])('left alone: %s', (_, value) => {
  const text = contentText(value);
  expect(typeof value === 'string' ? text : JSON.parse(text ?? '')).toEqual(value);
});

test('takes time in proportion to the text', () => {
  const hostile = (length: number): unknown => ({
    a: 'data:'.repeat(length / 5),
    b: `;base64,${'data:a/b;'.repeat(length / 9)}`,
    c: `data:image/png;base64,${'A'.repeat(length)}!`,
    mimeType: 'image/png',
    d: `${'A'.repeat(length)} `,
  });
  const best = (value: unknown): number => {
    const times = Array.from({ length: 7 }, () => {
      const begun = performance.now();
      contentText(value);
      return performance.now() - begun;
    });
    return Math.min(...times);
  };
  const [small, large] = [hostile(50_000), hostile(400_000)];
  best(small);
  expect(best(large) / best(small)).toBeLessThan(8 * 4);
});
