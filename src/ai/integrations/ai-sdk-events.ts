/** What each event of the AI SDK 7 does to the spans of its call. */
import { SpanKind } from '@opentelemetry/api';
import { activeContext } from '../../api/context.ts';
import { contentText } from '../content.ts';
import type { OpenFields } from '../record.ts';
import { answerFields, promptFields, requestFields, usageOf } from './ai-sdk-messages.ts';
import { Run, type Runs } from './ai-sdk-run.ts';
import { count, type Given, given, list, snapshot, text } from './given.ts';
import { addContent, addKnown, type LibraryCall, openCall } from './library-call.ts';

const GENERATES = /^ai\.(generate|stream)(Text|Object)$/;
const SPEAKS = /^ai\.(generateSpeech|transcribe)$/;

export function start(event: Given, runs: Runs): void {
  const operation = text(event.operationId) ?? 'ai.call';
  const name = text(event.functionId);
  const isAgent = GENERATES.test(operation);
  const title = isAgent ? 'invoke_agent' : operation.replace(/^ai\./, '');
  const root = openCall(activeContext(), {
    name: name === undefined ? title : `${title} ${name}`,
    kind: SpanKind.INTERNAL,
    fields: {
      type: isAgent ? 'agent' : 'chain',
      agent: isAgent && name !== undefined ? { name } : undefined,
      model: SPEAKS.test(operation) ? { ...requestFields(event), operation: title } : undefined,
      metadata: metadataOf(event.runtimeContext),
    },
  });
  addContent(root, () => inputsOf(event));
  const run = new Run(root, operation.startsWith('ai.stream'));
  if (root.capture !== null) run.documents = list(event.documents);
  runs.add(String(event.callId), run);
}

/** What the call lets integrations see of its context, of its own choice. */
function metadataOf(context: unknown): OpenFields['metadata'] {
  return Object.keys(given(context)).length === 0 ? undefined : { ...given(context) };
}

function inputsOf(event: Given): OpenFields {
  if (event.recordInputs === false) return {};
  const { messages, instructions, system, prompt, value, query, text: spoken } = event;
  if (messages !== undefined) return promptFields(messages, instructions ?? system);
  return { inputs: contentText(prompt ?? query ?? value ?? spoken) };
}

export function startStep(event: Given, run: Run): void {
  run.step?.finishStream(undefined, true);
  run.step = openCall(run.root.frame, {
    name: `step ${list(event.steps).length + 1}`,
    fields: { type: 'chain' },
  });
}

export function startModel(event: Given, run: Run): void {
  if (run.model?.isOpen) supersede(run.model);
  const model = requestFields(event);
  const call = openCall(run.context, {
    name: titled('chat', model.model),
    fields: { type: 'model', model: run.isStream ? { ...model, stream: true } : model },
  });
  run.model = call;
  // The SDK reports no end of a stream that nobody reads on.
  call.whenClosed = (ending) => {
    if (ending === 'partial') run.end((open) => open.finishStream(undefined, true));
    if (ending === 'abandoned') run.end((open) => open.abandon(null));
  };
  if (event.recordInputs === false) return;
  addContent(call, () => ({
    ...promptFields(event.messages ?? event.promptMessages, event.instructions),
    toolDefinitions: event.tools === undefined ? undefined : list(event.tools).map(snapshot),
  }));
}

/** A call that is made anew. */
function supersede(model: LibraryCall): void {
  model.whenClosed = null;
  model.finishStream(undefined, true);
}

function titled(operation: string, model: string | undefined): string {
  return model === undefined ? operation : `${operation} ${model}`;
}

export function endModel(event: Given, { model }: Run): void {
  if (model === undefined) return;
  const response = given(event.response);
  const millis = count(given(event.performance).timeToFirstOutputMs) ?? count(event.msToFirstChunk);
  addKnown(model, {
    model: {
      responseModel: text(response.modelId) ?? text(event.modelId),
      responseId: text(event.responseId) ?? text(response.id),
      finishReasons: text(event.finishReason) === undefined ? undefined : [String(event.finishReason)],
      timeToFirstChunk: millis === undefined ? undefined : millis / 1000,
    },
    usage: usageOf(event.usage),
  });
  if (event.recordOutputs !== false) {
    addContent(model, () => answerFields(event.content ?? event.objectText, event.finishReason));
  }
  model.finish(undefined);
}

export function startTool(event: Given, run: Run): void {
  const tool = given(event.toolCall);
  const name = text(tool.toolName) ?? 'tool';
  const call = openCall(run.context, {
    name: `execute_tool ${name}`,
    fields: { type: 'tool', tool: { name, callId: text(tool.toolCallId), type: 'function' } },
  });
  if (event.recordInputs !== false) addContent(call, () => ({ inputs: contentText(tool.input) }));
  addPart(run, String(tool.toolCallId), call);
}

function addPart(run: Run, key: string, call: LibraryCall): void {
  run.parts.set(key, call);
  call.whenClosed = () => run.parts.delete(key);
}

export function endTool(event: Given, run: Run): void {
  const call = run.parts.get(String(given(event.toolCall).toolCallId));
  const { type, error, output } = given(event.toolOutput);
  if (type === 'tool-error') call?.fail(error);
  if (call === undefined) return;
  if (event.recordOutputs !== false) addContent(call, () => ({ outputs: contentText(output) }));
  call.finish(undefined);
}

export function startEmbedding(event: Given, run: Run): void {
  const model = requestFields(event);
  const call = openCall(run.root.frame, {
    name: titled('embeddings', model.model),
    fields: { type: 'embedding', model },
  });
  if (event.recordInputs !== false) addContent(call, () => ({ inputs: contentText(event.values) }));
  addPart(run, String(event.embedCallId), call);
}

export function endEmbedding(event: Given, run: Run): void {
  const call = run.parts.get(String(event.embedCallId));
  const inputTokens = count(given(event.usage).tokens);
  if (call === undefined) return;
  if (inputTokens !== undefined) addKnown(call, { usage: { inputTokens } });
  call.finish(undefined);
}

export function startReranking(event: Given, run: Run): void {
  const model = requestFields(event);
  const call = openCall(run.root.frame, {
    name: titled('rerank', model.model),
    kind: SpanKind.CLIENT,
    fields: { type: 'reranker', model },
  });
  if (event.recordInputs !== false) addContent(call, () => ({ inputs: contentText(event.query) }));
  run.model = call;
}

export function endReranking(event: Given, { model, documents }: Run): void {
  if (model === undefined) return;
  if (event.recordOutputs !== false) {
    addContent(model, () => ({
      documents: list(event.ranking).map((ranked) => {
        const { index, relevanceScore } = given(ranked);
        return { content: contentText(documents[index as number]), score: count(relevanceScore) };
      }),
    }));
  }
  model.finish(undefined);
}

export function end(event: Given, run: Run): void {
  if (event.recordOutputs !== false) addContent(run.root, () => outputsOf(event));
  if (event.error !== undefined) run.end((call) => call.fail(event.error));
  else run.end((call) => call.finish(undefined));
}

function outputsOf(event: Given): OpenFields {
  const content = given(event.finalStep).content ?? event.content;
  if (content !== undefined) return answerFields(content, event.finishReason);
  return { outputs: contentText(event.object ?? event.ranking ?? given(event.transcript).text) };
}
