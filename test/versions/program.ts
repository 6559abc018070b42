/** @module Random programs of API calls, with the settings of their providers. */

import { SeededRandom } from '../helpers/engine-random.ts';
import { type Limits, TRACE_STATES, type ValueKinds, ValueMaker } from './program-values.ts';
import type { Encoded, Operation, ParentRecipe, Recipe, SamplerRecipe, StartOperation } from './recipe.ts';

const MOST_DEPTH = 3;

class ProgramMaker extends ValueMaker {
  private readonly scopeCount: number;
  private spans = 0;
  private budget: number;

  constructor(random: SeededRandom, kinds: ValueKinds, limits: Limits, scopeCount: number) {
    super(random, kinds, limits);
    this.scopeCount = scopeCount;
    this.budget = 4 + random.below(28);
  }

  private parent(): ParentRecipe | undefined {
    const { random } = this;
    const choice = random.next();
    if (choice < 0.45) return undefined;
    if (choice < 0.55) return 'root';
    if (choice < 0.75 && this.spans > 0) return { span: random.below(this.spans) };
    if (choice < 0.92) return { remote: this.spanContext() };
    return choice < 0.96 ? { remote: this.invalidContext() } : { suppressed: true };
  }

  private options(): Encoded | undefined {
    const { random } = this;
    if (random.chance(0.1)) return undefined;
    return {
      ...(random.chance(0.6) && { kind: random.below(5) }),
      ...(random.chance(0.6) && { attributes: this.attributes() }),
      ...(random.chance(0.4) && { links: this.links() }),
      ...(random.chance(0.8) && { startTime: this.time() }),
      ...(random.chance(0.1) && { root: true }),
    };
  }

  private start(isAsync: boolean, depth: number): Operation[] {
    const { random } = this;
    const span = this.spans;
    this.spans += 1;
    const start: StartOperation = {
      do: 'start',
      span,
      scope: random.below(this.scopeCount),
      name: this.text(),
      options: this.options(),
      parent: this.parent(),
    };
    if (depth < MOST_DEPTH && random.chance(0.4)) {
      start.isAsync = isAsync && random.chance(0.6);
      start.body = this.body(start.isAsync, depth + 1);
    }
    // Some spans never end, and some end in the middle of what follows.
    return random.chance(0.6) ? [start, this.end(span)] : [start];
  }

  private end(span: number): Operation {
    return { do: 'call', span, method: 'end', arguments: this.random.chance(0.8) ? [this.time()] : [] };
  }

  private call(): Operation {
    const { random } = this;
    const span = random.below(Math.max(this.spans, 1));
    const call = (method: string, ...given: Encoded[]): Operation => ({
      do: 'call',
      span,
      method,
      arguments: given,
    });
    switch (random.below(10)) {
      case 0:
      case 1:
        return call(
          'setAttribute',
          this.key(),
          this.maybe(() => this.value()),
        );
      case 2:
        return call('setAttributes', this.attributes());
      case 3:
        return call('addEvent', this.text(), this.eventAttributes(), this.maybeTime());
      case 4:
        return random.chance(0.5)
          ? call('addEvent', this.text(), this.time())
          : call('addEvent', this.text());
      case 5:
        return random.chance(0.5) ? call('addLink', this.link()) : call('addLinks', this.links());
      case 6:
        return call('setStatus', this.status());
      case 7:
        return call('updateName', this.text());
      case 8:
        return call('recordException', this.exception(), this.maybeTime());
      default:
        return this.end(span);
    }
  }

