/** @module Detects the process (Resource semantic conventions, "Process" and "Process runtimes"). */

import { isGranted } from '../config/permission.ts';
import {
  type DetectedResource,
  type DetectedResourceAttributes,
  type ResourceDetector,
  SCHEMA_URL,
} from './resource-detector.ts';
import { fromBuiltin, hostProcess, runtime } from './runtime.ts';

class ProcessDetector implements ResourceDetector {
  detect(): DetectedResource {
    const host = hostProcess();
    if (host === undefined) return {};
    const { argv = [], execArgv = [] } = host;
    const attributes: DetectedResourceAttributes = {
      ...basicProcessAttributes(),
      'process.executable.name': host.title,
      'process.executable.path': host.execPath,
      'process.command_args': argv.length === 0 ? undefined : [argv[0], ...execArgv, ...argv.slice(1)],
      'process.owner': owner(),
    };
    if (argv.length > 1) attributes['process.command'] = argv[1];
    return { attributes, schemaUrl: SCHEMA_URL };
  }
}

/** What names no path, no user and no command. On Windows the title of a process may hold its command line. */
export function basicProcessAttributes(): DetectedResourceAttributes {
  const { name, version, description } = runtime() ?? {};
  return {
    'process.pid': hostProcess()?.pid,
    'process.runtime.version': version,
    'process.runtime.name': name,
    'process.runtime.description': description,
  };
}

function owner(): string | undefined | Promise<string | undefined> {
  const isAllowed = ['uid', 'gid', 'username', 'homedir'].every((kind) => isGranted({ name: 'sys', kind }));
  return isAllowed
    ? fromBuiltin('node:os', (os: typeof import('node:os')) => os.userInfo().username)
    : undefined;
}

/**
 * `process.pid`, `process.executable.*`, `process.command`, `process.command_args`, `process.owner` and
 * `process.runtime.*`. The command line may hold secrets, which is why `init` runs this only when told.
 */
export const processDetector: ResourceDetector = new ProcessDetector();
