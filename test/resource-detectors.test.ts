import { hostname, userInfo } from 'node:os';
import * as upstream from '@opentelemetry/resources';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ResourceAttributes } from '../src/api/resource.ts';
import type { Resource } from '../src/api/types.ts';
import { resolveResource } from '../src/config/resource.ts';
import * as otel from '../src/otel.ts';
import { bundle, run } from './helpers/api-child.ts';
import { type OtlpReceiver, receiveOtlp } from './helpers/api-receiver.ts';
import { captureWarnings, plainAttributes } from './helpers/api-recorder.ts';
import { unhandledRejections } from './helpers/unhandled-rejections.ts';

const lines = captureWarnings();

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const PAIRS: [string, otel.ResourceDetector, upstream.ResourceDetector][] = [
  ['env', otel.envDetector, upstream.envDetector],
  ['host', otel.hostDetector, upstream.hostDetector],
  ['os', otel.osDetector, upstream.osDetector],
  ['process', otel.processDetector, upstream.processDetector],
];

async function complete(resource: Pick<Resource, 'attributes' | 'waitForAsyncAttributes'>) {
  await resource.waitForAsyncAttributes?.();
  return { ...resource.attributes };
}

describe('the detectors', () => {
  test.each(PAIRS)('%s finds what that of opentelemetry-js finds', async (_, ours, theirs) => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'team=a%2Cb,region = x ');
    vi.stubEnv('OTEL_SERVICE_NAME', 'shop');
    const expected = await complete(upstream.detectResources({ detectors: [theirs] }));
    const found = await complete(otel.detectResources({ detectors: [ours] }));
    expect(Object.keys(expected).length).toBeGreaterThan(1);
    expect(found).toEqual(expected);
  });

  test('a process has one instance id, a UUID, as in opentelemetry-js', () => {
    const id = (detector: otel.ResourceDetector) =>
      detector.detect().attributes?.['service.instance.id'] as string;
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    expect(id(otel.serviceInstanceIdDetector)).toMatch(uuid);
    expect(id(upstream.serviceInstanceIdDetector as otel.ResourceDetector)).toMatch(uuid);
    expect(id(otel.serviceInstanceIdDetector)).toBe(id(otel.serviceInstanceIdDetector));
  });

  test('ours run in opentelemetry-js, and theirs here', async () => {
    // The compiler checks that the types fit both ways.
    const ours: upstream.ResourceDetector[] = [otel.hostDetector, otel.serviceInstanceIdDetector];
    const theirs: otel.ResourceDetector[] = [upstream.hostDetector, upstream.serviceInstanceIdDetector];
    const there = await complete(upstream.detectResources({ detectors: ours }));
    const here = await complete(otel.detectResources({ detectors: theirs }));
    for (const attributes of [there, here]) {
      expect(attributes).toMatchObject({
        'host.name': hostname(),
        'service.instance.id': expect.any(String),
      });
    }
  });

  test('name the service as that of opentelemetry-js does', () => {
    expect(otel.defaultServiceName()).toBe(upstream.defaultServiceName());
  });
});

describe('the runtime', () => {
  const runtimeOf = (): Record<string, unknown> => {
    const { attributes } = otel.detectResources({ detectors: [otel.processDetector] });
    return Object.fromEntries(Object.entries(attributes).filter(([key]) => key.includes('runtime')));
  };

  test.each([
    ['Deno', { version: { deno: '2.9.6' } }, 'deno', '2.9.6', 'Deno'],
    ['Bun', { version: '1.4.5' }, 'bun', '1.4.5', 'Bun'],
  ])('%s is named by itself, and the SDK stays that of Node', (name, host, runtime, version, description) => {
    vi.stubGlobal(name, host);
    expect(runtimeOf()).toEqual({
      'process.runtime.name': runtime,
      'process.runtime.version': version,
      'process.runtime.description': description,
    });
    expect(otel.defaultResource().attributes['telemetry.sdk.language']).toBe('nodejs');
  });

  test('without a process finds nothing, and a poor stand-in for one little', () => {
    const detectors = [otel.hostDetector, otel.osDetector, otel.processDetector];
    vi.stubGlobal('process', undefined);
    const nothing = otel.detectResources({ detectors }).attributes;
    vi.stubGlobal('process', { env: {}, pid: 7 });
    const little = otel.detectResources({ detectors: [otel.processDetector] }).attributes;
    vi.unstubAllGlobals();
    expect([nothing, little]).toEqual([{}, { 'process.pid': 7 }]);
    expect(lines).toEqual([]);
  });

  test('that hands its modules out later gets its attributes later', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const resource = otel.detectResources({ detectors: [otel.hostDetector, otel.processDetector] });
    expect(resource.asyncAttributesPending).toBe(true);
    vi.restoreAllMocks();
    expect(await complete(resource)).toMatchObject({
      'host.name': hostname(),
      'process.owner': userInfo().username,
    });
  });

  test('that gives no permission is not asked, and the attributes are absent', () => {
    const asked: string[] = [];
    const querySync = ({ name, ...rest }: Record<string, string>) => {
      asked.push(`${name} ${Object.values(rest)}`);
      return { state: 'prompt' };
    };
    vi.stubGlobal('Deno', { version: { deno: '2.9.6' }, permissions: { querySync } });
    const modules = vi.spyOn(process, 'getBuiltinModule');
    vi.stubEnv('OTEL_SERVICE_NAME', 'hidden');
    const detectors = [otel.envDetector, otel.hostDetector, otel.osDetector, otel.processDetector];
    const { attributes } = otel.detectResources({ detectors });
    expect(modules).not.toHaveBeenCalled();
    const denied = ['service.name', 'host.name', 'host.id', 'os.version', 'process.owner'];
    for (const key of denied) expect(attributes).not.toHaveProperty([key]);
    expect(attributes).toMatchObject({ 'process.pid': process.pid, 'os.type': process.platform });
    expect(asked).toContain('env OTEL_SERVICE_NAME');
    expect(asked).toContain('sys hostname');
    expect(lines).toEqual([]);
  });
});

