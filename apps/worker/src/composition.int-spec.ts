import { once } from 'node:events';
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Abstract, INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { TenantId } from '@taskrunner/core/foundation';
import { ObjectStoreHealth } from '@taskrunner/core/operations';
import { ObjectStore, SecretProvider } from '@taskrunner/core/ports';
import { MemoryObjects } from '@taskrunner/core/testing';
import { FileObjectStore } from '@taskrunner/infrastructure/object-store';
import { generateMacKeyFile } from '@taskrunner/infrastructure/signing';
import {
  AwayObjects,
  arrowsOf,
  Extension,
  ExtensionModule,
  holds,
  noteClosing,
  SweptObjects,
  usersOf,
} from '@taskrunner/infrastructure/testing/composition';
import { installation, type Installation } from '@taskrunner/infrastructure/testing/installation';
import { EgressProxy, ClosablePlanner, SECRET_PROVIDERS, Supervisor } from '@taskrunner/infrastructure/worker-modules';
import { AnnounceLoop } from './loops/announce-loop';
import { AssignmentLoop } from './loops/assignment-loop';
import { AttestLoop } from './loops/attest-loop';
import { ClaimLoop } from './loops/claim-loop';
import { createWorker, startWorker } from './create-worker';
import { ExportLoop } from './loops/export-loop';
import { HonourLoop } from './loops/honour-loop';
import { LeaseKeeper } from './lease/lease-keeper';
import { ObjectSweep } from './loops/object-sweep';
import { Registration } from './registration';
import { WorkerModule } from './worker.module';

// The composition of a worker, with a real database and real child processes: which part each user receives, which parts can be replaced,
// and the order of shutdown.

const ROOT = join(__dirname, '..', '..', '..');

let world: Installation;

beforeAll(async () => {
  world = await installation();
}, 60_000);

afterAll(() => world?.remove(), 30_000);

/** All users of the object store. A new user must be added here. */
const USERS_OF_OBJECTS = [
  'ExportLoop',
  'ObjectStoreHealth',
  'ObjectSweep',
  'StoreAdmission',
  'Symbol(what built-in executors share)',
  'Symbol(what drives runs)',
  'Symbol(what seals runs)',
];

class NoSecrets extends SecretProvider {
  read(): never {
    throw new Error('there are none');
  }
}

async function composed(objects: ObjectStore): Promise<INestApplication> {
  const module = await Test.createTestingModule({ imports: [WorkerModule.forRoot(world)] })
    .overrideProvider(ObjectStore)
    .useValue(objects)
    .compile();
  return module.createNestApplication<INestApplication>(new ExpressAdapter(), { logger: false });
}

describe('a worker of which the object store is overridden', () => {
  it('has the override wherever it uses an object store', async () => {
    const objects = new SweptObjects();
    const app = await composed(objects);
    const { stop } = await startWorker(app);
    const users = usersOf(app.get(ModulesContainer), ObjectStore);
    await stop();
    expect(users.map(({ name }) => name).sort()).toEqual(USERS_OF_OBJECTS);
    expect(users.filter(({ instance }) => !holds(instance, objects)).map(({ name }) => name)).toEqual([]);
  });
});

it('the modules of a worker that runs are those of the picture', async () => {
  const app = await composed(new SweptObjects());
  const { stop } = await startWorker(app);
  const arrows = arrowsOf(app.get(ModulesContainer), 'WorkerModule');
  await stop();
  const picture = readFileSync(join(ROOT, 'docs/diagrams/worker-modules.mermaid'), 'utf8');
  expect([...arrows].sort()).toEqual(picture.match(/\w+ --> \w+/g)?.sort());
});

