import { readFileSync } from 'node:fs';
import {
  type Resource as UpstreamResource,
  defaultResource as upstreamDefault,
  resourceFromAttributes as upstreamResource,
} from '@opentelemetry/resources';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  defaultResource,
  emptyResource,
  type ResourceAttributes,
  resourceFromAttributes,
} from '../src/api/resource.ts';
import type { Resource } from '../src/api/types.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import { VERSION } from '../src/version.ts';

let said: string[];
beforeEach(() => {
  said = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function deferred<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

describe('default resource', () => {
  test('names the executable, the SDK and its version', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(VERSION).toBe(version);
    expect(defaultResource().attributes).toEqual({
      'service.name': upstreamDefault().attributes['service.name'],
      'telemetry.sdk.language': 'nodejs',
      'telemetry.sdk.name': 'spandrel',
      'telemetry.sdk.version': version,
    });
  });

  test('works without process, and where it refuses access', () => {
    vi.stubGlobal('process', undefined);
    const bare = defaultResource().attributes;
    const refusing = {
      get argv0(): string {
        throw new Error('no permission');
      },
      versions: { node: '20' },
    };
    vi.stubGlobal('process', refusing);
    const refused = defaultResource().attributes;
    vi.unstubAllGlobals();
    expect(bare).toMatchObject({ 'service.name': 'unknown_service', 'telemetry.sdk.language': 'webjs' });
    expect(refused).toMatchObject({ 'service.name': 'unknown_service', 'telemetry.sdk.language': 'nodejs' });
  });
});

describe('attributes', () => {
  test('simple values are kept; arrays are copied', () => {
    const list = ['a', 'b'];
    const resource = resourceFromAttributes({ s: 'x', n: 1.5, b: false, list, gaps: [1, null], none: [] });
    list.push('c');
    expect(resource.attributes).toEqual({
      s: 'x',
      n: 1.5,
      b: false,
      list: ['a', 'b'],
      gaps: [1, null],
      none: [],
    });
    expect(said).toEqual([]);
  });

  test.each([
    ['an object', { a: 1 }],
    ['a mixed array', [1, 'a']],
    ['an array of objects', [{}]],
    ['a function', () => {}],
    ['a bigint', 1n],
    ['a symbol', Symbol('s')],
  ])('%s is left out and said', (_name, value) => {
    const attributes = { bad: value, good: 1 } as unknown as ResourceAttributes;
    expect(resourceFromAttributes(attributes).attributes).toEqual({ good: 1 });
    expect(said.join('')).toMatch(/attribute "bad"/);
  });

  test('undefined and null are left out silently, an empty key is said', () => {
    const attributes = { a: undefined, b: null, '': 1 } as unknown as ResourceAttributes;
    expect(resourceFromAttributes(attributes).attributes).toEqual({});
    expect(said).toHaveLength(1);
  });

  test('__proto__ is a key like any other', () => {
    const attributes = JSON.parse('{"__proto__": "data"}');
    const resource = resourceFromAttributes(attributes).merge(resourceFromAttributes({ a: 1 }));
    expect(Object.entries(resource.attributes).sort()).toEqual([
      ['__proto__', 'data'],
      ['a', 1],
    ]);
    expect(Object.getPrototypeOf(resource.attributes)).toBe(Object.prototype);
  });

  test('no attributes at all do not throw', () => {
    expect(resourceFromAttributes(undefined as unknown as ResourceAttributes).attributes).toEqual({});
  });
});

describe('attributes on the way', () => {
  test('are pending, then there, in order of strength', async () => {
    const id = deferred<string>();
    const resource = resourceFromAttributes({ id: id.promise, name: 'n' });
    expect(resource.asyncAttributesPending).toBe(true);
    expect(resource.attributes).toEqual({ name: 'n' });
    id.resolve('i');
    await resource.waitForAsyncAttributes?.();
    expect(resource.asyncAttributesPending).toBe(false);
    expect(resource.attributes).toEqual({ id: 'i', name: 'n' });
  });

  test('need nobody to wait for them', async () => {
    const id = deferred<string>();
    const resource = resourceFromAttributes({ id: id.promise });
    id.resolve('i');
    await vi.waitFor(() => expect(resource.asyncAttributesPending).toBe(false));
    expect(resource.attributes).toEqual({ id: 'i' });
  });

  test('a rejection never rejects the wait, leaves the attribute out and is said', async () => {
    const resource = resourceFromAttributes({ id: Promise.reject(new Error('secret')), name: 'n' });
    await expect(resource.waitForAsyncAttributes?.()).resolves.toBeUndefined();
    expect(resource.attributes).toEqual({ name: 'n' });
    expect(said.join('')).toMatch(/promise for attribute "id" rejected/);
    expect(said.join('')).not.toContain('secret');
  });

  test('thenables count, and what they give must be simple', async () => {
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is the case under test
      then: (yes: (value: unknown) => void) => yes({ not: 'simple' }),
    } as PromiseLike<string>;
    const resource = resourceFromAttributes({ id: thenable });
    expect(resource.asyncAttributesPending).toBe(true);
    await resource.waitForAsyncAttributes?.();
    expect(resource.attributes).toEqual({});
  });

  test('merging keeps them: the stronger one wins once it is known, the weaker one if that has no value', async () => {
    const strong = deferred<string | undefined>();
    const base = resourceFromAttributes({ a: 'base', b: 'base' });
    const merged = base.merge(resourceFromAttributes({ a: strong.promise, b: Promise.resolve(undefined) }));
    strong.resolve('strong');
    await merged.waitForAsyncAttributes?.();
    expect(merged.attributes).toEqual({ a: 'strong', b: 'base' });
  });
});

