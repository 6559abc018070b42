/** Span objects into the arena: each under the resource and the scope it names, in the queue of one destination. */
import { warn } from '../diagnostics.ts';
import { type Arena, dropReason } from '../engine/arena.ts';
import { SpanQueue, type Stream } from '../export/span-queue.ts';
import { AttributeList } from './attribute-list.ts';
import { AttributeListPool } from './attribute-list-pool.ts';
import { messageOf } from './attributes.ts';
import { encode } from './encode-span.ts';
import { resourceHeader, scopeFields } from './header-messages.ts';
import type { DropReason, Ledger } from './ledger.ts';
import { PluginSpan } from './plugin-span.ts';
import { readResource } from './read-resource.ts';
import { emptyResource } from './resource.ts';
import { completion } from './resource-completion.ts';
import { readScope, scopeKey } from './scope.ts';
import { encodeWithContent } from './shed-content.ts';
import { SpanObject } from './span-object.ts';
import type { InstrumentationScope, ReadableSpan, Resource } from './types.ts';

/** Pairs of resource and scope known at once. Beyond it all are forgotten: further spans open streams anew. */
const MAXIMUM_STREAMS = 1024;
const NO_RESOURCE = emptyResource();
const NO_SCOPE: InstrumentationScope = { name: '' };

/** The streams of one resource. */
interface ResourceStreams {
  readonly fields: () => Uint8Array;
  readonly byScope: Map<string, Stream>;
}

export class ObjectEncoder {
  readonly queue: SpanQueue;
  private readonly arena: Arena;
  private readonly ledger: Ledger;
  private readonly lists: AttributeListPool;
  /** By content: programs make equal resources anew, some for every span. */
  private readonly resources = new Map<unknown, ResourceStreams>();
  private known = new WeakMap<Resource, ResourceStreams>();
  private streams = 0;
  /** Of the span before: most spans have the same. */
  private lastResource: Resource | undefined;
  private lastScope: InstrumentationScope | undefined;
  private lastStream: Stream | undefined;

  /** Resources whose attributes are still on the way: nothing leaves before they are there. */
  private pending = 0;
  private isReleased = false;
  private readonly onComplete: () => void;

  /** @param onComplete - called when a resource that spans waited for is complete. */
  constructor(arena: Arena, ledger: Ledger, onComplete: () => void = () => {}) {
    this.arena = arena;
    this.onComplete = onComplete;
    this.ledger = ledger;
    this.queue = new SpanQueue(arena.engine);
    this.lists = new AttributeListPool(
      () => new AttributeList(arena.keyTable, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    );
  }

  /** Encodes a span. Returns why it could not be kept, `undefined` when it could. Never throws. */
  encode(span: ReadableSpan): DropReason | undefined {
    const list = this.lists.acquire();
    try {
      // Before the span: encoding a header uses the staging area too.
      const stream = this.streamOf(span.resource ?? NO_RESOURCE, span.instrumentationScope ?? NO_SCOPE);
      // A getter of the object may end another span, which comes here too: each has an object of its own.
      const read = new SpanObject(span, list, this.arena.keyTable);
      markContent(span, list);
      const piece =
        list.content === null
          ? encode(read, list, stream.id, this.arena, this.queue)
          : encodeWithContent(read, list, stream.id, this.arena, this.queue, this.ledger);
      if (piece < 0) return dropReason(piece);
      if (this.arena.writer.cuts !== 0) this.ledger.countCut(this.arena.writer.cuts);
      if (piece !== stream.openPiece) this.queue.opened(stream, piece);
      this.queue.closeFull(stream);
      return undefined;
    } catch (error) {
      warn('span-object', `a span object could not be read: ${messageOf(error)}; it is not exported.`);
      return 'unreadable';
    } finally {
      this.lists.release(list);
    }
  }

  /** Ends the streams: what was encoded stays until it is sent. */
  close(): void {
    for (const { byScope } of this.resources.values()) {
      for (const stream of byScope.values()) this.arena.engine.core.dropStream(stream.id);
    }
    this.resources.clear();
    this.known = new WeakMap();
    this.streams = 0;
    this.lastStream = undefined;
  }

  private streamOf(resource: Resource, given: InstrumentationScope): Stream {
    if (this.lastStream !== undefined && resource === this.lastResource && given === this.lastScope) {
      return this.lastStream;
    }
    if (this.streams >= MAXIMUM_STREAMS) this.close();
    const streams = this.streamsOf(resource);
    const scope = readScope(given.name, given.version, given);
    const key = scopeKey(scope);
    let stream = streams.byScope.get(key);
    if (stream === undefined) {
      stream = {
        id: this.arena.newStream(),
        resourceFields: streams.fields,
        scopeFields: scopeFields(this.arena, scope),
        openPiece: -1,
        current: undefined,
      };
      streams.byScope.set(key, stream);
      this.streams += 1;
    }
    this.lastResource = resource;
    this.lastScope = given;
    this.lastStream = stream;
    return stream;
  }

  private streamsOf(resource: Resource): ResourceStreams {
    let streams = this.known.get(resource);
    if (streams !== undefined) return streams;
    const key = resourceKey(resource);
    streams = this.resources.get(key);
    if (streams === undefined) {
      streams = { fields: resourceHeader(this.arena, resource), byScope: new Map() };
      this.resources.set(key, streams);
      this.holdFor(resource);
    }
    this.known.set(resource, streams);
    return streams;
  }

  /** Spans leave from now on whatever their resource lacks. */
  releaseHeld(): void {
    this.isReleased = true;
    this.queue.isHeld = false;
  }

  private holdFor(resource: Resource): void {
    const complete = this.isReleased ? undefined : completion(resource);
    if (complete === undefined) return;
    this.pending += 1;
    this.queue.isHeld = true;
    void complete.then(() => {
      this.pending -= 1;
      if (this.pending > 0) return;
      this.queue.isHeld = false;
      this.onComplete();
    });
  }
}

/** Tells the list which of the attributes are captured content: of our own spans it is known. */
function markContent(span: ReadableSpan, list: AttributeList): void {
  if (!(span instanceof PluginSpan) || span._content === null) return;
  for (const [key, { text, units }] of span._content) list.markContent(key, text, units);
}

/** Equal for resources that read the same; one whose attributes are still on the way is only equal to itself. */
function resourceKey(resource: Resource): unknown {
  if (readResource(resource, 'asyncAttributesPending') === true) return resource;
  try {
    return JSON.stringify([resource.attributes, resource.schemaUrl]);
  } catch {
    return resource;
  }
}
