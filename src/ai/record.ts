/** What the AI layer keeps for one span until it ends, and how that becomes attributes. */
import { type Span, TraceFlags } from '@opentelemetry/api';
import { describe } from '../api/attributes.ts';
import { LeftOut } from '../api/capture-content.ts';
import { arenaLevel, OMITTED, overheadLevel } from '../api/content-level.ts';
import { PluginSpan } from '../api/plugin-span.ts';
import { Span as ArenaSpan } from '../api/span.ts';
import type { ExtensibleSpan, SpanExtension } from '../api/span-extension.ts';
import { warn } from '../diagnostics.ts';
import {
  type CallContent,
  ContentPolicy,
  capturesContentFor,
  capturesErrorsFor,
  policyFor,
} from './content-policy.ts';
import type { AttributeWriter, DescribedSpan, Dialect } from './dialect.ts';
import { FIELD_GROUPS, type Fields, type Usage } from './fields.ts';
import { type CapturedContent, Lazy, type PendingContent, settled } from './lazy.ts';
import { activeDialect } from './settings.ts';

/** Fields while the span is open: texts may not be there yet. */
export interface OpenFields extends Omit<Fields, 'inputs' | 'outputs'> {
  inputs?: PendingContent;
  outputs?: PendingContent;
  /** What the call says about its content; `undefined`: the option of `init` decides. */
  content?: CallContent;
}

const GROUPS: ReadonlySet<string> = new Set(FIELD_GROUPS);

/** Adds fields to fields. Groups grow; of everything else the last value counts. */
export function merge(fields: OpenFields, added: OpenFields): void {
  const target = fields as Record<string, unknown>;
  for (const name in added) {
    const value = (added as Record<string, unknown>)[name];
    if (value === undefined) continue;
    target[name] = GROUPS.has(name)
      ? { ...(target[name] as object | undefined), ...(value as object) }
      : value;
  }
}

/**
 * Fields of one shape whatever is known: a dialect asks each span for all of them, and objects of many shapes are slow to
 * ask for what they lack (`short-content` of `npm run bench -- wrappers` shows it).
 */
function fieldsWith(known: OpenFields): OpenFields {
  const fields: Record<keyof OpenFields, undefined> = {
    type: undefined,
    inputs: undefined,
    outputs: undefined,
    content: undefined,
    systemInstructions: undefined,
    inputMessages: undefined,
    outputMessages: undefined,
    toolDefinitions: undefined,
    documents: undefined,
    model: undefined,
    tool: undefined,
    agent: undefined,
    usage: undefined,
    config: undefined,
    metadata: undefined,
    metrics: undefined,
    feedback: undefined,
    userProperties: undefined,
    error: undefined,
    errorType: undefined,
    eventName: undefined,
  };
  merge(fields, known);
  return fields;
}

class Writer implements AttributeWriter {
  private readonly span: ExtensibleSpan;

  constructor(span: ExtensibleSpan) {
    this.span = span;
  }

  core(key: string, value: unknown): void {
    this.span._setCore(key, value);
  }

  set(key: string, value: unknown): void {
    if (value !== undefined) this.span.setAttribute(key, value);
  }

  content(key: string, content: CapturedContent | undefined): void {
    if (typeof content === 'string') this.span._setContent(key, content);
    else if (content !== undefined) this.span._leaveOutContent(key, content.units);
  }
}

/** The record of a span of ours; it becomes attributes when the span ends. */
class SpanRecord implements SpanExtension {
  readonly fields: OpenFields;
  private readonly dialect: Dialect;

  constructor(fields: OpenFields, dialect: Dialect) {
    this.fields = fields;
    this.dialect = dialect;
  }

  finish(span: ExtensibleSpan): void {
    const { fields } = this;
    const inputs = settledFor(span, fields.inputs);
    const outputs = settledFor(span, fields.outputs);
    // A lazy value may have ended the span.
    if (!span.isRecording()) return;
    // In place: nobody needs what was pending any more.
    fields.inputs = inputs;
    fields.outputs = outputs;
    try {
      this.dialect.write(fields as Fields, new Writer(span), span);
    } catch (error) {
      // A value of the user's that cannot be read: the span ends with what is written by now.
      warn(
        'span-fields',
        `what span "${describe(span.name)}" was enriched with cannot be read: ${describe(error)}; the rest of it is left out.`,
      );
    }
  }
}