describe('merge', () => {
  test('the other wins, even with empty text, and neither changes', () => {
    const old = resourceFromAttributes({ a: 'old', b: 'old' });
    const updating = resourceFromAttributes({ b: '', c: 'new' });
    expect(old.merge(updating).attributes).toEqual({ a: 'old', b: '', c: 'new' });
    expect(old.attributes).toEqual({ a: 'old', b: 'old' });
    expect(updating.attributes).toEqual({ b: '', c: 'new' });
  });

  test('null changes nothing', () => {
    const resource = resourceFromAttributes({ a: 1 });
    expect(resource.merge(null)).toBe(resource);
    expect(resource.merge(emptyResource()).attributes).toEqual({ a: 1 });
  });

  test.each([
    [undefined, undefined, undefined],
    ['u1', undefined, 'u1'],
    ['u1', '', 'u1'],
    [undefined, 'u2', 'u2'],
    ['', 'u2', 'u2'],
    ['u1', 'u1', 'u1'],
    ['u1', 'u2', undefined],
  ])('schema URLs %j and %j give %j', (old, updating, expected) => {
    const merged = resourceFromAttributes({}, { schemaUrl: old }).merge(
      resourceFromAttributes({}, { schemaUrl: updating }),
    );
    expect(merged.schemaUrl).toBe(expected);
    expect(said.length).toBe(old && updating && old !== updating ? 1 : 0);
  });

  test('a schema URL that is no text is ignored and said', () => {
    expect(resourceFromAttributes({}, { schemaUrl: 1 as unknown as string }).schemaUrl).toBeUndefined();
    expect(said.join('')).toMatch(/schema URL of type string/);
  });

  test('ours and those of opentelemetry-js merge either way, with the same outcome', async () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(undefined));
    const attributes = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value);
    await fc.assert(
      fc.asyncProperty(attributes, attributes, fc.boolean(), async (first, second, late) => {
        const given = Object.fromEntries(
          Object.entries(second).map(([key, item]) => [key, late ? Promise.resolve(item) : item]),
        );
        const expected = upstreamResource(first).merge(upstreamResource(given));
        const ourFirst: Resource = resourceFromAttributes(first);
        const theirFirst: UpstreamResource = upstreamResource(first);
        for (const merged of [
          ourFirst.merge(resourceFromAttributes(given)),
          ourFirst.merge(upstreamResource(given)),
          theirFirst.merge(resourceFromAttributes(given)),
        ]) {
          await merged.waitForAsyncAttributes?.();
          await expected.waitForAsyncAttributes?.();
          expect(merged.attributes).toEqual(expected.attributes);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a resource of opentelemetry-js 1.x, which has attributes only, is accepted', () => {
    const old = { attributes: { a: 1 } } as unknown as Resource;
    expect(emptyResource().merge(old).attributes).toEqual({ a: 1 });
  });

  test('the raw attributes handed out are a copy', () => {
    const resource = resourceFromAttributes({ a: 1 });
    resource.getRawAttributes().push(['b', 2]);
    expect(resource.attributes).toEqual({ a: 1 });
  });
});
