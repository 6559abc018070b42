/** What a program gives that is of no use: it costs neither the span nor what else is known of it, in any dialect. */
import { describe, expect, test } from 'vitest';
import { enrichSpan, usage } from '../../src/ai/enrich.ts';
import { startSpan } from '../../src/ai/trace.ts';
import type { InitOptions } from '../../src/init.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { captureWarnings } from '../helpers/api-recorder.ts';

const warnings = captureWarnings();
stopTracingAfterEach();

const foreign = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };
const BAD = {
  inputTokens: 7,
  outputTokens: Number.NaN,
  cacheRead: null,
  reasoning: 5n,
  cost: '3',
  cacheWrite: -1,
};

describe.each<[string, InitOptions]>([
  ['arena', {}],
  ['plug-in', { spanProcessors: [foreign] }],
])('in %s mode', (_, mode) => {
  test.each(['genai', 'genai-1.36', 'openinference', 'honeyhive', 'langfuse', 'traceloop'] as const)(
    '%s: what is no number is left out, and said; null is not known',
    async (dialect) => {
      const { one } = await startTracing({ ...mode, dialect });
      const span = startSpan('call');
      usage(BAD as never, span);
      span.end();
      const values = Object.values((await one('call')).plain);
      const text = JSON.stringify(values);
      expect(text).toMatch(/7/);
      expect(text).toMatch(/5/);
      expect(text).not.toMatch(/null|-1|"3"|NaN/);
      expect(warnings.filter((line) => line.includes('usage: expected'))).toHaveLength(3);
    },
  );

  test.each(['openinference', 'langfuse', 'traceloop', 'genai'] as const)(
    '%s: messages and documents of another form cost neither the span nor the program',
    async (dialect) => {
      const { one } = await startTracing({ ...mode, dialect });
      const span = startSpan('call', { attributes: { own: 1 } });
      const messages = [{ role: 'assistant', content: 'text' }, null];
      enrichSpan(
        { model: { model: 'loopback' }, outputMessages: messages, documents: [null] } as never,
        span,
      );
      span.end();
      const { plain } = await one('call');
      expect(plain).toMatchObject({ own: 1 });
      expect(Object.values(plain)).toContain('loopback');
    },
  );
});
