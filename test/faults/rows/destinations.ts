import type { FaultRow } from '../row.ts';

export const DESTINATIONS: readonly FaultRow[] = [
  {
    id: 'destinations-outage',
    fault: 'One of two receivers dies under load and comes back',
    promise:
      'The live one loses 0 of 6,000 spans, the other 0 of those that fit half of the arena, each as soon as it can be ' +
      'reached; the numbers of each add up at every step; no header of one reaches the other.',
    tests: [
      'faults/destinations.test.ts: a vendor and an own collector > one that dies and comes back costs the other no span, and loses none that fit; no key changes hands',
      'exporters-option.test.ts: the variables and the options of init are those of otlp > no header, certificate, time, form or compression of theirs reaches another',
    ],
    note: 'Upstream: two batch processors with their defaults, flushed as often. The outage lasts two seconds, which its retries span.',
  },
  {
    id: 'destinations-share',
    fault:
      'One of several receivers never answers, refuses, pauses, or takes requests in part, for many times the size of the arena',
    promise:
      'The live one loses 0 spans in random programs on both engines; the arena stays below three quarters, so no captured ' +
      'content is left out; bytes in flight never change; everything is free at the end.',
    tests: [
      'destinations-property.test.ts: on the %s engine > a live destination loses nothing, whatever the others do',
      'destinations.test.ts: on the %s engine > a destination that %s loses its own oldest spans, and the other none',
      'destinations-neighbours.test.ts: two processors of plug-in mode, on the %s engine > one whose receiver %s costs the other no span and no content',
      'destinations.test.ts: a queue size on the %s engine > of %i counts for the destination that has it: one that is dead fills no other',
    ],
    noUpstream:
      'It has a queue of span objects for each destination, 2,048 by default: no arena to share. The row above has its figures.',
  },
  {
    id: 'destinations-providers',
    fault: 'The receiver of one provider is dead and its spans fill the arena that another provider shares',
    promise:
      'The other provider gets its share, the arena divided by the providers that hold spans, and loses 0 spans within it. ' +
      'Content within three quarters of its share stays whole; beyond it a dead one gives way before a live one loses a span.',
    tests: [
      'destinations.test.ts: two providers on one arena, on the %s engine > a dead one that filled it with %s leaves the other its share',
      'destinations.test.ts: two providers on one arena, on the %s engine > one above its share takes nothing from one below',
      'destinations-neighbours.test.ts: two providers on one arena, on the %s engine > one whose receiver %s gives way to the other beyond its share, content and spans',
    ],
    noUpstream: 'It shares no memory between providers, and has no bound in bytes.',
  },
];
