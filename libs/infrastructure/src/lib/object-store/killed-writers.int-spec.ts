import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import type { CollectableObjectStore } from '@taskrunner/core/ports';
import { AGE_MS, searched } from '@taskrunner/core/testing';
import { openObjectStore, type ObjectStoreChoice } from './open-object-store';
import type { S3Settings } from './s3-settings';
import { isInstalled, PART, S3_SERVERS, type S3Server } from './testing/s3-servers';

const tenant = 'acme' as TenantId;
const MEBIBYTES = 64;
/** Numbers of mebibytes after which a writer is killed. */
const KILLS = searched([7], [1, 7, MEBIBYTES]);

/** Digest of the complete content. */
const DIGEST = (() => {
  const hash = createHash('sha256');
  for (let at = 1; at <= MEBIBYTES; at++) hash.update(Buffer.alloc(1024 * 1024, at));
  return `sha256:${hash.digest('hex')}` as Digest;
})();

/** The location of a store. */
interface Place {
  readonly choice: ObjectStoreChoice;
  /** All names in the location: files or keys, and unfinished uploads. */
  everything(): Promise<readonly string[]>;
}

/** Starts a writer and kills it when `isTime`. False if the writer had finished by then. */
async function killWriter(
  choice: ObjectStoreChoice,
  endless: boolean,
  isTime: (taken: number) => Promise<boolean>,
): Promise<boolean> {
  const argument = JSON.stringify({ choice, tenant, mebibytes: MEBIBYTES, endless });
  const script = join(__dirname, 'testing', 'writer-process.cjs');
  const child = spawn(process.execPath, [script, argument], { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  let [taken, through] = [0, false];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('done')) through = true;
    else taken = Number(line);
  });
  while (!through && child.exitCode === null && !(await isTime(taken))) await delay(2);
  if (!through && child.exitCode !== null) throw new Error(`the writer ended by itself: ${child.exitCode}`);
  child.kill('SIGKILL');
  await closed;
  return !through;
}

async function nothingIsLeft(store: CollectableObjectStore, place: Place): Promise<void> {
  expect(await store.tenants()).toEqual([]);
  expect(await store.stat(tenant, DIGEST)).toBeNull();
  await delay(AGE_MS + 2_100);
  await store.sweep(AGE_MS);
  expect((await place.everything()).filter((name) => !/(^|\/)(staging|condemned)$/.test(name))).toEqual([]);
}

describe('a writer that is killed', () => {
  it.each(KILLS)('while %d MiB are in a folder leaves nothing', async (mebibytes) => {
    const root = await mkdtemp(join(tmpdir(), 'objects-'));
    const place = { choice: choiceOf({ root }), everything: () => readdir(root, { recursive: true }) };
    const store = await openObjectStore(place.choice);
    expect(await killWriter(place.choice, true, async (taken) => taken >= mebibytes)).toBe(true);
    expect((await place.everything()).length).toBe(3);
    await nothingIsLeft(store, place);
    await rm(root, { recursive: true });
  });

  for (const { name, program, start, keepsParts } of S3_SERVERS) {
    (isInstalled(program) ? describe : describe.skip)(`with ${name}`, () => {
      let server: S3Server;
      beforeAll(async () => {
        server = await start();
      }, 60_000);
      afterAll(() => server?.stop());

      const placeIn = async (change: Partial<S3Settings> = {}): Promise<Place & { readonly settings: S3Settings }> => {
        const settings = await server.bucket(change);
        const { bucket: Bucket } = settings;
        const everything = async () => {
          const { Contents = [] } = await server.client.send(new ListObjectsV2Command({ Bucket }));
          const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand({ Bucket }));
          const spooled = (await readdir(settings.spoolDirectory)).map((file) => `spool/${file}`);
          return [...Contents, ...Uploads].map(({ Key = '' }) => Key).concat(spooled);
        };
        return { settings, everything, choice: choiceOf({ store: 's3', s3: settings }) };
      };

      it.each(KILLS)(
        'before more than %d MiB have come leaves nothing',
        async (mebibytes) => {
          const place = await placeIn();
          const store = await openObjectStore(place.choice);
          expect(await killWriter(place.choice, true, async (taken) => taken >= mebibytes)).toBe(true);
          await nothingIsLeft(store, place);
        },
        30_000,
      );

      it('while it sends leaves nothing', async () => {
        const place = await placeIn(keepsParts ? { partSize: PART } : { partSize: 128 * 1024 * 1024 });
        const store = await openObjectStore(place.choice);
        const isSending = async (taken: number) =>
          keepsParts ? (await place.everything()).some((key) => key.includes('x/multipart/')) : taken === MEBIBYTES;
        expect(await killWriter(place.choice, false, isSending)).toBe(true);
        if (keepsParts) expect((await place.everything()).length).toBeGreaterThan(0);
        await nothingIsLeft(store, place);
      }, 60_000);
    });
  }
});

function choiceOf(change: Partial<ObjectStoreChoice>): ObjectStoreChoice {
  return { store: 'file', root: '/nowhere', s3: {} as ObjectStoreChoice['s3'], ...change };
}
