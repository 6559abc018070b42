/** Runs a function with a destination of its own for the spans of its context. */
import {
  type Tracer as ApiTracer,
  type Context,
  context as contextApi,
  createContextKey,
  type ProxyTracerProvider,
  trace as traceApi,
} from '@opentelemetry/api';
import { READ_DIALECTS } from '../ai/dialects/read-fields.ts';
import { AlwaysOnSampler } from '../api/always-on-off-sampler.ts';
import { activeContext, ownContextManager, withContext } from '../api/context.ts';
import type { Mask } from '../api/mask.ts';
import { type RedirectedTo, redirectBy } from '../api/redirection.ts';
import { SimpleSpanProcessor } from '../api/simple-span-processor.ts';
import type { SpanSettings } from '../api/span-settings.ts';
import { TracerProvider } from '../api/tracer-provider.ts';
import type { InstrumentationScope } from '../api/types.ts';
import { type Content, resolveContent } from '../config/content.ts';
import { type DialectName, resolveDialect } from '../config/dialect.ts';
import { InMemorySpanExporter } from '../export/in-memory-span-exporter.ts';
import { activeDialectName, activeProvider, capturesContent, registered } from '../init.ts';
import { VERSION } from '../version.ts';
import { CapturedTraces } from './captured-traces.ts';

/** How spans of one capture are made. What is left out is as `init` has it, else as the environment and the defaults do. */
export interface CaptureOptions {
  content?: Content;
  /** Names of attributes. Where that of `init` has names that are not read back, `genai` is used. */
  dialect?: DialectName;
  mask?: Mask;
}

const CAPTURE = createContextKey('spandrel capture');

class Capture implements RedirectedTo {
  readonly exporter = new InMemorySpanExporter();
  readonly provider: TracerProvider;
  readonly tracer: ApiTracer;
  readonly content: Content;
  readonly dialect: DialectName;

  constructor({ content, dialect, mask }: CaptureOptions) {
    const settings = activeProvider()?.settings;
    const isStarted = settings !== undefined;
    this.content = content ?? (isStarted ? (capturesContent() ? 'all' : 'metadata') : resolveContent({}));
    const named = dialect ?? (isStarted ? activeDialectName() : resolveDialect(undefined));
    this.dialect = READ_DIALECTS.has(named) ? named : 'genai';
    this.provider = new TracerProvider({
      disabled: false,
      arenaBytes: settings?.arena.engine.bytes.length,
      sampler: new AlwaysOnSampler(),
      spanLimits: settings?.limits,
      mask: mask ?? settings?.mask ?? undefined,
      resource: settings?.resource,
      spanProcessors: [new SimpleSpanProcessor(this.exporter)],
    });
    // What is being found out about the resource is no part of a test.
    this.provider.releaseHeld();
    this.tracer = this.provider.getTracer('spandrel', VERSION);
  }

  async traces<Result>(result: Result): Promise<CapturedTraces<Result>> {
    const { live, dropped } = this.provider.stats();
    const spans = [...this.exporter.getFinishedSpans()];
    await this.provider.shutdown(0);
    return new CapturedTraces(result, spans, { open: live, lost: dropped });
  }
}

function captureOf(context: Context | undefined): Capture | undefined {
  // Whoever starts a span may give anything for a context.
  if (typeof context?.getValue !== 'function') return undefined;
  return context.getValue(CAPTURE) as Capture | undefined;
}

function tracerFor(
  settings: SpanSettings,
  { name, version, schemaUrl }: InstrumentationScope,
  parentContext: Context | undefined,
): ApiTracer | undefined {
  const capture = captureOf(parentContext) ?? captureOf(activeContext());
  if (capture === undefined || capture.provider.settings === settings) return undefined;
  return capture.provider.getTracer(name, version, { schemaUrl });
}

/** Stands for a provider where there is none, so that what is started through the API reaches a capture. */
let standIn: TracerProvider | undefined;
let underWay = 0;

function begin(): void {
  underWay += 1;
  redirectBy({ active: () => captureOf(activeContext()), tracerFor });
  if (registered().context === undefined) contextApi.setGlobalContextManager(ownContextManager);
  if (registered().trace !== undefined) return;
  standIn ??= new TracerProvider({
    disabled: true,
    arenaBytes: activeProvider()?.settings.arena.engine.bytes.length,
  });
  traceApi.setGlobalTracerProvider(standIn);
}

/** Leaves the API to whoever registers a provider later, `init` for one. */
function end(): void {
  underWay -= 1;
  if (underWay > 0 || standIn === undefined) return;
  if ((traceApi.getTracerProvider() as ProxyTracerProvider).getDelegate?.() === standIn) traceApi.disable();
}

/**
 * Runs `fn` and returns the spans of all that it did, in its own context and nowhere else: those of `trace`, and those
 * started through `@opentelemetry/api` with a provider of this package, or without any. None of them reaches the
 * destinations of `init`, and none of another capture that runs at the same time comes in. They take the real way,
 * masks and limits included: encoded as for a receiver, and decoded.
 *
 * `init` need not run. With another SDK's provider registered, spans started through the API stay with that.
 * Spans that have not ended when `fn` is done are counted in `missing`; what ends or starts later is nowhere.
 *
 * @throws what `fn` throws, untouched. To see the spans of a function that fails, catch its error inside `fn`.
 */
export async function captureTraces<Result>(
  fn: () => Result,
  options: CaptureOptions = {},
): Promise<CapturedTraces<Awaited<Result>>> {
  const capture = new Capture(options);
  begin();
  try {
    const result = await withContext(activeContext().setValue(CAPTURE, capture), fn);
    return await capture.traces(result);
  } finally {
    end();
    await capture.provider.shutdown(0);
  }
}
