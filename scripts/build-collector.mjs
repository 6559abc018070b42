// Builds the OpenTelemetry Collector of the interop tests from pinned Go modules with the Collector's own
// builder, into .cache/collector/<hash>/otelcol; a binary that is there already is kept. The hash covers the
// manifest, the builder's version and the platform. With --path it prints where the binary belongs and stops.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const builder = 'go.opentelemetry.io/collector/cmd/builder@v0.160.0';
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = join(root, 'scripts/collector/builder.yaml');

const hash = createHash('sha256')
  .update([builder, process.platform, process.arch, readFileSync(manifest, 'utf8')].join('\n'))
  .digest('hex')
  .slice(0, 16);
const folder = join(root, '.cache/collector', hash);
const binary = join(folder, 'otelcol');

function fail(message) {
  console.error(`build-collector: ${message}`);
  process.exit(1);
}

function requireGo() {
  try {
    return execFileSync('go', ['version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return fail(
      'expected the Go toolchain (1.26 or newer) as `go` on PATH, found none. Install Go, or run the tests ' +
        'without it: the Collector suites are then skipped.',
    );
  }
}

function go(folder, ...parameters) {
  const env = { ...process.env, CGO_ENABLED: '0' };
  execFileSync('go', parameters, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

/**
 * The builder writes the sources. Its own module step is `go mod tidy`, which also fetches what only the tests
 * of a component import, and module proxies do not serve all of that; `go get` and `go build` fetch what the
 * binary needs, at the versions of the manifest.
 */
function compile(work) {
  go(work, 'run', builder, '--config=builder.yaml', '--skip-get-modules', '--skip-compilation');
  const sources = join(work, 'distribution');
  const components = [...readFileSync(manifest, 'utf8').matchAll(/gomod: (\S+) (\S+)/g)];
  const modules = components.map(([, path, version]) => `${path}@${version}`);
  go(sources, 'mod', 'init', 'spandrel/otelcol');
  go(sources, 'get', `go.opentelemetry.io/collector/otelcol@${builder.split('@')[1]}`, ...modules);
  go(sources, 'build', '-mod=mod', '-trimpath', '-ldflags=-s -w', '-o', 'otelcol');
  // A rename is atomic, so a test that starts meanwhile sees no binary or a whole one.
  renameSync(join(sources, 'otelcol'), binary);
}

function build() {
  console.log(`build-collector: ${requireGo()}; building with ${builder} (minutes on two cores)`);
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'build-'));
  const started = performance.now();
  let failure;
  try {
    copyFileSync(manifest, join(work, 'builder.yaml'));
    compile(work);
  } catch (error) {
    failure = error;
  }
  rmSync(work, { recursive: true, force: true });
  if (failure) fail(`the build failed (${failure.message}); the output above says why`);
  console.log(`build-collector: built in ${Math.round((performance.now() - started) / 1000)} s`);
}

if (process.argv.includes('--path')) {
  console.log(binary);
} else if (existsSync(binary)) {
  console.log('build-collector: already built');
} else {
  build();
}