  body(isAsync: boolean, depth: number): Operation[] {
    const { random } = this;
    const operations: Operation[] = [];
    const length = 1 + random.below(8);
    while (operations.length < length && this.budget > 0) {
      this.budget -= 1;
      const choice = random.next();
      if (this.spans === 0 || choice < 0.25) operations.push(...this.start(isAsync, depth));
      else if (choice < 0.8 || depth >= MOST_DEPTH) operations.push(this.call());
      else if (choice < 0.88) {
        const parent = this.parent() ?? { span: random.below(this.spans) };
        operations.push({ do: 'with', parent, isAsync, body: this.body(isAsync, depth + 1) });
      } else if (!isAsync) operations.push(this.call());
      else if (choice < 0.93) {
        const bodies = Array.from({ length: 2 }, () => this.body(true, depth + 1));
        operations.push({ do: 'together', bodies });
      } else if (choice < 0.96) operations.push({ do: 'later', body: this.body(true, depth + 1) });
      else operations.push({ do: 'tick' });
    }
    return operations;
  }

  operations(): Operation[] {
    const operations: Operation[] = [];
    while (this.budget > 0) operations.push(...this.body(true, 0));
    return operations;
  }
}

function spanLimits(random: SeededRandom): Limits {
  if (random.chance(0.4)) return {};
  const limits: Record<string, number> = {};
  const names = [
    ...['attributeCountLimit', 'eventCountLimit', 'linkCountLimit'],
    ...['attributePerEventCountLimit', 'attributePerLinkCountLimit'],
  ];
  for (const name of names) if (random.chance(0.6)) limits[name] = random.below(5);
  if (random.chance(0.5)) limits.attributeValueLengthLimit = random.pick([1, 3, 8, 64]);
  return limits;
}

function plainSampler(random: SeededRandom): SamplerRecipe {
  const choice = random.next();
  if (choice < 0.5) return { kind: 'on' };
  return choice < 0.7 ? { kind: 'off' } : { kind: 'ratio', ratio: random.pick([0, 0.3, 0.5, 0.9, 1]) };
}

const PARENT_KINDS = [
  ...['remoteParentSampled', 'remoteParentNotSampled', 'localParentSampled', 'localParentNotSampled'],
];

function samplerRecipe(random: SeededRandom, maker: ProgramMaker, limits: Limits): SamplerRecipe {
  const choice = random.next();
  if (choice < 0.4) return { kind: 'default' };
  if (choice < 0.5) return plainSampler(random);
  if (choice < 0.6) {
    const others = PARENT_KINDS.filter(() => random.chance(0.4)).map((name) => [name, plainSampler(random)]);
    return { kind: 'parent-based', root: plainSampler(random), others: Object.fromEntries(others) };
  }
  if (choice < 0.65) return { kind: 'always-record', delegate: plainSampler(random) };
  // not here: a sampler that adds to more attributes than the limit ('refused-twice').
  if (maker.hasManyKeys) return { kind: 'custom', decisions: [2, 1, 0], tells: false };
  return {
    kind: 'custom',
    decisions: random.pick([[2], [2, 2, 1], [2, 0, 2, 1]]),
    ...(random.chance(0.6) && { attributes: maker.samplerAttributes() }),
    ...(random.chance(0.4) && { traceState: random.pick(TRACE_STATES) }),
    // not here: attributes beyond the limit, which upstream shows to a sampler ('sampler-sees-what-is-kept').
    tells: limits.attributeCountLimit === undefined && random.chance(0.5),
  };
}

const SCOPES: readonly Encoded[] = [
  { name: 'plain' },
  { name: 'versioned', version: '1.2.3' },
  { name: 'with schema', version: '0', schemaUrl: 'schema:scope' },
  { name: 'with schema', version: '0', schemaUrl: 'schema:other' },
  { name: '' },
  { name: 'ключ 🔑', version: '', schemaUrl: '' },
  { name: 'plain' },
];

/** The program of this seed, for an upstream that takes such values. */
export function makeProgram(seed: number, kinds: ValueKinds): Recipe {
  const random = new SeededRandom(seed);
  const limits = spanLimits(random);
  const scopes = Array.from({ length: 1 + random.below(3) }, () => random.pick(SCOPES));
  const maker = new ProgramMaker(random, kinds, limits, scopes.length);
  return {
    seed,
    resource: maker.resource(),
    spanLimits: limits,
    sampler: samplerRecipe(random, maker, limits),
    scopes,
    operations: maker.operations(),
  };
}
