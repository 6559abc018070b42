/** @module The package as it would be published: packed, and unpacked into a project. */

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface PackedFile {
  readonly path: string;
}

/** Packs the build that is there. Returns the path of the tarball and of each file in it. */
export function pack(folder: string): { tarball: string; files: string[] } {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: PackedFile[] }];
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) };
}

/** Unpacks a tarball to where npm would. */
export function unpack(tarball: string, project: string): void {
  const target = join(project, 'node_modules/spandrel');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
}

/** Packs the build and unpacks it in a project. Returns the path of the tarball. */
export function packInto(project: string): string {
  const { tarball } = pack(project);
  unpack(tarball, project);
  return tarball;
}
