/** The program of docs/guides/serverless.md, as Lambda would call it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { run } from './helpers/api-child.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { requireCounterpart } from './helpers/counterparts.ts';
import { refusingPort } from './helpers/fault-server.ts';

const guide = readFileSync('docs/guides/serverless.md', 'utf8');
const [program] = [...guide.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);

// Inside the package, so that 'spandrel' resolves to it as it would for someone who installed it.
mkdirSync('.cache', { recursive: true });
const folder = mkdtempSync('.cache/serverless-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const describeBuilt = requireCounterpart('the built package', () =>
  existsSync('dist/esm/index.mjs') ? undefined : 'Expected dist/, which `npm run build` makes.',
);

/** Calls the handler in one process, which then is gone at once: nothing is sent after the last answer. */
const invoke = (endpoint: string, names: readonly string[]) => {
  writeFileSync(join(folder, 'handler.mjs'), program.replaceAll('http://localhost:4318', endpoint));
  const caller = join(folder, 'runtime.mjs');
  writeFileSync(
    caller,
    `import { handler } from './handler.mjs';
    for (const name of ${JSON.stringify(names)}) console.log((await handler({ name })).body);
    process.reallyExit(0);`,
  );
  return run(caller);
};

describeBuilt('the guide to serverless platforms', () => {
  test('delivers the spans of each invocation before it returns', async () => {
    const receiver = await receiveOtlp();
    const { code, stdout, stderr } = await invoke(receiver.base, ['a', 'b', 'c']);
    expect([code, stdout, stderr]).toEqual([0, 'Hello, a\nHello, b\nHello, c\n', '']);
    expect(receiver.spans).toHaveLength(3);
    expect(receiver.requests).toHaveLength(3);
  });

  test('answers in time when nobody takes the spans, and says how many wait', async () => {
    const { code, stdout, stderr } = await invoke(`http://127.0.0.1:${await refusingPort()}`, ['a']);
    expect([code, stdout]).toEqual([0, 'Hello, a\n']);
    expect(stderr).toContain('1 spans wait for the next invocation');
  });
});
