/** The built package on every Node release it is for, with every release of the API it is for. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { probeCombination, Sandbox, supported } from './combinations.ts';
import { Receiver } from './exported.ts';

const program = `
async function main() {
  init({ serviceName: 'smoke', endpoint: process.argv[2] });
  const answer = trace(async function answer(question) {
    return span('look up', async () => question.length);
  });
  if ((await answer('why?')) !== 4) throw new Error('expected the result of the traced function');
  const result = await flush();
  if (result.exported !== 2) throw new Error('expected 2 exported spans: ' + JSON.stringify(result));
  if (stats().engine !== 'wasm') throw new Error('expected wasm, got ' + stats().engine);
  await shutdown();
}
main();
`;
const names = '{ flush, init, shutdown, span, stats, trace }';
const formats = [
  ['smoke.mjs', `import ${names} from 'spandrel';${program}`],
  ['smoke.cjs', `const ${names} = require('spandrel');${program}`],
] as const;

for (const combination of supported) {
  const declare = requireCounterpart(combination.title, () => probeCombination(combination));
  declare(combination.title, () => {
    const receiver = new Receiver();
    let sandbox: Sandbox;

    beforeAll(async () => {
      sandbox = new Sandbox(combination.sdk);
      await receiver.listen();
    });

    afterAll(() => {
      sandbox?.remove();
      receiver.close();
    });

    it.each(formats)('traces, flushes and shuts down: %s', async (file, source) => {
      const end = await sandbox.run(combination.node, [sandbox.add(file, source), receiver.url]);
      expect(end).toEqual({ code: 0, stderr: '' });
      const spans = receiver.take('/v1/traces');
      expect(spans).toHaveLength(2);
      const [parent, child] = ['answer', 'look up'].map((name) =>
        (spans as Exclude<typeof spans, string>).find((span) => span.name === name),
      );
      expect(child).toMatchObject({ traceId: parent?.traceId, parentSpanId: parent?.spanId });
    });
  });
}
