/**
 * Each part of the SDK works beside the parts of opentelemetry-js: the provider of one with processors and
 * exporters of either, and with subclasses of them, puts the same spans on the wire.
 */
import { runInNewContext } from 'node:vm';
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

const LIMITED = /span "limited" lost 5 attributes/;

/** A span as a console exporter prints it, one object after another, in the notation of the language. */
interface PrintedSpan {
  readonly name: string;
  readonly kind: number;
  readonly [member: string]: unknown;
}

async function printedSpans(provider: SdkName, exporter: SdkName): Promise<PrintedSpan[]> {
  const options = { arguments: [exporter], expectedNoise: LIMITED, printsText: true };
  const { child } = await runProgram('console', provider, options);
  const list = child.stdout
    .replaceAll('[Array]', "'[Array]'")
    .replaceAll(/: TraceState\w* \{/g, ': {')
    .replaceAll(/: Map\(\d\) \{[^}]*\}/g, ': {}')
    .replaceAll(/^\}\n\{/gm, '}, {');
  return runInNewContext(`[${list}]`);
}

/** What does not differ from run to run; whether a context is remote may be said or left out. */
function comparable(span: PrintedSpan): unknown {
  const { name, kind, status, attributes, events, links, resource, instrumentationScope } = span;
  const attributesOf = (list: unknown) =>
    (list as PrintedSpan[]).map((one) => [one.name, one.attributes ?? {}]);
  return {
    ...{ name, kind, status, attributes, resource, instrumentationScope },
    ...{ events: attributesOf(events), links: attributesOf(links) },
    members: Object.keys(span).sort(),
  };
}

const VERSIONS = { '2.x': 'pieces', '3.x': '../version-3/pieces' };

for (const [version, program] of Object.entries(VERSIONS)) {
  describeEcosystem(`parts of spandrel and of opentelemetry-js ${version}, combined`, () => {
    let running: Promise<Map<string, TraceTree[]>> | undefined;
    const reference = () => {
      running ??= runProgram(program, 'upstream', { arguments: ['alone'] }).then(references);
      return running;
    };

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
      const result = await runProgram(program, provider, { expectedNoise: LIMITED });
      const received = treesByPath(result);
      expect(result.output).toHaveLength(64);
      for (const { path, headers } of result.requests) {
        const isJson = /\/(json|memory)\//.test(path);
        expect(headers['content-type'], path).toBe(isJson ? 'application/json' : 'application/x-protobuf');
      }
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
  });
}

describeEcosystem('other ways out', () => {
  test.for<[SdkName, SdkName]>([
    ['upstream', 'spandrel'],
    ['spandrel', 'upstream'],
    ['spandrel', 'spandrel'],
  ])('on the console: provider of %s, exporter of %s', async ([provider, exporter]) => {
    const expected = (await printedSpans('upstream', 'upstream')).map(comparable);
    expect(expected).toHaveLength(6);
    expect((await printedSpans(provider, exporter)).map(comparable)).toEqual(expected);
  });

  test.for(['exporter', 'processor', 'resource'])(
    'inside NodeSDK of opentelemetry-js 2.0: %s',
    async (part) => {
      const { spans, trees } = await sameOnBoth((sdk) => runProgram('node-sdk', sdk, { arguments: [part] }));
      expect(outline(trees)).toHaveLength(6);
      const names = spans.map(({ resource }) =>
        resource.attributes.find(({ key }) => key === 'service.name'),
      );
      expect(names.map((name) => name?.value)).toEqual(
        Array(6).fill({ stringValue: part === 'resource' ? 'merged' : 'node-sdk' }),
      );
    },
  );

  test('spans that no SDK made reach the wire through a processor or an exporter', async () => {
    const result = await sameOnBoth((sdk) => runProgram('plain', sdk));
    const { '/batch/v1/traces': batch, '/simple/v1/traces': simple } = treesByPath(result);
    expect(outline(batch)).toEqual([...['span SPAN-ID', '  span SPAN-ID', '    span SPAN-ID']]);
    expect(simple).toEqual(batch);
    expect(result.output).toEqual({ code: 0 });
    // A key that holds `undefined` is left out; opentelemetry-js sends it without a value.
    expect(treesByPath(await runProgram('plain', 'spandrel', { arguments: ['unset'] }))).toEqual(
      treesByPath(result),
    );
  });
});
