// The product under test. Database, Authority and webservice are started like `taskrunner dev` does; the workers are started here.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.mjs';
import { startEffectLog } from './effect-log.mjs';
import { ObjectBucket } from './object-bucket.mjs';
import { ObjectFolder } from './object-folder.mjs';
import { Workers } from './workers.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);

/** Lease of a worker, milliseconds. It is shorter than in production, so that more takeovers happen. */
export const LEASE_MS = 5_000;

/**
 * Starts everything except the workers. `durable`: false is faster and loses acknowledged commits of a killed postmaster. `store`: `file`
 * or `s3`, where the objects can be made unavailable; null: the default of the stack.
 */
export async function startStack({ random, durable, workers, concurrency = 12, store = null }) {
  const folder = mkdtempSync(join(tmpdir(), 'taskrunner-chaos-'));
  // The account that runs the database must be able to traverse the folder.
  chmodSync(folder, 0o755);
  const closers = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const close of closers.reverse())
      await Promise.resolve(close()).catch((error) => console.error(error.message));
  };
  try {
    const effects = await startEffectLog(join(folder, 'effects.ndjson'), random.for('effects'));
    closers.push(() => effects.stop());
    const { startDevStack } = require(join(ROOT, 'apps/cli/dist/dev/dev-stack.js'));
    const state = join(folder, 'state');
    const objects =
      store === 's3' ? await ObjectBucket.start(folder) : store === 'file' ? new ObjectFolder(folder) : null;
    if (objects) closers.push(() => objects.stop());
    const dev = await startDevStack({
      stateDirectory: state,
      durable,
      workers: 0,
      configuration: {
        // Few entries, so that takeovers resume from a snapshot.
        worker: { lease: `${LEASE_MS / 1_000}s`, concurrency, claimInterval: '200ms', snapshotEntries: 30 },
        ...(objects ? { artifacts: objects.configuration } : {}),
        // Two people decide at hundreds of gates a minute, whose runs others cancel meanwhile.
        http: { limits: { refusedDecisions: 10_000 } },
        sealedMode: {
          enabled: false,
          allow: [{ host: '127.0.0.1', ports: [effects.port], cidr: '127.0.0.0/8', plainHttp: true }],
        },
      },
    });
    const { pathname } = new URL(dev.database.ownerUrl);
    const adminUrl = Object.assign(new URL(dev.database.adminUrl), { pathname }).href;
    const database = new Database({ adminUrl, dataDirectory: join(state, 'database'), durable });
    closers.push(
      () => database.stop(),
      () => dev.stop(),
    );
    await database.ask(readFileSync(join(import.meta.dirname, 'ledger.sql'), 'utf8'));
    for (const name of ['work', 'logs']) mkdirSync(join(folder, name), { mode: 0o711 });
    const pool = new Workers({ configurationPath: dev.configurationPath, folder, size: workers });
    closers.push(() => pool.stop());
    return {
      folder,
      dev,
      database,
      effects,
      workers: pool,
      objectStore: objects,
      objects: objects?.path ?? join(state, 'objects'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
