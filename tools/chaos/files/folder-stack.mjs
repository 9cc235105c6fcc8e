// The product as one process on a folder: `taskrunner serve` with `database.kind: file`, and the development Authority beside it. Folder and
// objects are on a small disk of their own.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEffectLog } from '../effect-log.mjs';
import { SmallDisk } from '../small-disk.mjs';
import { LEASE_MS } from '../stack.mjs';
import { until } from '../waiting.mjs';
import { Workers } from '../workers.mjs';
import { FolderDatabase } from './folder-database.mjs';

const CLI = join(import.meta.dirname, '..', '..', '..', 'apps/cli');
const require = createRequire(import.meta.url);
const stackModule = (name) => require(join(CLI, 'dist/dev', `${name}.js`));

const DISK = '1g';
const COPIES_DISK = '2g';
/** Lifetime of the tokens, seconds: a night. */
const TOKENS = 50_000;
const START_MS = 300_000;

/** The process of the installation, which is replaced whenever it ends. */
class ServeProcess extends Workers {
  /** Starts it, and resolves when it is ready. */
  async start() {
    this.fill();
    if (!(await until(() => this.ready.length === 1, START_MS, 20))) {
      const { said = [] } = this.all.at(-1) ?? {};
      throw new Error(['taskrunner serve does not start', ...said].join('\n  '));
    }
    return this.ready[0];
  }

  /** Drains it like an update, and starts it again, because the referee reads logs from the API. */
  async stop() {
    await super.stop();
    this.stopping = false;
    const worker = await this.start();
    worker.asked = 'end of the campaign';
  }

  end() {
    return super.stop();
  }
}

/** Starts the installation. Has the parts of `startStack`; `workers` is the one process, and `disk` where it stores. */
export async function startFolderStack({ random }) {
  // The path of a Unix socket is short, and a working directory is a real path.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'chaos-')));
  chmodSync(folder, 0o755);
  const closers = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const close of closers.reverse())
      await Promise.resolve(close()).catch((error) => console.error(error.message));
  };
  try {
    const [disk, copies] = [
      new SmallDisk(join(folder, 'disk'), DISK),
      new SmallDisk(join(folder, 'copies'), COPIES_DISK),
    ];
    closers.push(
      () => copies.stop(),
      () => disk.stop(),
    );
    const effects = await startEffectLog(join(folder, 'effects.ndjson'), random.for('effects'));
    closers.push(() => effects.stop());
    const storage = join(disk.path, 'storage');
    const database = new FolderDatabase(storage);
    const dev = await prepare({ folder, disk, storage, effects, closers });
    for (const name of ['work', 'logs']) mkdirSync(join(folder, name), { mode: 0o711 });
    const command = [join(CLI, 'bin/taskrunner.js'), 'serve'];
    const served = new ServeProcess({ configurationPath: dev.configurationPath, folder, size: 1, command });
    closers.push(
      () => database.kill({ all: true }).catch(() => undefined),
      () => served.end(),
      () => disk.free(),
    );
    await served.start();
    await database.ask(readFileSync(join(import.meta.dirname, '..', 'ledger.sql'), 'utf8'));
    const objects = join(disk.path, 'objects');
    return { folder, dev, database, effects, workers: served, objectStore: null, objects, disk, storage, copies, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Authority, keys and configuration, as `taskrunner dev --storage file` makes them, but with short leases and access to the effect log. */
async function prepare({ folder, disk, storage, effects, closers }) {
  const parts = stackModule('stack-parts');
  const scripts = parts.findScripts();
  const directory = {
    ...(await stackModule('state-directory').openStateDirectory(join(folder, 'state'))),
    objects: join(disk.path, 'objects'),
  };
  mkdirSync(directory.objects, { mode: 0o700 });
  const ports = await stackModule('ports').choosePorts(directory, {});
  const run = parts.processStarter(directory, closers, {});
  const keys = await stackModule('key-ring').makeKeys(directory.keys);
  const sandbox = await stackModule('sandbox-choice').chooseSandbox([directory.keys, directory.objects]);
  const authorityArgs = parts.authorityArgs(scripts.authority, ports.authority, directory.authority);
  authorityArgs[authorityArgs.indexOf('--token-seconds') + 1] = String(TOKENS);
  const { issuer, audience, jwksUri } = await parts.trustAuthority(
    await run('authority', authorityArgs),
    keys,
    directory,
  );
  const { printConfiguration } = stackModule('dev-configuration');
  const text = printConfiguration({
    ...{ directory, issuer, jwksUri, audience, apiPort: ports.api, sandbox, actors: [], own: {} },
    database: { kind: 'file', folder: storage, poolSize: 6 },
    overrides: {
      // Few entries, so that restarts resume from a snapshot.
      worker: { lease: `${LEASE_MS / 1_000}s`, concurrency: 12, claimInterval: '200ms', snapshotEntries: 30 },
      sealedMode: {
        enabled: false,
        allow: [{ host: '127.0.0.1', ports: [effects.port], cidr: '127.0.0.0/8', plainHttp: true }],
      },
    },
  });
  await stackModule('state-directory').replaceFile(directory.configuration, text);
  const { signIn } = stackModule('dev-login');
  return {
    server: `http://127.0.0.1:${ports.api}`,
    configurationPath: directory.configuration,
    trustPath: directory.trust,
    tokenFor: (login) => signIn(scripts.login, { issuer, login, actors: [], authority: directory.authority }),
  };
}