/** Notes for a span that has just started what its call says about its content. */
export function setContentPolicy(span: Span, content: CallContent): void {
  if (span instanceof ArenaSpan || span instanceof PluginSpan) span._extension = policyFor(content);
  else foreign.set(span, { content });
}

/** A lazy value is not even computed where content is left out, or the span is about to be. */
function settledFor(span: ExtensibleSpan, pending: PendingContent): CapturedContent | undefined {
  if (!Lazy.is(pending)) return pending;
  if (span instanceof ArenaSpan) {
    const { arena } = span._tracer.settings;
    return arenaLevel(arena) === OMITTED || overheadLevel() === OMITTED ? new LeftOut(-1) : settled(pending);
  }
  const { _tracer, _spanContext } = span as PluginSpan;
  if (_tracer.settings.isShutdown || (_spanContext.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return overheadLevel() === OMITTED ? new LeftOut(-1) : settled(pending);
}

/** Whether content of a span is captured: as its call says, else the option of `init`. */
export function capturesContentOf(span: Span): boolean {
  return capturesContentFor(policyOf(span));
}

/** Whether messages and stack traces of errors are recorded on a span: they often quote what went in. */
export function capturesErrorsOf(span: Span): boolean {
  return capturesErrorsFor(policyOf(span));
}

function policyOf(span: Span): CallContent | undefined {
  if (!(span instanceof ArenaSpan || span instanceof PluginSpan)) return foreign.get(span)?.content;
  const { _extension } = span;
  return _extension instanceof ContentPolicy ? _extension.content : recordOf(span)?.fields.content;
}

/**
 * Adds fields to a span. On a span of ours they become attributes when it ends; one of another SDK, which does not tell
 * when that is, gets them now.
 */
export function addFields(span: Span, fields: OpenFields): void {
  if (!(span instanceof ArenaSpan || span instanceof PluginSpan)) {
    writeNow(span, fields);
    return;
  }
  if (!span.isRecording()) return;
  const known = span._extension;
  if (known instanceof SpanRecord) {
    merge(known.fields, fields);
    return;
  }
  const record = new SpanRecord(fieldsWith(fields), activeDialect());
  if (known instanceof ContentPolicy) record.fields.content = known.content;
  span._extension = record;
}

/** Whether it is known already what came out of a span: its own code has said it, which counts for more than the result. */
export function hasOutputs(span: Span): boolean {
  const isOurs = span instanceof ArenaSpan || span instanceof PluginSpan;
  const fields = isOurs ? recordOf(span)?.fields : foreign.get(span);
  return fields?.outputs !== undefined;
}

/** The usage that a span would carry if it ended now; `undefined` for a span of another SDK, which has written it. */
export function usageOf(span: Span): Usage | undefined {
  return recordOf(span)?.fields.usage;
}

export function replaceUsage(span: Span, usage: Usage | undefined): void {
  const record = recordOf(span);
  if (record !== undefined) record.fields.usage = usage;
}

function recordOf(span: Span): SpanRecord | undefined {
  const { _extension } = span as Span & Partial<ExtensibleSpan>;
  return _extension instanceof SpanRecord ? _extension : undefined;
}

/** What foreign spans have got so far: a dialect needs all of it to name any of it. */
const foreign = new WeakMap<Span, OpenFields>();

function writeNow(span: Span, added: OpenFields): void {
  const fields = foreign.get(span) ?? {};
  foreign.set(span, fields);
  merge(fields, added);
  const set = (key: string, value: unknown): void => {
    if (value !== undefined) span.setAttribute(key, value as string);
  };
  const inputs = settled(fields.inputs);
  const outputs = settled(fields.outputs);
  activeDialect().write(
    { ...fields, inputs, outputs },
    {
      core: set,
      set,
      content: (key, content) => {
        if (typeof content === 'string') set(key, content);
      },
    },
    describedSpan(span),
  );
}

/** Spans of other SDKs mostly have these as well. */
function describedSpan(span: Span): DescribedSpan {
  const { name = '', startTime = [0, 0], attributes = {} } = span as Partial<DescribedSpan>;
  return { name, startTime, attributes };
}
