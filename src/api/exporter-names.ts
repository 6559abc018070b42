/** How exporters are called in `stats()` and messages. */
import { nameOf } from './guarded-call.ts';

const names = new WeakMap<object, string>();

/** @param name - must hold no secret. */
export function nameExporter(exporter: object, name: string): void {
  names.set(exporter, name);
}

/** The name given, that of an OTLP exporter its endpoint without secrets; else that of the class. */
export function exporterName(exporter: object | undefined): string {
  if (exporter === undefined || exporter === null) return '(no exporter)';
  return names.get(exporter) ?? nameOf(exporter);
}

/** A name for each, in order; the second of one name is `name (2)`. */
export function distinctNames(exporters: readonly (object | undefined)[]): string[] {
  const counts = new Map<string, number>();
  return exporters.map((exporter) => {
    const name = exporterName(exporter);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
