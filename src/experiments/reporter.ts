/** Tells the view, which is loaded when there is one, and harms no run. */
import { warnOnce } from '../diagnostics.ts';
import { messageFor } from './errors.ts';
import type { ExperimentResult, ItemResult, ProgressEvent, ProgressView } from './result.ts';
import type { RunSettings } from './settings.ts';

export class Reporter {
  private readonly view: ProgressView | null;
  private readonly listener: ((event: ProgressEvent) => void) | undefined;
  private readonly event: (item: ItemResult | undefined) => ProgressEvent;

  private constructor(
    view: ProgressView | null,
    progress: RunSettings['progress'],
    event: (item: ItemResult | undefined) => ProgressEvent,
  ) {
    this.view = view;
    this.listener = typeof progress === 'function' ? progress : undefined;
    this.event = event;
  }

  static async open(
    { progress, print, name }: RunSettings,
    event: (item: ItemResult | undefined) => ProgressEvent,
  ): Promise<Reporter> {
    const isShown = typeof progress !== 'function' && progress !== 'none';
    const view =
      isShown || print
        ? (await import('./views/open-views.ts')).openViews({ progress: isShown, print, name })
        : null;
    const reporter = new Reporter(view, progress, event);
    reporter.update(undefined);
    return reporter;
  }

  update(item: ItemResult | undefined): void {
    if (this.view === null && this.listener === undefined) return;
    const event = this.event(item);
    try {
      this.listener?.(event);
      this.view?.update(event);
    } catch (fault) {
      warnOnce('experiment-view', `progress: cannot be shown: ${messageFor(fault)}`);
    }
  }

  end(result: ExperimentResult | null): void {
    try {
      this.view?.end(result);
    } catch (fault) {
      warnOnce('experiment-view', `print: the result cannot be shown: ${messageFor(fault)}`);
    }
  }
}
