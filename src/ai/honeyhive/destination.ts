/** @module A HoneyHive server and key, and all that sends to it: a provider of spans and a queue of REST calls. */

import type { Tracer } from '@opentelemetry/api';
import { exportProcessors, type OtlpDestination } from '../../api/exporter-options.ts';
import type { Mask } from '../../api/mask.ts';
import { masks, redaction } from '../../api/redaction.ts';
import { TracerProvider } from '../../api/tracer-provider.ts';
import type { BatchOptions } from '../../config/batch.ts';
import { resolveSampler } from '../../config/sampler.ts';
import { warnOnce } from '../../diagnostics.ts';
import { installExitHooks } from '../../exit/exit-hooks.ts';
import { parseEndpoint } from '../../export/endpoint.ts';
import { activeTracer, flush, init, shutdown, stats } from '../../init.ts';
import { VERSION } from '../../version.ts';
import { lastRestFlush } from './exit.ts';
import type { Membership } from './membership.ts';
import type { ResolvedProperties } from './options.ts';
import { RestClient } from './rest-client.ts';
import { RestQueue } from './rest-queue.ts';
import { HoneyHiveSampler } from './sampler.ts';

/** What REST calls get after a `shutdown()` of the core, which knows nothing of them. */
const LAST_FLUSH_MILLIS = 950;
const SCOPE = 'spandrel/honeyhive';
/** As each span ends: what ends in the same moment goes together. */
const WITHOUT_BATCH: BatchOptions = { scheduledDelayMillis: 0 };

/** A session of a tracer, as it is now. */
export interface Member {
  membership(): Membership;
}

export class Destination {
  readonly rest: RestQueue;
  readonly mask: Mask | undefined;
  readonly tracer: Tracer;
  /** `null` for the one that `init` of the core made, which every span of the program goes to. */
  private readonly provider: TracerProvider | null;
  private readonly removeHooks: (() => void)[] = [];
  private readonly members = new Set<Member>();
  private releasing: Promise<void> | undefined;

  /**
   * @param isFirst - whether it is the program's provider, for spans of instrumentations as well.
   * @throws Error when the server's URL is none, or tracing cannot start; no message holds the key.
   */
  constructor(properties: ResolvedProperties, isFirst: boolean) {
    const { serverUrl, apiKey, mask, redact } = properties;
    const endpoint = parseEndpoint(serverUrl, 'serverUrl');
    const headers = headersOf(apiKey);
    const client = new RestClient(endpoint, headers);
    this.rest = new RestQueue((call) => client.send(call));
    this.mask = masks(redact ? redaction(redact === true ? {} : redact) : undefined, mask);
    const exporter: OtlpDestination = {
      endpoint: `${serverUrl}/opentelemetry`,
      headers,
      name: 'honeyhive',
      ...(properties.disableBatch ? { batch: WITHOUT_BATCH } : {}),
    };
    const sampler = new HoneyHiveSampler(resolveSampler(), this, properties.spanNameFilters);
    this.provider = isFirst ? null : providerOf(exporter, sampler, this.mask);
    if (this.provider === null) {
      const { content } = properties;
      init({ exporters: [exporter], dialect: 'honeyhive', sampler, mask: this.mask, content });
      if (stats().engine === 'none') throw new Error(stats().lastError ?? 'OTEL_SDK_DISABLED is set');
      this.tracer = activeTracer();
    } else {
      this.tracer = this.provider.getTracer(SCOPE, VERSION);
      this.removeHooks.push(installExitHooks(this.provider, []));
    }
    this.removeHooks.push(lastRestFlush(this.rest));
  }

  /** The session of the only tracer here; with several, nobody knows whose a span without context is. */
  onlyMember(): Membership | undefined {
    if (this.members.size !== 1) return undefined;
    const [member] = this.members;
    return member.membership();
  }

  get memberCount(): number {
    return this.members.size;
  }

  join(member: Member): void {
    // Two are as many as a hundred: which sessions there were is not remembered.
    if (this.members.size < 2) this.members.add(member);
  }

  async flush(millis: number): Promise<void> {
    await Promise.all([
      this.rest.flush(millis),
      this.provider === null ? flush(millis) : this.provider.flush(millis),
    ]);
  }

  async shutdown(millis: number): Promise<void> {
    await Promise.all([
      this.release(millis),
      this.provider === null ? shutdown(millis) : this.provider.shutdown(millis),
    ]);
  }

  /** Ends REST calls, and takes the listeners for the end of the program away. The first call's time counts. */
  release(millis: number): Promise<void> {
    this.releasing ??= this.end(millis);
    return this.releasing;
  }

  private async end(millis: number): Promise<void> {
    await this.rest.end(millis);
    for (const remove of this.removeHooks.splice(0)) remove();
  }
}

function headersOf(apiKey: string): Record<string, string> {
  return {
    Authorization: `Bearer ${apiKey}`,
    'hh-sdk-version': VERSION,
    'hh-sdk-language': 'typescript',
    'hh-sdk-package': 'spandrel',
  };
}

function providerOf(
  exporter: OtlpDestination,
  sampler: HoneyHiveSampler,
  mask: Mask | undefined,
): TracerProvider {
  return new TracerProvider({ sampler, mask, spanProcessors: exportProcessors([exporter], {}) });
}

const destinations = new Map<string, Destination>();

/** The destination of these properties, made at the first look. @throws Error as its constructor does. */
export function destinationOf(properties: ResolvedProperties): Destination {
  // One key a line: neither a URL nor a header can hold a line feed.
  const key = `${properties.serverUrl}\n${properties.apiKey}`;
  let destination = destinations.get(key);
  if (destination === undefined) {
    if (destinations.size === 0 && stats().engine !== 'none') {
      throw new Error(
        "tracing was started already by init() of 'spandrel', and spans go where that said. Call one of the two.",
      );
    }
    destination = new Destination(properties, destinations.size === 0);
    destinations.set(key, destination);
  } else if (properties.mask !== undefined || properties.redact || properties.spanNameFilters !== undefined) {
    warnOnce(
      'honeyhive-later-options',
      'HoneyHiveTracer.init: mask, redact, content and spanNameFilters are those of the first tracer for a server and key.',
    );
  }
  return destination;
}

export function allDestinations(): readonly Destination[] {
  return [...destinations.values()];
}

/** The session that a span belongs to which no context says anything of: that of the only tracer there is. */
export function onlyMembership(): Membership | undefined {
  return destinations.size === 1 ? allDestinations()[0].onlyMember() : undefined;
}

/** Whether there are several tracers. */
export function isAmbiguous(): boolean {
  return destinations.size > 1 || allDestinations().some(({ memberCount }) => memberCount > 1);
}

/** Forgets them all: after a shutdown, `init` starts anew. */
export function forgetDestinations(): void {
  for (const destination of destinations.values()) {
    void destination.release(LAST_FLUSH_MILLIS);
  }
  destinations.clear();
}
