/** Spans that go to another provider than the one they were started with: those of a program under test. */
import type { Tracer as ApiTracer, Context } from '@opentelemetry/api';
import type { Content } from '../config/content.ts';
import type { DialectName } from '../config/dialect.ts';
import type { SpanSettings } from './span-settings.ts';
import type { InstrumentationScope } from './types.ts';

/** What takes the place of what `init` settled. */
export interface RedirectedTo {
  /** Of `trace`, `span` and `startSpan`. */
  readonly tracer: ApiTracer;
  readonly content: Content;
  readonly dialect: DialectName;
}

/** Neither may throw. */
export interface Redirection {
  /** What counts in the active context, if something is redirected there. */
  active(): RedirectedTo | undefined;
  /** The tracer that starts a span in the place of one of these, if it is another. */
  tracerFor(
    settings: SpanSettings,
    scope: InstrumentationScope,
    parentContext: Context | undefined,
  ): ApiTracer | undefined;
}

/** `null` but in a test: a comparison is all that it costs elsewhere. */
export let redirection: Redirection | null = null;

/** From here on, as long as the process lasts. */
export function redirectBy(given: Redirection): void {
  redirection = given;
}