describe('detectResources', () => {
  const detecting = (detected: unknown): otel.ResourceDetector => ({ detect: () => detected as never });
  const good = detecting({ attributes: { good: 1 } });

  test('merges in order, later beats earlier, and schema URLs as resources do', () => {
    const found = (...detected: unknown[]) =>
      otel.detectResources({ detectors: detected.map((one) => detecting(one)) });
    expect(found({ attributes: { a: 1, b: 1 } }, {}, { attributes: { b: 2 } }).attributes).toEqual({
      a: 1,
      b: 2,
    });
    const schemaUrl = 'https://opentelemetry.io/schemas/1.30.0';
    expect(found({ schemaUrl, attributes: {} }, { attributes: { a: 1 } }).schemaUrl).toBe(schemaUrl);
    expect(lines).toEqual([]);
    const other = 'https://opentelemetry.io/schemas/1.31.0';
    expect(found({ schemaUrl }, { schemaUrl: other }).schemaUrl).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining('schema URL')]);
  });

  test.each([
    ['throws', {}, /it threw down$/],
    ['answers nothing', undefined, /expected an object with attributes, got a value of type undefined/],
    ['answers null', null, /got null/],
    ['answers text', 'text', /got a value of type string/],
    ['answers with a promise', Promise.resolve({ attributes: { late: 1 } }), /got a promise/],
    ['has attributes of text', { attributes: 'text' }, /expected attributes in an object/],
    [
      'has attributes that cannot be read',
      {
        get attributes(): never {
          throw new Error('down');
        },
      },
      /it threw down/,
    ],
  ])('a detector that %s costs only its own attributes, and is named once', (what, detected, message) => {
    class Broken {
      detect(): never {
        if (what === 'throws') throw new Error('down');
        return detected as never;
      }
    }
    for (let round = 0; round < 2; round++) {
      const resource = otel.detectResources({ detectors: [good, new Broken(), good] });
      expect(resource.attributes).toEqual({ good: 1 });
    }
    expect(lines).toEqual([expect.stringMatching(/resource detector Broken: /)]);
    expect(lines[0].replace(/; what it did not find is left out\.$/, '')).toMatch(message);
  });

  test.each([
    [
      'detect',
      async () => Promise.reject(new Error('late')),
      /expected an object with attributes, got a promise/,
    ],
    [
      'its attributes',
      () => ({ attributes: Promise.reject(new Error('late')) }),
      /expected attributes in an object, got a promise/,
    ],
  ])('a promise for %s that fails ends no program', async (_, detect, message) => {
    const run = () => {
      const detectors = [good, { detect } as never];
      expect(otel.detectResources({ detectors }).attributes).toEqual({ good: 1 });
    };
    expect(await unhandledRejections(run)).toEqual([]);
    expect(lines).toEqual([expect.stringMatching(message)]);
  });

  test('attributes that cannot be read, are no values, or whose promises reject are left out alone', async () => {
    const attributes = {
      kept: 'yes',
      later: Promise.resolve('too'),
      rejected: Promise.reject(new Error('down')),
      again: Promise.reject(new Error('down')),
      object: { a: 1 },
      get thrown(): never {
        throw new Error('down');
      },
    };
    const resource = otel.detectResources({ detectors: [good, detecting({ attributes })] });
    expect(await complete(resource)).toEqual({ good: 1, kept: 'yes', later: 'too' });
    expect(lines.filter((line) => line.includes('detector 2 of the list'))).toEqual([
      expect.stringMatching(/its promise for (rejected|again) rejected: down/),
    ]);
    expect(lines).toHaveLength(3);
  });

  test('a promise that hangs is given up after five seconds, and said', async () => {
    vi.useFakeTimers();
    const hangs = { slow: new Promise<string>(() => {}), quick: Promise.resolve('here') };
    const resource = otel.detectResources({ detectors: [detecting({ attributes: hangs }), good] });
    let isComplete = false;
    const waiting = resource.waitForAsyncAttributes?.().then(() => {
      isComplete = true;
    });
    await vi.advanceTimersByTimeAsync(4_999);
    expect([isComplete, resource.attributes]).toEqual([false, { quick: 'here', good: 1 }]);
    expect(lines).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    expect(resource.attributes).toEqual({ quick: 'here', good: 1 });
    expect(lines).toEqual([expect.stringMatching(/no answer within 5000 ms for slow;/)]);
  });

  test('leaves no timer behind when all promises have settled', async () => {
    vi.useFakeTimers();
    const resource = otel.detectResources({
      detectors: [detecting({ attributes: { a: Promise.resolve(1) } })],
    });
    expect(vi.getTimerCount()).toBe(1);
    await complete(resource);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([[undefined], [null], [{}], [{ detectors: undefined }], [{ detectors: [] }]])(
    '%j detects nothing',
    (config) => {
      expect(otel.detectResources(config as never).attributes).toEqual({});
      expect(lines).toEqual([]);
    },
  );

  test.each([[{ detectors: 'host' }], [{ detectors: [null, 7] }]])('%j is said', (config) => {
    expect(otel.detectResources(config as never).attributes).toEqual({});
    expect(lines.length).toBeGreaterThan(0);
  });
});

