// Runs one recipe (recipe.ts) with a provider, through the OpenTelemetry API alone, and answers what a caller saw.
import { context, createContextKey, createTraceState, ROOT_CONTEXT, trace } from '@opentelemetry/api';

const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

const errorClasses = { Error, TypeError, RangeError };

/** What a `$` member stands for. */
const special = {
  undefined: () => undefined,
  number: ({ text }) => Number(text),
  bigint: ({ text }) => BigInt(text),
  bytes: ({ bytes }) => Uint8Array.from(bytes),
  date: ({ millis }) => new Date(decode(millis)),
  function: () => () => {},
  error({ type, message, ...members }) {
    // The stack is the recipe's: the real one names the SDK's own calls.
    return Object.assign(new errorClasses[type](message), decode(members));
  },
  context({ traceState, ...members }) {
    return {
      ...decode(members),
      ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
    };
  },
};

/** The value that an encoded one stands for. */
export function decode(encoded) {
  if (typeof encoded !== 'object' || encoded === null) return encoded;
  if (Array.isArray(encoded)) return encoded.map(decode);
  const { $, ...members } = encoded;
  if ($ !== undefined) return special[$](members);
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [key, decode(value)]));
}

/** Ids that follow from a seed alone, those of traces and those of spans each for itself: the order of calls differs. */
export function seededIds(seed) {
  const trace = words(seed);
  const span = words(~seed);
  return {
    generateTraceId: () => trace() + trace() + trace() + trace(),
    generateSpanId: () => span() + span(),
  };
}

function words(seed) {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state | 1) >>> 0).toString(16).padStart(8, '0');
  };
}

/** A sampler out of data; those that the SDK has are made from `sdk`. */
export function makeSampler(recipe, sdk) {
  switch (recipe.kind) {
    case 'on':
      return new sdk.AlwaysOnSampler();
    case 'off':
      return new sdk.AlwaysOffSampler();
    case 'ratio':
      return new sdk.TraceIdRatioBasedSampler(recipe.ratio);
    case 'parent-based': {
      const others = Object.entries(recipe.others).map(([name, other]) => [name, makeSampler(other, sdk)]);
      return new sdk.ParentBasedSampler({
        root: makeSampler(recipe.root, sdk),
        ...Object.fromEntries(others),
      });
    }
    case 'always-record':
      return sdk.createAlwaysRecordSampler(makeSampler(recipe.delegate, sdk));
    case 'custom':
      return customSampler(recipe);
    default:
      return undefined;
  }
}

function customSampler({ decisions, attributes, traceState, tells }) {
  let asked = 0;
  return {
    shouldSample(parent, traceId, name, kind, given, links) {
      const decision = decisions[asked % decisions.length];
      asked += 1;
      // In ASCII: a length limit may cut it.
      const keys = Object.keys(given)
        .filter((key) => given[key] !== undefined)
        .map(encodeURIComponent)
        .sort();
      const told = {
        'sampler.asked': `${asked} ${traceId} ${name} ${kind} ${trace.getSpanContext(parent)?.spanId}`,
        'sampler.saw': `${keys} ${links.map(({ context }) => context.spanId)}`,
      };
      return {
        decision,
        attributes: { ...decode(attributes), ...(tells && told) },
        ...(traceState !== undefined && { traceState: createTraceState(traceState) }),
        ...(tells && { traceState: createTraceState(`saw=${keys.length},${traceState ?? ''}`) }),
      };
    },
    toString: () => 'custom',
  };
}

class Run {
  constructor(recipe, provider) {
    this.spans = [];
    this.seen = [];
    this.tracers = recipe.scopes.map(decode).map(({ name, version, ...options }) => {
      return provider.getTracer(name, version, options);
    });
  }

  see(what, span) {
    const { traceId, spanId, traceFlags, traceState } = span?.spanContext() ?? {};
    const state = traceState?.serialize() ?? '';
    this.seen.push([what, traceId, spanId, traceFlags, state, span?.isRecording()]);
  }

  contextOf(parent) {
    if (parent === undefined) return context.active();
    if (parent === 'root') return ROOT_CONTEXT;
    if (parent.suppressed) return context.active().setValue(SUPPRESS_TRACING, true);
    if (parent.remote !== undefined) return trace.setSpanContext(context.active(), decode(parent.remote));
    const span = this.spans[parent.span];
    return span === undefined ? context.active() : trace.setSpan(context.active(), span);
  }

  start({ span: index, scope, name, options, parent, body, isAsync }) {
    const tracer = this.tracers[scope];
    const keep = (span) => {
      this.spans[index] = span;
      this.see(`start ${index}`, span);
    };
    const given = decode(options);
    if (body === undefined) {
      keep(
        parent === undefined
          ? tracer.startSpan(name, given)
          : tracer.startSpan(name, given, this.contextOf(parent)),
      );
      return undefined;
    }
    const run = (span) => {
      keep(span);
      return this.run(body, isAsync);
    };
    if (parent !== undefined) return tracer.startActiveSpan(name, given ?? {}, this.contextOf(parent), run);
    return given === undefined ? tracer.startActiveSpan(name, run) : tracer.startActiveSpan(name, given, run);
  }

  perform(operation) {
    switch (operation.do) {
      case 'start':
        return this.start(operation);
      case 'call':
        this.spans[operation.span]?.[operation.method](...operation.arguments.map(decode));
        return undefined;
      case 'with':
        return context.with(this.contextOf(operation.parent), () =>
          this.run(operation.body, operation.isAsync),
        );
      case 'together':
        return Promise.all(operation.bodies.map((body) => this.run(body, true)));
      case 'later':
        return new Promise((resolve) => setImmediate(() => resolve(this.run(operation.body, true))));
      default:
        return Promise.resolve();
    }
  }

  run(operations, isAsync) {
    this.see('active', trace.getActiveSpan());
    if (isAsync) return this.runAsync(operations);
    for (const operation of operations) this.perform(operation);
    return undefined;
  }

  async runAsync(operations) {
    for (const operation of operations) {
      await this.perform(operation);
      this.see('active', trace.getActiveSpan());
    }
  }
}

/** Runs a recipe to its end. Answers what was seen of the spans, in order, and whether any has its fields as its own. */
export async function runRecipe(recipe, provider) {
  const run = new Run(recipe, provider);
  await run.run(recipe.operations, true);
  for (const [index, span] of run.spans.entries()) run.see(`end ${index}`, span);
  return { seen: run.seen, areObjects: run.spans.some((span) => Object.hasOwn(span, 'attributes')) };
}