describe('a worker with adapters and modules of somebody else', () => {
  const isolatedMain = join(__dirname, '../dist/quarantine/quarantine-process.js');

  it('uses them, and says of itself what they say', async () => {
    const { health, stop } = await createWorker(world.configuration, {
      adapters: [{ provide: ObjectStore, useClass: AwayObjects }],
      imports: [ExtensionModule],
      isolatedMain,
    });
    const readiness = await fetch(`${health}/health/ready`);
    expect([readiness.status, AwayObjects.made.length]).toEqual([503, 1]);
    // Not among temporary files, and in the folder of this worker alone.
    const workers = join(world.configuration.sandbox.workDirectory, 'workers');
    const [folder = '', ...others] = await readdir(workers);
    expect([folder.startsWith(`${process.pid}-`), others]).toEqual([true, []]);
    expect(await readdir(join(workers, folder, 'pipes'))).toEqual([expect.stringMatching(/^taskrunner-pipes-/)]);
    expect(await readiness.json()).toMatchObject({ error: { objects: { reason: 'it is made so' } } });
    await stop();
    expect(Extension.closed).toEqual(['extension']);
  });

  it('is refused before anything is opened if an adapter stands in for nothing', async () => {
    const unused = createWorker(world.configuration, {
      adapters: [{ provide: Extension, useValue: null }],
      isolatedMain,
    });
    await expect(unused).rejects.toMatchObject({
      code: 'ADAPTER_UNKNOWN',
      message: expect.stringMatching(
        /for Extension; it can replace .*\bOBJECT_STORE_ADAPTER, .*\bSECRET_PROVIDERS, /,
      ) as string,
    });
  });

  it('does not start with a store that cannot be swept', async () => {
    const plain = createWorker(world.configuration, {
      adapters: [{ provide: ObjectStore, useFactory: () => new MemoryObjects() }],
      isolatedMain,
    });
    await expect(plain).rejects.toMatchObject({ code: 'OBJECT_STORE_NOT_COLLECTABLE' });
  });

  it('is refused if runs in quarantine would be driven without its adapters', async () => {
    const unsaid = createWorker(world.configuration, { adapters: [{ provide: ObjectStore, useClass: AwayObjects }] });
    await expect(unsaid).rejects.toMatchObject({ code: 'ISOLATED_MAIN_MISSING' });
  });

  it('is refused if the script for runs in quarantine does not exist', async () => {
    const absent = join(__dirname, 'no-such-script.js');
    const start = createWorker(world.configuration, {
      adapters: [{ provide: ObjectStore, useClass: AwayObjects }],
      isolatedMain: absent,
    });
    await expect(start).rejects.toMatchObject({
      code: 'ISOLATED_MAIN_NOT_FOUND',
      message: expect.stringContaining(absent) as string,
    });
  });

  it('is refused if its configuration has a secret provider that nobody gives', async () => {
    const binding = {
      ...{ name: 'deploy-token', provider: 'vault', ref: 'a', tenants: [], packs: [], signedBy: [] },
      ...{ requireGate: false, requireSealed: false, rotation: 'refuse' as const },
    };
    const start = (providers: ReadonlyMap<string, SecretProvider>, kind: 'custom' | 'environment') => {
      const vault = { id: 'vault', kind, folder: null, prefix: 'COMPOSITION_SECRET_' };
      const secrets = { ...world.configuration.secrets, providers: [vault], bindings: [binding] };
      return createWorker(
        { ...world.configuration, secrets },
        { adapters: [{ provide: SECRET_PROVIDERS, useValue: providers }], isolatedMain },
      );
    };
    await expect(start(new Map(), 'custom')).rejects.toMatchObject({
      code: 'SECRET_PROVIDER_MISSING',
      message: 'no adapter provides the secrets of the provider vault, which these bindings use: deploy-token',
    });
    await expect(start(new Map([['vault', new NoSecrets()]]), 'environment')).rejects.toMatchObject({
      code: 'SECRET_PROVIDER_KIND',
    });
  });
});

/** Ids of the processes that this one has started and that live. */
function children(): readonly string[] {
  return readdirSync('/proc/self/task')
    .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim().split(' '))
    .filter((id) => id !== '')
    .sort();
}

/** Notes each first call of `method` of what stands for `token`, when it is over. */
function noteEnd(app: INestApplication, ended: string[], token: Abstract<object>, method: string) {
  const part = app.get<Record<string, (...values: unknown[]) => unknown>>(token);
  const original = part[method]?.bind(part);
  if (!original) throw new Error(`${token.name} has no ${method}`);
  part[method] = async (...values) => {
    await original(...values);
    if (!ended.includes(token.name)) ended.push(token.name);
  };
}

