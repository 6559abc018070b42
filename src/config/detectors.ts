/** @module Which resource detectors `init` runs. */

import {
  basicDetector,
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  type ResourceDetector,
  serviceInstanceIdDetector,
} from '../api/resource-detectors.ts';
import { readEnvironment } from './environment.ts';
import { selectNames } from './names.ts';
import { OPTIONS } from './options.ts';
import { warnInvalid } from './readers.ts';

/** A detector by its name in `OTEL_NODE_RESOURCE_DETECTORS`. */
export type DetectorName = 'env' | 'host' | 'os' | 'process' | 'serviceinstance';

export interface DetectorOptions {
  /**
   * What describes the process and its host in the resource: names, `all`, `none`, or detectors of your own or
   * of opentelemetry-js. The environment counts whether `env` is listed or not, and beats what is detected.
   * Default: `OTEL_NODE_RESOURCE_DETECTORS`, else host name, architecture, operating system, process id and
   * runtime: of what `host`, `os` and `process` find, nothing that may hold a secret or name a person.
   */
  detectors?: readonly (DetectorName | 'all' | 'none' | ResourceDetector)[];
}

const DETECTORS: Readonly<Record<DetectorName, ResourceDetector>> = {
  env: envDetector,
  host: hostDetector,
  os: osDetector,
  process: processDetector,
  serviceinstance: serviceInstanceIdDetector,
};
const NAMES = [...(Object.keys(DETECTORS) as DetectorName[]), 'all'] as const;

/** The detectors in force, those of the names first. */
export function resolveDetectors(options: DetectorOptions = {}): readonly ResourceDetector[] {
  const explicit: unknown = options?.detectors;
  const given: readonly unknown[] = Array.isArray(explicit) ? explicit : [];
  const objects = given.filter(isDetector);
  const rest = Array.isArray(explicit) ? explicit.filter((member) => !isDetector(member)) : explicit;
  const [variable] = OPTIONS.detectors.environment;
  const names =
    selectNames('option detectors', rest, NAMES) ??
    (objects.length > 0 ? [] : selectNames(variable, readEnvironment(variable)?.split(','), NAMES));
  if (names === undefined) return [basicDetector];
  const selected = names.includes('all') ? Object.keys(DETECTORS) : names;
  return [...selected.map((name) => DETECTORS[name as DetectorName]), ...objects];
}

function isDetector(value: unknown): value is ResourceDetector {
  try {
    return typeof (value as ResourceDetector | null)?.detect === 'function';
  } catch {
    warnInvalid('option detectors', 'objects with a function detect', 'one that cannot be read');
    return false;
  }
}
