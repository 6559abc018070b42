/**
 * The AI SDK (`ai`), version 7, through the telemetry integrations that it calls itself:
 *
 * ```ts
 * import { registerTelemetry } from 'ai';
 * import { aiSdkTelemetry } from 'spandrel/ai-sdk';
 * registerTelemetry(aiSdkTelemetry()); // once; or `telemetry: { integrations: aiSdkTelemetry() }` of one call
 * ```
 *
 * Versions 5 and 6 take a tracer: `aiSdkTracer`.
 */
import { withContext } from '../../api/context.ts';
import * as events from './ai-sdk-events.ts';
import { type Run, Runs } from './ai-sdk-run.ts';
import { followModelStream } from './ai-sdk-stream.ts';
import { type Given, given } from './given.ts';
import { listener } from './library-call.ts';

/** What the SDK gives to the two functions that run its work. */
interface Execution<T> {
  callId: string;
  execute: () => PromiseLike<T>;
}

type Listener = (event: unknown) => void;

/** An integration for `registerTelemetry` of `ai` 7. */
export interface AiSdkTelemetry {
  readonly onStart: Listener;
  readonly onStepStart: Listener;
  readonly onStepEnd: Listener;
  readonly onStepError: Listener;
  readonly onLanguageModelCallStart: Listener;
  readonly onLanguageModelCallEnd: Listener;
  readonly onObjectStepStart: Listener;
  readonly onObjectStepEnd: Listener;
  readonly onToolExecutionStart: Listener;
  readonly onToolExecutionEnd: Listener;
  readonly onEmbedStart: Listener;
  readonly onEmbedEnd: Listener;
  readonly onRerankStart: Listener;
  readonly onRerankEnd: Listener;
  readonly onEnd: Listener;
  readonly onAbort: Listener;
  readonly onError: Listener;
  executeLanguageModelCall<T>(options: Execution<T>): PromiseLike<T>;
  executeTool<T>(options: Execution<T> & { toolCallId: string }): PromiseLike<T>;
}

/**
 * Makes an integration that records each call of the SDK: a span of type `agent` for text and objects and of type `chain`
 * for the rest, inside it the steps, model calls, tools, embeddings and reranking, with usage on the calls of models alone.
 * What runs inside a model call or a tool, such as `fetch`, `trace`, or another call of the SDK, is its child. Content
 * is subject to the `content` option and to `recordInputs` and `recordOutputs` of the call. Never throws.
 *
 * A stream that nobody reads to its end leaves partial spans: when it is cancelled or aborted; else, marked abandoned, when
 * what the model streams is collected, at `shutdown`, or when 10,000 later calls are open. Experimental operations of the SDK (`decide`, `streamTranscribe`) are not recorded.
 */
export function aiSdkTelemetry(): AiSdkTelemetry {
  const runs = new Runs();
  const on = (listen: (event: Given, run: Run) => void): Listener =>
    listener('ai-sdk', (event) => {
      const run = runs.get(given(event).callId);
      if (run !== undefined) listen(given(event), run);
    });
  return {
    onStart: listener('ai-sdk', (event) => events.start(given(event), runs)),
    onStepStart: on(events.startStep),
    onStepEnd: on((_, { step }) => step?.finish(undefined)),
    onStepError: on(({ error }, { model, step }) => {
      model?.fail(error);
      step?.fail(error);
    }),
    onLanguageModelCallStart: on(events.startModel),
    onLanguageModelCallEnd: on(events.endModel),
    onObjectStepStart: on(events.startModel),
    onObjectStepEnd: on(events.endModel),
    onToolExecutionStart: on(events.startTool),
    onToolExecutionEnd: on(events.endTool),
    onEmbedStart: on(events.startEmbedding),
    onEmbedEnd: on(events.endEmbedding),
    onRerankStart: on(events.startReranking),
    onRerankEnd: on(events.endReranking),
    onEnd: on(events.end),
    onAbort: on((_, run) => run.end((call) => call.finishStream(call.partial?.value, true))),
    onError: on(({ error }, run) => run.end((call) => call.fail(error, call.partial))),
    async executeLanguageModelCall({ callId, execute }) {
      const run = runs.get(callId);
      if (run?.model === undefined) return execute();
      const result = await withContext(run.model.frame, execute);
      return run.isStream ? followModelStream(result, run.model) : result;
    },
    executeTool({ callId, toolCallId, execute }) {
      const tool = runs.get(callId)?.parts.get(toolCallId);
      return tool === undefined ? execute() : withContext(tool.frame, execute);
    },
  };
}
