/** One call of a traced function: its span, the context it runs in, what is captured of it. */
import { type Context, type Span, SpanKind, type SpanOptions, trace as traceApi } from '@opentelemetry/api';
import { messageOf } from '../api/attributes.ts';
import { readContent } from '../api/capture-content.ts';
import { activeContext, withContext } from '../api/context.ts';
import { warn } from '../diagnostics.ts';
import { activeTracer } from '../init.ts';
import { type CallContent, contentOf } from './content-policy.ts';
import type { Dialect } from './dialect.ts';
import type { SpanType } from './fields.ts';
import { follow } from './follow.ts';
import { pendingContent } from './lazy.ts';
import { madeOf, OpenCall, type OutputCapture } from './open-call.ts';
import { addFields, capturesContentOf, type OpenFields, setContentPolicy } from './record.ts';
import { activeDialect } from './settings.ts';
import type { AnyFunction, TraceOptions } from './trace-options.ts';
import { callFrame } from './usage-claim.ts';

const MAX_CHUNKS = 10_000;

/** What all calls of a traced function share, worked out once. */
export interface CallPlan {
  readonly name: string;
  readonly type: SpanType | undefined;
  readonly spanOptions: SpanOptions;
  /** The same with what the dialect starts spans with, kept while that is the dialect. */
  start: { readonly dialect: Dialect; readonly spanOptions: SpanOptions } | undefined;
  /** `undefined`: the option of `init` decides at each call. */
  readonly content: CallContent | undefined;
  /** `null`: arguments are not captured. */
  readonly input: ((...args: never[]) => unknown) | undefined | null;
  readonly capture: OutputCapture | null;
  /** Fields of every call; `undefined` when there are none. */
  readonly fields: OpenFields | undefined;
  readonly tracer: TraceOptions['tracer'];
  readonly parent: Context | undefined;
}

export function planOf(name: string, options: TraceOptions): CallPlan {
  const { type, content, config, metadata, captureInput, captureOutput, aggregate, parent } = options;
  const kind = options.kind ?? kindOf(type);
  const hasFields = type !== undefined || config !== undefined || metadata !== undefined;
  return {
    name: options.name ?? name,
    type,
    spanOptions: { kind, attributes: options.attributes },
    start: undefined,
    content: contentOf(content),
    input: captureInput === false ? null : typeof captureInput === 'function' ? captureInput : undefined,
    capture:
      captureOutput === false
        ? null
        : {
            output:
              typeof captureOutput === 'function' ? (captureOutput as OutputCapture['output']) : undefined,
            aggregate,
            maxChunks: options.maxChunks ?? MAX_CHUNKS,
          },
    fields: hasFields ? { type, config, metadata } : undefined,
    tracer: options.tracer,
    parent: parent === undefined ? undefined : contextOf(parent),
  };
}

/** A model is another service, everything else a part of the program. */
export function kindOf(type: SpanType | undefined): SpanKind {
  return type === 'model' || type === 'embedding' ? SpanKind.CLIENT : SpanKind.INTERNAL;
}

/** The context that a span given as parent stands for. */
export function contextOf(parent: Span | Context): Context {
  return 'getValue' in parent ? parent : traceApi.setSpan(activeContext(), parent);
}

function startOptionsOf(plan: CallPlan): SpanOptions {
  const dialect = activeDialect();
  if (plan.start?.dialect === dialect) return plan.start.spanOptions;
  const { kind, attributes } = plan.spanOptions;
  const all = { ...dialect.start(plan.type), ...attributes };
  // None at all: setting an empty object costs each span a look at it.
  const spanOptions = { kind, attributes: Object.keys(all).length === 0 ? undefined : all };
  plan.start = { dialect, spanOptions };
  return spanOptions;
}

/** Calls `fn` inside a span of its own; returns what it returns, or what stands for it (`follow`). */
export function callTraced(plan: CallPlan, fn: AnyFunction, self: unknown, args: unknown[]): unknown {
  let call: OpenCall;
  try {
    call = begin(plan, args);
  } catch (error) {
    warn('trace-start', `no span for "${plan.name}": ${messageOf(error)}; the function runs without one.`);
    return Reflect.apply(fn, self, args);
  }
  return run(call, () => Reflect.apply(fn, self, args));
}

function begin(plan: CallPlan, args: unknown[]): OpenCall {
  const outer = activeContext();
  const parent = plan.parent ?? outer;
  const span = (plan.tracer ?? activeTracer()).startSpan(plan.name, startOptionsOf(plan), parent);
  const isRecording = span.isRecording();
  if (isRecording && plan.content !== undefined) setContentPolicy(span, plan.content);
  const content = isRecording && capturesContentOf(span);
  if (isRecording && plan.fields !== undefined) addFields(span, plan.fields);
  if (content && plan.input !== null) captureInput(span, plan.input, args);
  return new OpenCall(span, callFrame(parent, span), content ? plan.capture : null);
}

function captureInput(span: Span, make: CallPlan['input'], args: unknown[]): void {
  const given = args.length > 1 ? args : args[0];
  const inputs =
    typeof make === 'function'
      ? readContent(span, args, () => pendingContent(madeOf(() => make(...(args as never[])), args)))
      : readContent(span, given, pendingContent);
  if (inputs !== undefined) addFields(span, { inputs });
}

/** Runs `fn` in the context of the call, and stays with what it returns. */
export function run(call: OpenCall, fn: () => unknown): unknown {
  let result: unknown;
  try {
    result = withContext(call.frame, fn);
  } catch (error) {
    call.fail(error);
    throw error;
  }
  return follow(result, call);
}
