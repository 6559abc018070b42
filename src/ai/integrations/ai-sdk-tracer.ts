/**
 * The AI SDK (`ai`), versions 5 and 6, which record themselves with the tracer they are given:
 *
 * ```ts
 * import { aiSdkTracer } from 'spandrel/ai-sdk';
 * generateText({ model, prompt, experimental_telemetry: { isEnabled: true, tracer: aiSdkTracer() } });
 * ```
 */
import type {
  Attributes,
  Context,
  Exception,
  Link,
  Span,
  SpanContext,
  SpanOptions,
  SpanStatus,
  TimeInput,
  Tracer,
} from '@opentelemetry/api';
import { activeContext, spanOf, withContext } from '../../api/context.ts';
import type { SpanType } from '../fields.ts';
import { keepOpen } from '../open-calls.ts';
import { translate, typeOfOperation } from './ai-sdk-attributes.ts';
import { text } from './given.ts';
import { addContent, addKnown, type LibraryCall, listener, openCall } from './library-call.ts';

/**
 * A tracer for `experimental_telemetry` of `ai` 5 and 6. The SDK's attributes become typed fields, in the dialect in force:
 * model, usage on the calls of models alone, tool, prompt and answer, which the `content` option governs as well as
 * `recordInputs` and `recordOutputs`. The spans are called `invoke_agent`, `chat`, `execute_tool`, `embeddings`, as those
 * of version 7; what the SDK called them is in `ai.operationId`. Attributes that no field stands for stay.
 *
 * Any other tracer, such as one of `@opentelemetry/api`, records the SDK's spans and attributes exactly as it makes them.
 */
export function aiSdkTracer(): Tracer {
  return TRACER;
}

const TRACER: Tracer = {
  startSpan: (name: string, options: SpanOptions = {}, context: Context = activeContext()): Span =>
    new SdkSpan(name, options, context),
  startActiveSpan(name: string, ...rest: unknown[]) {
    const run = rest.pop() as (span: Span) => unknown;
    const [options = {}, context = activeContext()] = rest as [SpanOptions?, Context?];
    const span = new SdkSpan(name, options, context);
    return withContext(span.call.frame, () => run(span)) as never;
  },
};

/** A span as the SDK sees it. The one that is active, and recorded, is behind it. */
class SdkSpan implements Span {
  readonly call: LibraryCall;
  private readonly type: SpanType;

  constructor(name: string, { attributes = {}, ...options }: SpanOptions, context: Context) {
    const operation = text(attributes['ai.operationId']) ?? name;
    this.type = typeOfOperation(operation);
    this.call = openCall(context, {
      name: titleOf(this.type, operation, attributes),
      kind: options.kind,
      fields: { type: this.type, model: operation.endsWith('.doStream') ? { stream: true } : undefined },
    });
    this.setAttributes(attributes);
    endWithParent(this.call, context);
    // The SDK leaves spans of a stream open when it is aborted or not read to its end.
    keepOpen(this, this.call, null);
  }

  spanContext(): SpanContext {
    return this.call.span.spanContext();
  }

  setAttribute(key: string, value: Attributes[string]): this {
    return this.setAttributes({ [key]: value });
  }

  setAttributes(attributes: Attributes): this {
    write(this.call, this.type, attributes);
    return this;
  }

  addEvent(name: string, attributes?: Attributes | TimeInput, time?: TimeInput): this {
    this.call.span.addEvent(name, attributes, time);
    return this;
  }

  addLink(link: Link): this {
    this.call.span.addLink(link);
    return this;
  }

  addLinks(links: Link[]): this {
    this.call.span.addLinks(links);
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.call.span.setStatus(status);
    return this;
  }

  updateName(name: string): this {
    this.call.span.updateName(name);
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    this.call.span.recordException(exception, time);
  }

  isRecording(): boolean {
    return this.call.span.isRecording();
  }

  end(): void {
    for (const call of within.get(this.call.span) ?? []) call.finishStream(undefined, true);
    this.call.finish(undefined);
  }
}

/** Calls that are open, by the span around them. */
const within = new WeakMap<Span, Set<LibraryCall>>();

function endWithParent(call: LibraryCall, context: Context): void {
  within.set(call.span, new Set());
  const parent = spanOf(context);
  const siblings = parent && within.get(parent);
  siblings?.add(call);
  call.whenClosed = () => siblings?.delete(call);
}

const write = listener('ai-sdk', (call: LibraryCall, type: SpanType, attributes: Attributes) => {
  if (!call.isOpen) return;
  const { fields, content, rest } = translate(type, attributes, call.capture !== null);
  addKnown(call, fields);
  addContent(call, () => content);
  call.span.setAttributes(rest);
});

function titleOf(type: SpanType, operation: string, attributes: Attributes): string {
  const named = (title: string, key: string): string => {
    const name = text(attributes[key]);
    return name === undefined ? title : `${title} ${name}`;
  };
  switch (type) {
    case 'model':
      return named('chat', 'ai.model.id');
    case 'embedding':
      return named('embeddings', 'ai.model.id');
    case 'reranker':
      return named('rerank', 'ai.model.id');
    case 'tool':
      return named('execute_tool', 'ai.toolCall.name');
    case 'agent':
      return named('invoke_agent', 'ai.telemetry.functionId');
    default:
      return named(operation.replace(/^ai\./, ''), 'ai.telemetry.functionId');
  }
}
