/** One line, at most once for a span, that its limits cost it something. Trace SDK specification, "Span Limits". */
import { warn } from '../diagnostics.ts';

/** Says what was dropped of a span that ends; nothing when nothing was. */
export function warnOfLimits(name: string, attributes: number, events: number, links: number): void {
  if ((attributes | events | links) === 0) return;
  warn(
    'span-limits',
    `span "${name}" lost ${attributes} attributes, ${events} events and ${links} links to its limits or to invalid ` +
      'keys and contexts; raise spanLimits (OTEL_SPAN_*_LIMIT) if they matter.',
  );
}
