// What the interop tests send and what a receiver must then report: data only, read by sender.mjs (which sets it)
// and by expected.ts (which says how each value must arrive). Types are in corpus.d.mts.

/** 2026-01-01T00:00:00Z. */
const epochSeconds = 1_767_225_600;

const at = (seconds, nanoseconds) => [epochSeconds + seconds, nanoseconds];

export const resource = {
  schemaUrl: 'https://opentelemetry.io/schemas/1.34.0',
  attributes: {
    'service.name': 'spandrel-interop',
    'service.version': '1.2.3-β',
    'process.pid': 4_242,
    'host.load': 0.75,
    'process.interactive': false,
    'process.command_args': ['node', '--title', 'übung'],
  },
};

export const scopes = [
  { name: 'interop.первый', version: '1.0.0', schemaUrl: 'https://opentelemetry.io/schemas/1.21.0' },
  {
    name: '@interop/second',
    version: '2.0.0-rc.1+build',
    schemaUrl: 'https://opentelemetry.io/schemas/1.25.0',
  },
  { name: 'interop.third', version: '0.0.3', schemaUrl: '' },
];

export const spanLimits = {
  attributeCountLimit: 64,
  eventCountLimit: 1_000,
  linkCountLimit: 8,
  attributePerEventCountLimit: 4,
  attributePerLinkCountLimit: 4,
};

export const remoteParent = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: 1,
  isRemote: true,
  traceState: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
};

const linkContexts = {
  remote: {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    isRemote: true,
    traceState: 'vendor=opaque:value,other@sys=1',
  },
  local: { traceId: 'ffffffffffffffffffffffffffffffff', spanId: 'ffffffffffffffff', traceFlags: 0 },
};

const strings = {
  'text.ascii': 'plain',
  'text.empty': '',
  'text.latin': 'Grüße, naïve façade',
  'text.han': '織物は布である',
  'text.rtl': 'שלום عالم',
  'text.emoji': '👩‍👩‍👧‍👦 🇺🇳 🧵',
  'text.nul': 'a\u0000b',
  'text.controls': '"\\\n\t\u007f\u0085\u2028',
  'text.lone-surrogate': 'x\ud800y',
  // A lone high surrogate and a lone low one in neighbouring values: joined, they would be an emoji.
  'text.ends-high': 'a\ud83d',
  'text.starts-low': '\ude00b',
  'text.last-code-point': '\u{10ffff}',
  'key.ключ.鍵.🔑': 'a key that is not ASCII',
  [`key.long.${'k'.repeat(300)}`]: 'a key whose length takes two bytes',
  'text.127': 'v'.repeat(127),
  'text.128': 'v'.repeat(128),
  'text.16384': 'w'.repeat(16_384),
};

const numbers = {
  'int.zero': 0,
  'int.one': 1,
  'int.minus-one': -1,
  'int.2^31': 2 ** 31,
  'int.-2^31': -(2 ** 31),
  'int.2^32': 2 ** 32,
  'int.2^53': 2 ** 53,
  'int.-2^53': -(2 ** 53),
  'double.tenth': 0.1,
  'double.negative': -2.5,
  'double.least': 5e-324,
  'double.greatest': Number.MAX_VALUE,
  'double.nan': Number.NaN,
  'double.infinity': Number.POSITIVE_INFINITY,
  'double.-infinity': Number.NEGATIVE_INFINITY,
  'bool.true': true,
  'bool.false': false,
};

const bigints = {
  'bigint.zero': 0n,
  'bigint.2^53+1': 2n ** 53n + 1n,
  'bigint.greatest': 2n ** 63n - 1n,
  'bigint.least': -(2n ** 63n),
  'bigint.minus-one': -1n,
};

