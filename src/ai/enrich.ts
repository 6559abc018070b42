/** Adds to the active span what its function knows: outputs, usage, metadata, feedback. */
import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import { describe, messageOf } from '../api/attributes.ts';
import { warnOnce } from '../diagnostics.ts';
import { contentText } from './content.ts';
import { FIELD_GROUPS, type Fields, type Usage } from './fields.ts';
import { pendingContent } from './lazy.ts';
import { errorNameOf } from './open-call.ts';
import { addFields, capturesContentOf, capturesErrorsOf, type OpenFields } from './record.ts';
import { currentSpan } from './session.ts';
import { readUsage } from './usage-counts.ts';

/** What can be known of a span. Content is subject to the `content` option; the rest is not. */
export interface Enrichment extends Omit<Fields, 'type' | 'inputs' | 'outputs' | 'error' | 'errorType'> {
  /** What went in; replaces what was captured. Content. */
  inputs?: unknown;
  /** What came out; counts for more than what the traced function returns. Content. */
  outputs?: unknown;
  /** What went wrong: sets the status to ERROR, and `error.type`. With `content: 'none'`, its message is left out. */
  error?: unknown;
  /** Attributes under their own names. */
  attributes?: Attributes;
}

const CONTENT = [
  'inputMessages',
  'outputMessages',
  'systemInstructions',
  'toolDefinitions',
  'documents',
] as const;

/**
 * Adds to the active span, or to the one given. Groups such as `metadata` grow with each call; of everything else the
 * last call counts; `inputs` and `outputs` given here count for more than the captured arguments and result. Returns whether there was a span that records; never throws.
 */
export function enrichSpan(enrichment: Enrichment, span: Span | undefined = currentSpan()): boolean {
  if (typeof enrichment !== 'object' || enrichment === null) {
    warnOnce('enrich-span', `enrichSpan: expected an object, got ${describe(enrichment)}; nothing is added.`);
    return false;
  }
  if (span === undefined || !span.isRecording()) return false;
  try {
    const message = capturesErrorsOf(span) ? messageOf(enrichment.error) : undefined;
    addFields(span, fieldsOf(enrichment, message, capturesContentOf(span)));
    if (enrichment.attributes) span.setAttributes(enrichment.attributes);
    if (enrichment.error !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
  } catch (error) {
    warnOnce('enrich-span-read', `enrichSpan: what was given cannot be read: ${describe(error)}.`);
    return false;
  }
  return true;
}

function fieldsOf(given: Enrichment, message: string | undefined, content: boolean): OpenFields {
  const fields: OpenFields = { eventName: given.eventName };
  if (given.error !== undefined) {
    fields.error = message;
    // A dialect has its own word for none, which an error without its message needs as well.
    fields.errorType = errorNameOf(given.error) ?? (message === undefined ? '_OTHER' : undefined);
  }
  for (const group of FIELD_GROUPS) {
    if (given[group] !== undefined) Object.assign(fields, { [group]: { ...given[group] } });
  }
  if (given.usage) fields.usage = readUsage(given.usage);
  if (!content) return fields;
  fields.inputs = pendingContent(given.inputs);
  fields.outputs = pendingContent(given.outputs);
  for (const member of CONTENT) {
    // A copy: what the program does to its own list later changes nothing.
    if (given[member] !== undefined) Object.assign(fields, { [member]: snapshotOf(given[member]) });
  }
  return fields;
}

/** Functions among it, such as the schemas of tools, cannot be cloned: what JSON holds of them stays. */
function snapshotOf(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return JSON.parse(contentText(value) ?? 'null');
  }
}

/**
 * Adds the usage of a model call to the active span, or to the one given. Numbers that are not known are left out, and so
 * is, with a warning, what is no number of 0 or more.
 *
 * Tokens are counted once: those of a traced function are left out when a call traced inside it, such as one of an
 * `instrument`ed client, has them already. The same holds for `cost`.
 */
export function usage(counts: Usage, span: Span | undefined = currentSpan()): boolean {
  return enrichSpan({ usage: counts }, span);
}
