/** Applies a mask to everything a span says. */
import { warn } from '../diagnostics.ts';
import type { AttributeList } from './attribute-list.ts';
import { messageOf } from './attributes.ts';
import { FAILED, type Mask, Masking } from './mask.ts';
import type { PluginSpan } from './plugin-span.ts';
import type { Span } from './span.ts';

/** An ended span of arena mode, whose attributes are in `list`. */
export function maskSpan(span: Span, list: AttributeList, mask: Mask): void {
  const { _name: name, _kind: kind, _tracer, _events, _links, _statusMessage } = span;
  const masking = new Masking(mask, { name, kind, scope: _tracer.scope.name, get: (key) => list.get(key) });
  masking.list(list);
  if (_events !== null) span._events = masking.events(_events);
  if (_links !== null) masking.links(_links);
  span._name = masking.text(name, 'span.name') ?? '';
  if (_statusMessage !== '') span._statusMessage = masking.text(_statusMessage, 'status.message') ?? '';
}

/**
 * An ended span of plug-in mode. In place: processors may hold these very objects. A span that cannot be written to loses
 * what could not be masked.
 */
export function maskSpanObject(span: PluginSpan, mask: Mask): void {
  try {
    maskObject(span, mask);
  } catch (error) {
    warn(
      'mask-unwritable',
      `mask: a processor made a span unwritable (${messageOf(error)}); its content is left out.`,
    );
    Object.assign(span, {
      name: FAILED,
      attributes: {},
      events: [],
      links: [],
      status: { code: span.status?.code ?? 0 },
    });
  }
}

function maskObject(span: PluginSpan, mask: Mask): void {
  const { name, kind, attributes, status } = span;
  const get = (key: string): unknown => (Object.hasOwn(attributes, key) ? attributes[key] : undefined);
  const masking = new Masking(mask, { name, kind, scope: span._tracer.scope.name, get });
  masking.attributes(attributes);
  for (const [key, captured] of span._content ?? []) {
    // Where it is shortened later, it is what the mask left of it.
    captured.text = typeof attributes[key] === 'string' ? attributes[key] : '';
  }
  for (const event of span.events) {
    event.name = masking.text(event.name, 'event.name') ?? '';
    if (event.attributes) masking.attributes(event.attributes);
  }
  for (const { attributes: own } of span.links) if (own) masking.attributes(own);
  span.name = masking.text(name, 'span.name') ?? '';
  if (status?.message)
    span.status = { ...status, message: masking.text(status.message, 'status.message') ?? '' };
}
