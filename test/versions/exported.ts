/**
 * @module What a side exported, decoded by protobufjs, in one shape: times of the run itself, which no two runs share,
 * become words.
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeWithProtobufjs } from '../helpers/engine-protobufjs.ts';
import { type ReceivedAttribute, type ReceivedSpan, spansOf } from '../helpers/received-spans.ts';

/** When a recipe ran: milliseconds since the epoch. */
export interface RunTimes {
  /** The child's `performance.timeOrigin`. */
  readonly origin: number;
  readonly from: number;
  readonly to: number;
}

/** How far a time may be from a moment to be it: machines under load read two clocks apart, and clocks are set. */
const TOLERANCE_MILLIS = 250;

/** A loopback receiver that keeps bodies by path. */
export class Receiver {
  private readonly bodies = new Map<string, Buffer[]>();
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('error', () => {});
      request.on('end', () => {
        const sent = Buffer.concat(pieces);
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
        const path = request.url ?? '';
        this.bodies.set(path, [...(this.bodies.get(path) ?? []), body]);
        response.end();
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The spans that came to a path, by their id, or why they cannot be decoded; taken out. */
  take(path: string): ReceivedSpan[] | string {
    try {
      return this.decode(path);
    } catch (error) {
      return `undecodable: ${(error as Error).message}`;
    }
  }

  private decode(path: string): ReceivedSpan[] {
    const spans = (this.bodies.get(path) ?? []).flatMap((body) =>
      spansOf(jsonOf(decodeWithProtobufjs(body))),
    );
    this.bodies.delete(path);
    return spans.sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const IDS = new Set(['traceId', 'spanId', 'parentSpanId']);

/** As OTLP JSON: ids in hex, other bytes in base64. */
function jsonOf(message: unknown, member = ''): unknown {
  if (Array.isArray(message)) {
    const isBytes = IDS.has(member) || member === 'bytesValue';
    if (isBytes) return Buffer.from(message as number[]).toString(IDS.has(member) ? 'hex' : 'base64');
    return message.map((item) => jsonOf(item));
  }
  if (typeof message !== 'object' || message === null) return message;
  return Object.fromEntries(Object.entries(message).map(([key, value]) => [key, jsonOf(value, key)]));
}

/** A time given as a number below 1 is near the origin; every other time of the run is in the recipe's. */
function timeWord(nanos: string, { origin, from, to }: RunTimes): string {
  const millis = Number(BigInt(nanos) / 1000n) / 1000;
  const fromRecipe = Math.max(from - millis, millis - to, 0);
  const fromOrigin = Math.abs(millis - origin);
  if (Math.min(fromRecipe, fromOrigin) > TOLERANCE_MILLIS) return nanos;
  return fromRecipe < fromOrigin ? 'now' : 'origin';
}

/** Attributes by their keys, so that one more is one difference. */
const byKey = (attributes: readonly ReceivedAttribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [`${key}:`, value]));

/** Whether the times that the run itself gave are in the order of the calls. */
function isInOrder(span: ReceivedSpan, times: RunTimes): boolean {
  const all = [span.startTimeUnixNano, ...span.events.map((event) => event.timeUnixNano)];
  // An end before the start was moved to it.
  if (span.endTimeUnixNano !== span.startTimeUnixNano) all.push(span.endTimeUnixNano);
  const now = all.filter((nanos) => timeWord(nanos, times) === 'now').map(BigInt);
  return now.every((nanos, index) => index === 0 || nanos >= now[index - 1]);
}

/** A span as it is compared. */
export function comparable(span: ReceivedSpan, times: RunTimes): object {
  const { resource, scope } = span;
  const withKeys = <Part extends { attributes: ReceivedAttribute[] }>(part: Part) => ({
    ...part,
    attributes: byKey(part.attributes),
  });
  return {
    ...withKeys(span),
    resource: withKeys(resource),
    scope: withKeys(scope),
    startTimeUnixNano: timeWord(span.startTimeUnixNano, times),
    endTimeUnixNano: timeWord(span.endTimeUnixNano, times),
    events: span.events.map((event) => ({
      ...withKeys(event),
      timeUnixNano: timeWord(event.timeUnixNano, times),
    })),
    links: span.links.map(withKeys),
    isInOrder: isInOrder(span, times),
  };
}
