/** Tells the view, which is loaded when there is one, and harms no run. */
import { warnOnce } from '../diagnostics.ts';
import { messageFor } from './errors.ts';
import type { ExperimentResult, ItemResult, ProgressEvent, ProgressView } from './result.ts';
import type { RunSettings } from './settings.ts';

export class Reporter {
  private readonly view: ProgressView | null;
  private readonly event: (item: ItemResult | undefined) => ProgressEvent;

  private constructor(view: ProgressView | null, event: (item: ItemResult | undefined) => ProgressEvent) {
    this.view = view;
    this.event = event;
  }

  static async open(
    { progress, print, name }: RunSettings,
    event: (item: ItemResult | undefined) => ProgressEvent,
  ): Promise<Reporter> {
    if (progress === 'none' && !print) return new Reporter(null, event);
    const { openViews } = await import('./views/open-views.ts');
    const reporter = new Reporter(openViews({ progress, print, name }), event);
    reporter.update(undefined);
    return reporter;
  }

  update(item: ItemResult | undefined): void {
    if (this.view === null) return;
    try {
      this.view.update(this.event(item));
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
