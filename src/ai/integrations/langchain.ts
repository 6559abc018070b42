/**
 * LangChain.js and LangGraph.js, through their callbacks:
 *
 * ```ts
 * import { LangChainCallbackHandler } from 'spandrel/langchain';
 * const callbacks = [new LangChainCallbackHandler()];
 * await chain.invoke(input, { callbacks });
 * ```
 */
import { contentText } from '../content.ts';
import type { SpanType } from '../fields.ts';
import type { OpenFields } from '../record.ts';
import { given, list, parsed, text } from './given.ts';
import {
  answerOf,
  documentsOf,
  inputFields,
  outputFields,
  promptFields,
  requestFields,
} from './langchain-fields.ts';
import { LangChainRuns, type RunEvent } from './langchain-runs.ts';
import { addContent, addKnown, type LibraryCall, listener } from './library-call.ts';

type Listener = (...event: unknown[]) => void;

const on = (listen: (...event: unknown[]) => void): Listener => listener('langchain', listen);

/**
 * A callback handler that records each run of LangChain as a span: chains, models with their usage, tools, retrievers,
 * agents, with the parents that LangChain says. One handler serves any number of runs at the same time. What a run calls,
 * such as `fetch` or `trace` in a tool, is its child. Content is subject to the `content` option. Never throws.
 *
 * It has the shape of a `BaseCallbackHandler` and loads nothing of LangChain. A stream of a model that is not read to its
 * end leaves a partial span, marked abandoned: when it is collected, at `shutdown`, or when 10,000 later runs are open. Who
 * calls a model or a tool itself and, before that ends, goes on after another `await`, is taken to be inside it.
 */
export class LangChainCallbackHandler {
  readonly name = 'spandrel_callback_handler';
  /** LangChain waits for each event, in order; each takes microseconds. */
  readonly awaitHandlers = true;
  readonly raiseError = false;
  readonly ignoreLLM = false;
  readonly ignoreChain = false;
  readonly ignoreAgent = false;
  readonly ignoreRetriever = false;
  readonly ignoreCustomEvent = true;

  readonly lc_serializable = false;
  readonly lc_namespace = ['langchain_core', 'callbacks', this.name];
  readonly lc_kwargs = {};

  private readonly runs = new LangChainRuns();

  /** LangChain copies handlers; all copies have the same runs. */
  copy(): this {
    return this;
  }

  toJSON(): object {
    return { lc: 1, type: 'not_implemented', id: [...this.lc_namespace] };
  }

  readonly handleChatModelStart: Listener = on((llm, messages, runId, parentRunId, extra, tags, metadata) => {
    const call = this.startModel('chat', runOf(runId, parentRunId, tags), llm, extra, metadata);
    if (call === undefined) return;
    addContent(call, () => ({ ...promptFields(list(list(messages)[0])), ...toolsOf(extra) }));
  });

  readonly handleLLMStart: Listener = on((llm, prompts, runId, parentRunId, extra, tags, metadata) => {
    const run = runOf(runId, parentRunId, tags);
    const call = this.startModel('text_completion', run, llm, extra, metadata);
    if (call !== undefined) addContent(call, () => ({ inputs: contentText(list(prompts)[0]) }));
  });

  readonly handleLLMNewToken: Listener = on((token, _index, runId) => {
    const call = this.runs.get(String(runId));
    if (call !== undefined) newToken(call, token);
  });

  readonly handleLLMEnd: Listener = on((output, runId) => {
    const call = this.runs.take(String(runId));
    if (call === undefined) return;
    const { known, content } = answerOf(output);
    addKnown(call, known);
    addContent(call, () => content);
    call.finish(undefined);
  });

  readonly handleChainStart: Listener = on(
    (chain, inputs, runId, parentRunId, tags, metadata, runType, runName) => {
      const name = nameOf(chain, runName, 'chain');
      const isAgent = runType === 'agent' || given(metadata).lc_agent_name === name || name === 'LangGraph';
      const run = runOf(runId, parentRunId, tags);
      this.start(run, name, isAgent ? 'agent' : 'chain', { agent: isAgent ? { name } : undefined }, inputs);
    },
  );

