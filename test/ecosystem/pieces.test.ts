/**
 * Each part of the SDK works beside the parts of opentelemetry-js: the provider of one with processors and
 * exporters of either, and with subclasses of them, puts the same spans on the wire.
 */
import { expect, test } from 'vitest';
import {
  describeEcosystem,
  type ProgramResult,
  runProgram,
  type SdkName,
  sameOnBoth,
  treesByPath,
} from '../helpers/ecosystem.ts';
import { outline, type TraceTree } from '../helpers/trace-tree.ts';

const ALL_UPSTREAM = /^\/([^/]+)\/upstream\/([^/]+)\/upstream\/v1\/traces$/;

/** What each kind of processor with each kind of exporter makes of the work, by opentelemetry-js alone. */
function references(result: ProgramResult): Map<string, TraceTree[]> {
  const entries = Object.entries(treesByPath(result)).flatMap(([path, trees]) => {
    const kinds = ALL_UPSTREAM.exec(path);
    return kinds === null ? [] : [[`${kinds[1]} ${kinds[2]}`, trees] as const];
  });
  return new Map(entries);
}

const reference = (() => {
  let running: Promise<Map<string, TraceTree[]>> | undefined;
  return () => {
    running ??= runProgram('pieces', 'upstream', { arguments: ['alone'] }).then(references);
    return running;
  };
})();

describeEcosystem('parts of both SDKs, combined', () => {
  test('the reference is what the work records', async () => {
    const trees = await reference();
    expect([...trees.keys()]).toHaveLength(16);
    expect(outline(trees.get('batch proto') ?? []).sort()).toEqual([
      ...['  call', '  limited', '  renamed', 'continued', 'request', 'timed'],
    ]);
    expect(trees.get('batch json')).toEqual(trees.get('batch proto'));
    expect(trees.get('simple memory')).toEqual(trees.get('batch proto'));
    const subclassed = trees.get('batch-subclass proto-subclass') ?? [];
    expect(outline(subclassed).sort()).toEqual(['  call', '  renamed', 'request', 'timed']);
    const [timed] = subclassed.filter(({ name }) => name === 'timed');
    expect(timed.attributes).toEqual({
      'processor.start': { boolValue: true },
      'processor.end': { intValue: '1' },
      'exporter.saw': { stringValue: 'timed' },
    });
    const [patched] = trees.get('simple-patched memory') ?? [];
    expect(patched.name).toMatch(/^patched /);
  });

  test.for<SdkName>(['upstream', 'spandrel'])('with the provider of %s', async (provider) => {
    const expected = await reference();
    const result = await runProgram('pieces', provider);
    const received = treesByPath(result);
    expect(result.output).toHaveLength(56);
    expect(Object.keys(received).sort()).toEqual(
      result.output.map((path: string) => `/${path}/v1/traces`).sort(),
    );
    for (const [path, trees] of Object.entries(received)) {
      const [, processor, , exporter] = path.split('/');
      const other = expected.get(`${processor} ${exporter}`) ?? [];
      expect(outline(trees), path).toEqual(outline(other));
      expect(trees, path).toEqual(other);
    }
  });

  test('spans that no SDK made reach the wire through a processor or an exporter', async () => {
    const result = await sameOnBoth((sdk) => runProgram('plain', sdk));
    const { '/batch/v1/traces': batch, '/simple/v1/traces': simple } = treesByPath(result);
    expect(outline(batch)).toEqual([...['span SPAN-ID', '  span SPAN-ID', '    span SPAN-ID']]);
    expect(simple).toEqual(batch);
    expect(result.output).toEqual({ code: 0 });
  });
});
