/**
 * @module The end of a program, watched for any number of providers by one listener an event. None of them is kept from
 * being collected once it has nothing to lose.
 */

import type { TracerProvider } from '../api/tracer-provider.ts';
import { error as reportError } from '../diagnostics.ts';
import { type HostProcess, hostProcess } from './host.ts';
import { flushOnHiddenPage } from './page-hooks.ts';

/** How long the end of a program waits for spans that are still here: a second, less what the end itself takes. */
const EXIT_FLUSH_MILLIS = 950;
/** So many providers are watched before it is looked whether there are some that need not be. */
const FEW = 16;

/** A provider, and what the last flush at the end of the program came to. */
interface Watched {
  readonly provider: WeakRef<TracerProvider>;
  /** The same, unless it had nothing to lose when this was last looked at. */
  held: TracerProvider | undefined;
  readonly endOpenCalls: () => void;
  answered: number;
  delegated: number;
}

let watch: EndWatch | undefined;

class EndWatch {
  readonly watched = new Set<Watched>();
  private readonly host: HostProcess;
  private next = FEW;
  private isSaid = false;
  private readonly onBeforeExit = (): void => this.flush();
  private readonly onExit = (): void => this.sayLoss();
  private readonly onMonitor = (): void => {
    if (endsWithoutExit(this.host)) this.sayLoss();
  };

  constructor(host: HostProcess) {
    this.host = host;
    host.on('beforeExit', this.onBeforeExit);
    host.on('exit', this.onExit);
    // A monitor, and no `uncaughtException` listener, which would keep the program alive.
    host.on('uncaughtExceptionMonitor', this.onMonitor);
  }

  remove(): void {
    this.host.removeListener('beforeExit', this.onBeforeExit);
    this.host.removeListener('exit', this.onExit);
    this.host.removeListener('uncaughtExceptionMonitor', this.onMonitor);
  }

  add(provider: TracerProvider, endOpenCalls: () => void): Watched {
    if (this.watched.size >= this.next) {
      this.letGo();
      this.next = Math.max(FEW, 2 * this.watched.size);
    }
    const one = { provider: new WeakRef(provider), held: provider, endOpenCalls, answered: -1, delegated: 0 };
    this.watched.add(one);
    return one;
  }

  /** Lets go of providers that have nothing to lose, and forgets those that were collected. */
  private letGo(): void {
    for (const one of this.watched) {
      const provider = one.provider.deref();
      if (provider === undefined) this.watched.delete(one);
      else one.held = hasSpans(provider) ? provider : undefined;
    }
  }

  private get providers(): TracerProvider[] {
    return [...this.watched].flatMap(({ provider }) => provider.deref() ?? []);
  }

  /** The event loop has run dry: sends what waits, again and again as long as answers come. */
  private flush(): void {
    for (const one of this.watched) {
      const provider = one.provider.deref();
      if (provider !== undefined) flushOne(one, provider);
    }
  }

  /** Says, the first time it is called, how many spans the program takes with it. */
  sayLoss(): void {
    if (this.isSaid) return;
    let waiting = 0;
    let live = 0;
    for (const provider of this.providers) {
      // A loss that still lasts is summed up first.
      provider.settings.ledger.close();
      const stats = provider.stats();
      waiting += stats.waiting;
      live += stats.live;
    }
    if (waiting + live === 0) return;
    this.isSaid = true;
    const unsent = `${waiting} finished spans were not sent when the program ended; await flush() before it does. `;
    const open = `Spans not ended when the program did, and lost: ${live}.`;
    reportError('exit', `${waiting > 0 ? unsent : ''}${live > 0 ? open : ''}`.trim());
  }
}

/**
 * Watches the end of the program for a provider. Returns what ends that: with the last one, every listener is gone.
 *
 * @param endOpenCalls - called before what waits is counted; must not throw, nor hold the provider.
 */
export function watchEnd(provider: TracerProvider, endOpenCalls: () => void = () => {}): () => void {
  const host = hostProcess();
  if (host === undefined) return flushOnHiddenPage(provider);
  watch ??= new EndWatch(host);
  const own = watch;
  const one = own.add(provider, endOpenCalls);
  return () => {
    own.watched.delete(one);
    if (own.watched.size > 0 || watch !== own) return;
    own.remove();
    watch = undefined;
  };
}

/** Says what watched providers lose, where a signal is about to end the program. */
export function sayLoss(): void {
  watch?.sayLoss();
}

function flushOne(one: Watched, provider: TracerProvider): void {
  one.endOpenCalls();
  const { waiting, exported, rejected, failed, delegated } = provider.stats();
  const answered = exported + rejected + failed;
  // A flush keeps the process alive and brings this event again; after one that got no answer it was the last. What
  // other processors keep nobody knows: they are asked once for what they were given.
  if ((waiting === 0 || answered === one.answered) && delegated === one.delegated) return;
  one.answered = answered;
  one.delegated = delegated;
  // Nothing is on its way any more when this event comes: resource attributes that are not here will not be.
  provider.releaseHeld();
  void provider.flushLast(EXIT_FLUSH_MILLIS);
}

function hasSpans(provider: TracerProvider): boolean {
  const { waiting, live } = provider.stats();
  return waiting + live > 0;
}

/** Deno ends with an uncaught error without an `exit` event (2.9); a program that listens for such errors goes on. */
function endsWithoutExit(host: HostProcess): boolean {
  return 'Deno' in globalThis && host.listeners('uncaughtException').length === 0;
}