  readonly handleToolStart: Listener = on(
    (tool, input, runId, parentRunId, tags, _metadata, runName, callId) => {
      const name = nameOf(tool, runName, 'tool');
      const fields = { tool: { name, callId: text(callId), type: 'function' } };
      const run = runOf(runId, parentRunId, tags);
      this.start(run, `execute_tool ${name}`, 'tool', fields, parsed(input));
    },
  );

  readonly handleRetrieverStart: Listener = on(
    (retriever, query, runId, parentRunId, tags, _metadata, runName) => {
      const name = nameOf(retriever, runName, 'retriever');
      this.start(runOf(runId, parentRunId, tags), `retrieval ${name}`, 'retriever', {}, query);
    },
  );

  readonly handleRetrieverEnd: Listener = on((documents, runId) => {
    this.end(runId, () => ({ documents: documentsOf(documents) }));
  });

  readonly handleChainEnd: Listener = on((outputs, runId) => {
    this.end(runId, () => outputFields(outputs));
  });

  readonly handleToolEnd: Listener = on((output, runId) => {
    this.end(runId, () => ({ outputs: contentText(given(output).content ?? output) }));
  });

  /** An agent shows itself by what it does. */
  readonly handleAgentAction: Listener = on((_action, runId) => {
    const call = this.runs.get(String(runId));
    if (call !== undefined) addKnown(call, { type: 'agent' });
  });

  readonly handleLLMError: Listener = on((error, runId) => this.fail(error, runId));
  readonly handleChainError: Listener = on((error, runId) => this.fail(error, runId));
  readonly handleToolError: Listener = on((error, runId) => this.fail(error, runId));
  readonly handleRetrieverError: Listener = on((error, runId) => this.fail(error, runId));

  private startModel(
    operation: string,
    run: RunEvent,
    llm: unknown,
    extra: unknown,
    metadata: unknown,
  ): LibraryCall | undefined {
    const model = requestFields(given(extra), given(metadata));
    const call = this.runs.start(run, {
      name: `${operation} ${model.model ?? nameOf(llm, undefined, 'model')}`,
      fields: { type: 'model', model: { ...model, operation } },
    });
    if (call !== undefined) startedAt.set(call, performance.now());
    return call;
  }

  private start(run: RunEvent, name: string, type: SpanType, fields: OpenFields, inputs: unknown): void {
    const call = this.runs.start(run, { name, fields: { type, ...fields } });
    if (call !== undefined) addContent(call, () => inputFields(inputs));
  }

  private end(runId: unknown, content: () => OpenFields): void {
    const call = this.runs.take(String(runId));
    if (call === undefined) return;
    addContent(call, content);
    call.finish(undefined);
  }

  private fail(error: unknown, runId: unknown): void {
    const call = this.runs.take(String(runId));
    // LangGraph throws what is no failure: an interruption, a command for the graph around.
    if (given(error).is_bubble_up === true) call?.finishStream(undefined, true);
    else call?.fail(error, call.partial);
  }
}

function runOf(runId: unknown, parentRunId: unknown, tags: unknown): RunEvent {
  return { runId: String(runId), parentRunId: text(parentRunId), tags };
}

/** The name of a run, of what was serialised for it, or of its class. */
function nameOf(serialized: unknown, runName: unknown, otherwise: string): string {
  const { name, id } = given(serialized);
  return text(runName) ?? text(name) ?? text(list(id).at(-1)) ?? otherwise;
}

function toolsOf(extra: unknown): OpenFields {
  const { tools } = given(given(extra).invocation_params);
  return Array.isArray(tools) ? { toolDefinitions: tools.map((tool) => parsed(contentText(tool))) } : {};
}

const startedAt = new WeakMap<LibraryCall, number>();

function newToken(call: LibraryCall, token: unknown): void {
  const start = startedAt.get(call);
  if (start !== undefined) {
    startedAt.delete(call);
    addKnown(call, { model: { stream: true, timeToFirstChunk: (performance.now() - start) / 1000 } });
  }
  if (call.capture === null) return;
  const before = call.partial?.value as string | undefined;
  const soFar = `${before ?? ''}${text(token) ?? ''}`;
  call.partial = { value: soFar };
}
