import { ConsoleSpanExporter as UpstreamConsoleSpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { type ExportResult, ExportResultCode, type ReadableSpan } from '../src/api/types.ts';
import { ConsoleSpanExporter } from '../src/export/console-span-exporter.ts';
import { recordedSpans, requestOf, truncatedRequest } from './helpers/recorded-spans.ts';

let dir: MockInstance<typeof console.dir>;

beforeEach(() => {
  dir = vi.spyOn(console, 'dir').mockImplementation(() => {});
});

afterEach(() => {
  dir.mockRestore();
});

/** What was printed since the last look. */
function printed(): unknown[][] {
  const calls = [...dir.mock.calls];
  dir.mockClear();
  return calls;
}

function printedByUpstream(spans: ReadableSpan[]): unknown[][] {
  new UpstreamConsoleSpanExporter().export(spans, () => {});
  return printed();
}

function exported(exporter: ConsoleSpanExporter, spans: ReadableSpan[]): ExportResult {
  const results: ExportResult[] = [];
  exporter.export(spans, (result) => results.push(result));
  expect(results).toHaveLength(1);
  return results[0];
}

describe('export', () => {
  it('prints what opentelemetry-js prints, one call a span, members in the same order', () => {
    const spans = recordedSpans('parent', 'child');
    const upstream = printedByUpstream(spans);
    expect(exported(new ConsoleSpanExporter(), spans)).toEqual({ code: ExportResultCode.SUCCESS });
    const ours = printed();
    expect(ours).toStrictEqual(upstream);
    expect(ours).toHaveLength(2);
    expect(Object.keys(ours[0][0] as object)).toEqual(Object.keys(upstream[0][0] as object));
  });

  it('fails with the error when the console throws', () => {
    dir.mockImplementation(() => {
      throw new Error('stdout is closed');
    });
    const result = exported(new ConsoleSpanExporter(), recordedSpans('a'));
    expect(result.code).toBe(ExportResultCode.FAILED);
    expect(result.error?.message).toBe('stdout is closed');
  });
});

describe('wire', () => {
  it('prints the decoded spans before send returns, as opentelemetry-js prints the recorded ones', () => {
    const spans = recordedSpans('parent', 'child');
    const upstream = printedByUpstream(spans) as [{ links: object[] }, unknown][];
    const result = new ConsoleSpanExporter().wire().send(requestOf(spans));
    expect(result).toEqual({ kind: 'delivered', rejected: 0 });
    // On the wire a link always has a dropped count and says whether it is remote.
    for (const [shape] of upstream) {
      shape.links = shape.links.map((link) => ({
        ...link,
        context: { ...(link as { context: object }).context, isRemote: false },
        droppedAttributesCount: 0,
      }));
    }
    const [, [child]] = upstream as [unknown, [{ parentSpanContext: { isRemote?: boolean } }]];
    child.parentSpanContext = { ...child.parentSpanContext, isRemote: false };
    expect(printed()).toEqual(upstream);
  });

  it('fails a request it cannot decode, with the reason, and prints nothing', () => {
    const result = new ConsoleSpanExporter().wire().send(truncatedRequest());
    expect(result).toEqual({
      kind: 'failed',
      reason: expect.stringMatching(/^OTLP bytes, offset \d+: expected/),
    });
    expect(printed()).toEqual([]);
  });

  it('fails a request when the console throws', () => {
    dir.mockImplementation(() => {
      throw new Error('stdout is closed');
    });
    const result = new ConsoleSpanExporter().wire().send(requestOf(recordedSpans('a')));
    expect(result).toEqual({ kind: 'failed', reason: 'stdout is closed' });
  });
});

describe('shutdown and forceFlush', () => {
  it('resolve and print nothing', async () => {
    const exporter = new ConsoleSpanExporter();
    await exporter.forceFlush();
    await exporter.shutdown();
    exporter.wire().close();
    expect(printed()).toEqual([]);
  });
});