const structures = {
  'bytes.empty': new Uint8Array(0),
  'bytes.all': Uint8Array.from({ length: 256 }, (_, index) => index),
  'array.empty': [],
  'array.strings': ['a', '', 'é', '🧵'],
  'array.ints': [1, -1, 2 ** 40],
  'array.doubles': [0.5, 1.5],
  'array.bools': [true, false],
  'array.mixed': ['one', 2, 3.5, true, null, new Uint8Array([0, 255]), ['deeper', [4]], { key: 'value' }],
  'map.empty': {},
  'map.nested': {
    text: 'ja',
    number: 7,
    none: null,
    list: [{ id: 1 }, { id: 2 }],
    inner: { innermost: { ключ: ['глубоко', { flag: true }] } },
  },
  null: null,
};

/** Far above any buffer: more than 2 MiB of UTF-8, in characters of one to four bytes. */
const large = 'spandrel – ünïcode 跨度 🧵. '.repeat(64 * 1024);

const thousandEvents = Array.from({ length: 1_000 }, (_, index) => ({
  name: index % 3 === 0 ? `ereignis ⟪${index}⟫` : `event ${index}`,
  time: at(10 + index, index * 997),
  attributes: index % 2 === 0 ? { index, share: index / 7, even: true, label: `№ ${index}` } : {},
}));

const repeatedEvent = { name: 'again', time: at(3, 500), attributes: { n: 1 } };
const repeatedLink = { context: linkContexts.remote, attributes: {} };

export const spans = [
  { key: 'strings', scope: 0, kind: 0, name: 'Zeichenketten 文字列 🧶', attributes: strings },
  { key: 'numbers', scope: 1, kind: 1, name: 'numbers', parent: 'strings', attributes: numbers },
  { key: 'structures', scope: 2, kind: 2, name: 'structures', parent: 'numbers', attributes: structures },
  { key: 'bigints', scope: 0, kind: 3, name: 'bigints', parent: 'strings', attributes: bigints },
  { key: 'bare', scope: 1, kind: 4, name: '' },
  { key: 'thousand events', scope: 2, kind: 0, name: 'thousand events', events: thousandEvents },
  {
    key: 'remote child',
    scope: 0,
    kind: 1,
    name: 'remote child',
    parent: 'remote',
    status: { code: 1 },
    links: [
      { context: linkContexts.remote, attributes: { why: 'retry', attempt: 2, share: 0.5, last: false } },
      { context: linkContexts.local, attributes: {} },
      { context: linkContexts.remote, attributes: { nested: { list: [1, 'two', null] } } },
    ],
  },
  {
    key: 'failed',
    scope: 1,
    kind: 2,
    name: 'failed',
    status: { code: 2, message: 'Verbindung abgebrochen: 接続が切れた 💥' },
    events: [{ name: 'exception', time: at(2, 999_999_999), attributes: { 'exception.message': 'ach' } }],
  },
  { key: 'large', scope: 2, kind: 3, name: 'large', attributes: { large, after: 'the large one' } },
  {
    key: 'over every limit',
    scope: 0,
    kind: 4,
    name: 'over every limit',
    attributes: Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`kept.${index}`, index])),
    excessAttributes: { 'lost.one': 1, 'lost.two': 'two', 'lost.three': [3] },
    events: Array.from({ length: 1_000 }, () => repeatedEvent),
    excessEvents: 5,
    links: Array.from({ length: 8 }, () => repeatedLink),
    excessLinks: 2,
  },
  {
    key: 'over the limits of parts',
    scope: 1,
    kind: 0,
    name: 'over the limits of parts',
    events: [
      {
        name: 'full',
        time: at(4, 0),
        attributes: { a: 1, b: 2, c: 3, d: 4 },
        excessAttributes: { e: 5, f: 6 },
      },
      { name: 'nested', time: at(4, 1), attributes: { map: { inner: ['x', 1, null] } } },
    ],
    links: [
      { context: linkContexts.local, attributes: { a: 1, b: 2, c: 3, d: 4 }, excessAttributes: { e: 5 } },
    ],
  },
].map((span, index) => ({
  attributes: {},
  excessAttributes: {},
  events: [],
  excessEvents: 0,
  links: [],
  excessLinks: 0,
  status: { code: 0 },
  start: at(index, 123_456_789 + index),
  end: at(2_000 + index, 987_654_321 - index),
  ...span,
}));
