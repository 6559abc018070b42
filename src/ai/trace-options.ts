/** Options of `trace` and of everything made from it. */
import type { Attributes, Context, Span, SpanKind, Tracer } from '@opentelemetry/api';
import type { Content } from '../config/content.ts';
import type { Group, SpanType } from './fields.ts';

/**
 * Any function at all. Parameters of `never`: with `any`, those of a function written in the call of `trace` would silently
 * be `any`. No `this`: it stays what the function says, or what its object gives it.
 */
export type AnyFunction = (...args: never[]) => unknown;

/** What a traced call brings in the end: the value of a promise, the pieces of a stream or generator. */
export type Outcome<F extends AnyFunction> = Awaited<ReturnType<F>>;

export interface TraceOptions<F extends AnyFunction = AnyFunction> {
  /** Name of the span. Default: the name of the function, else `anonymous`. */
  name?: string;
  /** What kind of work it is; each dialect has its own word. Default: none is said. */
  type?: SpanType;
  /** OpenTelemetry's kind. Default: `CLIENT` for models and embeddings, else `INTERNAL`. */
  kind?: SpanKind;
  /** Attributes that the span starts with; a sampler sees them. */
  attributes?: Attributes;
  /**
   * Whether content of the call is captured: arguments, result, and what `enrichSpan` is given of the kind; for `'none'`,
   * the message of an error neither. `true` and `false` leave errors to the `content` option of `init`, which also is the
   * default. An invalid value captures nothing, with a warning.
   */
  content?: boolean | Content;
  /**
   * What is captured of the arguments: nothing for `false`, else what the function returns for them; a `lazy` value is
   * computed when the span ends. Default: the argument, or a list of them.
   */
  captureInput?: boolean | ((...args: Parameters<F>) => unknown);
  /** The same for the result. Not called for the pieces of a stream: that is `aggregate`. */
  captureOutput?: boolean | ((result: Outcome<F>) => unknown);
  /** What is captured of the pieces of a stream or generator. Default: their text, their size in bytes, or a list. */
  aggregate?: (chunks: unknown[]) => unknown;
  /** Pieces of a stream that are kept for `aggregate` and the list. Default 10,000; of further ones their number is known. */
  maxChunks?: number;
  /** Settings of the work, such as a prompt's version. */
  config?: Group;
  /** Anything else that is to be known about it. */
  metadata?: Group;
  /** Whose span it is. Default: the tracer of `init`, else that of the global provider. */
  tracer?: Tracer;
  /** The parent, instead of the active span. */
  parent?: Span | Context;
}
