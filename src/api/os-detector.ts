/** @module Detects the operating system (Resource semantic conventions, "Operating system"). */

import { isGranted } from '../config/permission.ts';
import { type DetectedResource, type ResourceDetector, SCHEMA_URL } from './resource-detector.ts';
import { fromBuiltin, hostProcess } from './runtime.ts';

/** Names of systems that the conventions spell in another way than Node. */
const TYPES: Readonly<Partial<Record<string, string>>> = { sunos: 'solaris', win32: 'windows' };

class OSDetector implements ResourceDetector {
  detect(): DetectedResource {
    const platform = hostProcess()?.platform;
    return {
      attributes: {
        'os.type': platform === undefined ? undefined : (TYPES[platform] ?? platform),
        'os.version': isGranted({ name: 'sys', kind: 'osRelease' })
          ? fromBuiltin('node:os', (os: typeof import('node:os')) => os.release())
          : undefined,
      },
      schemaUrl: SCHEMA_URL,
    };
  }
}

/** `os.type` and `os.version`. */
export const osDetector: ResourceDetector = new OSDetector();
