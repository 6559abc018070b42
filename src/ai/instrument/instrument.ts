/** Traces the calls of a client of a model, without import hooks: the client is told apart by its shape. */
import { SpanKind } from '@opentelemetry/api';
import { describe } from '../../api/attributes.ts';
import { activeContext, withContext } from '../../api/context.ts';
import { warnOnce } from '../../diagnostics.ts';
import { activeTracer, capturesContent } from '../../init.ts';
import { run } from '../traced-call.ts';
import { claimOf } from '../usage-claim.ts';
import { MESSAGES } from './anthropic.ts';
import type { Endpoint } from './endpoint.ts';
import { ModelCall } from './model-call.ts';
import { CHAT, COMPLETION } from './openai-chat.ts';
import { EMBEDDINGS } from './openai-embeddings.ts';
import { RESPONSES } from './openai-responses.ts';
import { isInsideModelSpan } from './outer-model-span.ts';
import { noteOurSpan, replaceOwnSpans } from './own-spans.ts';
import { serviceOf } from './provider.ts';
import { asRecord, asText } from './read.ts';

/** Where the methods named `create` lie on a client, and what each is. */
type Endpoints = Readonly<Record<string, () => Endpoint>>;

/** Functions, called once a client is known: a build loads the files of its provider then. */
const OPENAI: Endpoints = {
  'chat.completions': () => CHAT,
  responses: () => RESPONSES,
  'beta.responses': () => RESPONSES,
  completions: () => COMPLETION,
  embeddings: () => EMBEDDINGS,
};

const ANTHROPIC: Endpoints = { messages: () => MESSAGES, 'beta.messages': () => MESSAGES };

/** One mark for all copies of this package, on each object whose method is shadowed. */
const INSTRUMENTED = Symbol.for('spandrel.instrumented');

/**
 * Traces every call that a client of a model makes from now on, and returns the client, which is the same object with the
 * methods it had: those of the OpenAI client (`chat.completions`, `responses`, `embeddings`, `completions`) and of clients
 * made like it, and of the Anthropic client (`messages`, also those of `beta`). Helpers such as `stream`, `parse` and
 * `runTools` call these methods and are traced by that; clients made by `withOptions` are traced too.
 *
 * Each call is a span `chat {model}` of kind `CLIENT` with model, parameters, usage and finish reasons, and, as `content`
 * of `init` says, messages and tool definitions. It ends when the answer has been read, or the stream to its end. What the
 * methods return stays what it is: an `APIPromise` with `withResponse`, `asResponse` and `parse`, a `Stream` with `tee`.
 *
 * A second call with the same client changes nothing. A client that is not known is returned as it is, with a warning.
 */
export function instrument<Client extends object>(client: Client): Client {
  try {
    const endpoints = endpointsOf(client);
    if (endpoints === undefined) {
      warnOnce(
        'instrument-unknown',
        `instrument: expected a client of OpenAI's or Anthropic's package, or one made like it, got ${describe(client)}; ` +
          'its calls are not traced.',
      );
      return client;
    }
    shadowAll(client, endpoints);
  } catch (error) {
    warnOnce('instrument-fault', `instrument: the client cannot be changed: ${describe(error)}.`);
  }
  return client;
}

/** By shape: `instanceof` would need the package, and knows only one copy of it. */
function endpointsOf(client: object): Endpoints | undefined {
  if (methodOf(resourceAt(client, 'chat.completions')) !== undefined) return OPENAI;
  if (methodOf(resourceAt(client, 'messages')) !== undefined) return ANTHROPIC;
  // A client of embeddings or responses alone.
  const hasAny = Object.keys(OPENAI).some((path) => methodOf(resourceAt(client, path)) !== undefined);
  return hasAny ? OPENAI : undefined;
}

function resourceAt(client: object, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => asRecord(value)[name], client);
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

function methodOf(resource: unknown, name = 'create'): Method | undefined {
  const method = asRecord(resource)[name];
  return typeof method === 'function' ? (method as Method) : undefined;
}

function shadowAll(client: object, endpoints: Endpoints): void {
  const provider = endpoints === ANTHROPIC ? 'anthropic' : 'openai';
  for (const [path, endpoint] of Object.entries(endpoints)) {
    const resource = resourceAt(client, path);
    shadow(resource, 'create', (create) => traced(client, create, endpoint(), provider));
  }
  if (endpoints === ANTHROPIC && !isMarked(client)) replaceOwnSpans(client);
  shadow(client, 'withOptions', (withOptions) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      return instrument(Reflect.apply(withOptions, this, args) as object);
    };
  });
}

/** Puts a method before the one of the object's class, once an object. */
function shadow(target: unknown, name: string, make: (method: Method) => Method): void {
  const method = methodOf(target, name);
  if (method === undefined || isMarked(target as object)) return;
  const value = make(method);
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(value, key, { value: method[key], configurable: true });
  }
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
  Object.defineProperty(target, INSTRUMENTED, { value: true, configurable: true });
}

function isMarked(target: object): boolean {
  return Object.hasOwn(target, INSTRUMENTED);
}

function traced(client: object, create: Method, endpoint: Endpoint, provider: string): Method {
  return function (this: unknown, ...args: unknown[]): unknown {
    const original = (): unknown => Reflect.apply(create, this, args);
    const outer = activeContext();
    const body = asRecord(args[0]);
    const model = asText(body.model);
    const name = model === undefined ? endpoint.operation : `${endpoint.operation} ${model}`;
    const span = activeTracer().startSpan(name, { kind: SpanKind.CLIENT }, outer);
    const content = span.isRecording() && capturesContent();
    noteOurSpan(span);
    const call = new ModelCall(span, outer, endpoint, content);
    if (!span.isRecording()) return withContext(call.frame, original);
    if (isInsideModelSpan(outer)) claimOf(call.frame)?.leaveTokens();
    call.add(() => ({ model: serviceOf(client, provider) }));
    call.add((mayRead) => endpoint.request(body, mayRead));
    return run(call, original);
  };
}
