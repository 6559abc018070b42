import { describe, expect, test } from 'vitest';
import { DeferredExporter } from '../src/export/deferred-exporter.ts';
import type { ExportRequest, WireExporter } from '../src/export/exporter.ts';

const REQUEST: ExportRequest = { chunks: [], byteLength: 0, spanCount: 1 };

function recording(): { calls: string[]; make: () => WireExporter } {
  const calls: string[] = [];
  const make = (): WireExporter => {
    calls.push('made');
    return {
      send: (_request, abort) => {
        calls.push(abort === undefined ? 'sent' : 'sent with a signal');
        return { kind: 'delivered', rejected: 0 };
      },
      close: () => void calls.push('closed'),
    };
  };
  return { calls, make };
}

describe('a deferred exporter', () => {
  test('is made by the first request, and is the same for the next', () => {
    const { calls, make } = recording();
    const exporter = new DeferredExporter(make);
    expect(calls).toEqual([]);
    expect(exporter.send(REQUEST)).toEqual({ kind: 'delivered', rejected: 0 });
    exporter.send(REQUEST, new AbortController().signal);
    exporter.close();
    expect(calls).toEqual(['made', 'sent', 'sent with a signal', 'closed']);
  });

  test('that is closed without a request is never made', () => {
    const { calls, make } = recording();
    new DeferredExporter(make).close();
    expect(calls).toEqual([]);
  });

  test('closed before a late request is closed when that is sent: the exporter says what it says then', () => {
    const { calls, make } = recording();
    const exporter = new DeferredExporter(make);
    exporter.close();
    exporter.send(REQUEST);
    expect(calls).toEqual(['made', 'closed', 'sent']);
  });
});