describe('a worker that ends', () => {
  it('drains, ends its loops, its children and its session, then closes what they used: the database is the last, but for telemetry', async () => {
    const app = await composed(new SweptObjects());
    const { stop } = await startWorker(app);
    const ended: string[] = [];
    for (const loop of [ClaimLoop, AssignmentLoop]) noteEnd(app, ended, loop, 'drain');
    for (const loop of [HonourLoop, AttestLoop, AnnounceLoop, ExportLoop, ObjectSweep, LeaseKeeper])
      noteEnd(app, ended, loop, 'stop');
    for (const part of [ClosablePlanner, Supervisor, ObjectStoreHealth, EgressProxy])
      noteEnd(app, ended, part, 'close');
    noteEnd(app, ended, Registration, 'retire');
    noteClosing(app.get(ModulesContainer), ended);
    await stop();
    expect(ended.slice(0, 2).sort()).toEqual(['AssignmentLoop', 'ClaimLoop']);
    expect(ended.slice(2)).toEqual([
      ...['ClosablePlanner', 'HonourLoop', 'AttestLoop', 'AnnounceLoop', 'ExportLoop', 'ObjectSweep', 'LeaseKeeper'],
      ...['Supervisor', 'ObjectStoreHealth', 'EgressProxy', 'Registration'],
      ...[
        'ReplanningModule',
        'EgressModule',
        'SandboxModule',
        'ObjectStoreModule',
        'PostgresModule',
        'FileStorageModule',
        'TelemetryModule',
      ],
    ]);
  });

  it('has closed everything if it cannot listen, and says why', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    Extension.closed.length = 0;
    const before = children();
    const configuration = { ...world.configuration, http: { ...world.configuration.http, healthPort: port } };
    const start = createWorker(configuration, { imports: [ExtensionModule] });
    await expect(start).rejects.toMatchObject({
      code: 'PORT_UNAVAILABLE',
      message: `http.healthPort: cannot listen on 127.0.0.1:${port}: another process uses the address (EADDRINUSE)`,
    });
    taken.close();
    expect(Extension.closed).toEqual(['extension']);
    expect(children()).toEqual(before);
  });
});

it('a worker with a new database does not start on the store of another installation, and its sweep deletes nothing', async () => {
  const first = await createWorker(world.configuration);
  await first.stop();
  const store = await FileObjectStore.open(join(world.folder, 'objects'));
  const tenant = 'acme' as TenantId;
  const { digest } = await store.put(tenant, Readable.from([Buffer.from('of the first')]), { maxBytes: 100 });
  const digits = digest.slice('sha256:'.length);
  const path = join(world.folder, 'objects/t/acme/sha256', digits.slice(0, 2), digits);
  utimesSync(path, 0, 0);
  const second = await installation();
  try {
    const artifacts = { root: join(world.folder, 'objects'), grace: '1s', sweepInterval: '1s' };
    const start = createWorker(second.configured({ artifacts }));
    await expect(start).rejects.toMatchObject({ code: 'OBJECT_STORE_FOREIGN' });
    // Longer than a sweep needs for its two looks, if there were one.
    await delay(3_000);
    expect(await store.stat(tenant, digest)).toEqual({ size: 12 });
  } finally {
    await second.remove();
  }
}, 60_000);

it('a worker whose keys are missing does not start: its caller hears why, and no child stays', async () => {
  const before = children();
  const configuration = { ...world.configuration, keys: { ...world.configuration.keys, folder: '/nowhere' } };
  await expect(createWorker(configuration)).rejects.toMatchObject({ code: 'KEY_FILE_MISSING' });
  // The supervisor may be started only after the missing key was noticed.
  for (let quiet = 0, tries = 0; quiet < 10; tries++) {
    quiet = children().join() === before.join() ? quiet + 1 : 0;
    if (tries > 60) throw new Error('a child stays');
    await delay(50);
  }
});

it('a worker with another key than the journals were written with does not start, and says which one', async () => {
  const { stop } = await createWorker(world.configuration);
  const journalMac = join(world.folder, 'other-mac.key');
  await generateMacKeyFile(journalMac);
  const { keys, sandbox } = world.configuration;
  const start = createWorker({
    ...world.configuration,
    keys: { ...keys, journalMac },
    sandbox: { ...sandbox, workDirectory: join(world.folder, 'other-work') },
  });
  await expect(start).rejects.toMatchObject({
    code: 'DB_KEYS_DIFFER',
    message: expect.stringMatching(/journal-mac HKDF:\w{32} is needed, \/.*\/other-mac\.key has HKDF:\w{32}$/),
  });
  await stop();
});