describe('the resource of init', () => {
  const keys = (options: Parameters<typeof resolveResource>[0] = {}): string[] =>
    Object.keys(resolveResource(options).attributes)
      .filter((key) => !/^telemetry|^service\.name$/.test(key))
      .sort();
  const BASIC = [
    ...['host.arch', 'host.name', 'os.type', 'os.version', 'process.pid'],
    ...['process.runtime.description', 'process.runtime.name', 'process.runtime.version'],
  ];
  const VARIABLE = 'OTEL_NODE_RESOURCE_DETECTORS';

  test('has by itself nothing that may hold a secret or name a person', () => {
    expect(keys()).toEqual(BASIC);
    vi.stubEnv(VARIABLE, '');
    expect(keys()).toEqual(BASIC);
  });

  test.each([
    ['none', [], 0],
    ['env', [], 0],
    ['os', ['os.type', 'os.version'], 0],
    ['os,serviceinstance', ['os.type', 'os.version', 'service.instance.id'], 0],
    ['OS, nonsense', ['os.type', 'os.version'], 1],
    ['nonsense', BASIC, 1],
  ])('%s in the variable and in the option', (names, expected, warnings) => {
    vi.stubEnv(VARIABLE, names);
    expect(keys()).toEqual(expected);
    expect(lines).toHaveLength(warnings);
    vi.stubEnv(VARIABLE, undefined);
    expect(keys({ detectors: names.split(',') as never })).toEqual(expected);
    expect(lines).toHaveLength(2 * warnings);
    if (warnings > 0) expect(lines.join('')).toContain('"nonsense"');
  });

  test('has all there is with `all`', () => {
    vi.stubEnv(VARIABLE, 'all');
    expect(keys()).toEqual(
      expect.arrayContaining([...BASIC, 'process.command_args', 'process.owner', 'service.instance.id']),
    );
  });

  test('takes detectors of any make beside names; the option beats the variable', () => {
    vi.stubEnv(VARIABLE, 'host');
    expect(keys({ detectors: [upstream.osDetector] })).toEqual(['os.type', 'os.version']);
    expect(keys({ detectors: ['os', { detect: () => ({ attributes: { own: 1 } }) }] })).toEqual([
      'os.type',
      'os.version',
      'own',
    ]);
    expect(keys({ detectors: [] })).toEqual([]);
    expect(lines).toEqual([]);
  });

  test('lets the environment and the options beat what was detected', () => {
    const detectors = [{ detect: () => ({ attributes: { a: 'd', b: 'd', 'service.name': 'd' } }) }];
    expect(resolveResource({ detectors }).attributes).toMatchObject({ a: 'd', 'service.name': 'd' });
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'a=e,b=e');
    vi.stubEnv('OTEL_SERVICE_NAME', 'e');
    const resourceAttributes: ResourceAttributes = { b: 'o' };
    expect(resolveResource({ detectors, resourceAttributes }).attributes).toMatchObject({
      a: 'e',
      b: 'o',
      'service.name': 'e',
    });
  });

  test('does not hold spans at the end of a program for an attribute that never comes', async () => {
    const receiver: OtlpReceiver = await receiveOtlp();
    const program = await bundle(`
      import { init, startSpan } from './src/index.ts';
      const slow = { detect: () => ({ attributes: { slow: new Promise(() => {}), quick: 'here' } }) };
      init({ endpoint: ${JSON.stringify(receiver.base)}, detectors: [slow] });
      startSpan('last').end();
    `);
    expect(await run(program)).toMatchObject({ code: 0, stderr: '' });
    expect(receiver.spans.map(({ name }) => name)).toEqual(['last']);
    const { attributes } = receiver.messages[0].resourceSpans[0].resource;
    expect(plainAttributes(attributes)).toMatchObject({ quick: 'here' });
  });
});
