import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { generateSensitiveInputsKeyFile, loadKey, loadSensitiveInputsKey } from '@taskrunner/infrastructure/signing';
import { ObjectStore } from '@taskrunner/core/ports';
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
import { apiAdapter, createWebservice, startWebservice } from './create-webservice';
import { WebserviceModule } from './webservice.module';

// The composition of a webservice, with a real database: which part each user receives, which parts can be replaced, and the order of
// shutdown.

const ROOT = join(__dirname, '..', '..', '..');

let world: Installation;

beforeAll(async () => {
  world = await installation({ reader: 'webservice' });
}, 60_000);

afterAll(() => world?.remove(), 30_000);

/** All users of the object store. A new user must be added here. */
const USERS_OF_OBJECTS = [
  'ArchivedLogStore',
  'ArtifactsController',
  'EvidenceController',
  'JournaledRuns',
  'KeepSchedules',
  'ObjectStoreHealth',
  'PackSources',
  'RerunRun',
  'RunDueTicks',
  'RunSteps',
  'SharedTimings',
  'StepsController',
  'StoreAdmission',
  'StoreUpload',
  'SubmitRun',
];

async function composed(objects: ObjectStore) {
  const module = await Test.createTestingModule({ imports: [WebserviceModule.forRoot(world)] })
    .overrideProvider(ObjectStore)
    .useValue(objects)
    .compile();
  return module.createNestApplication<NestExpressApplication>(apiAdapter(world.configuration), { bodyParser: false });
}

describe('a webservice of which the object store is overridden', () => {
  it('has the override wherever it uses an object store', async () => {
    const objects = new SweptObjects();
    const app = await composed(objects);
    const { stop } = await startWebservice(app);
    const users = usersOf(app.get(ModulesContainer), ObjectStore);
    await stop();
    expect(users.map(({ name }) => name).sort()).toEqual(USERS_OF_OBJECTS);
    expect(users.filter(({ instance }) => !holds(instance, objects)).map(({ name }) => name)).toEqual([]);
  });
});

it('with a socket it answers on a socket instead, and opens no port', async () => {
  const socket = join(world.folder, 'api.sock');
  const configuration = world.configured({ http: { socket, lameDuck: '0s', drain: '1s' } });
  const statusOf = async (socketPath: string, path: string): Promise<number | undefined> => {
    const [answer] = (await once(get({ socketPath, path }), 'response')) as [{ statusCode?: number; resume(): void }];
    answer.resume();
    return answer.statusCode;
  };
  const { url, health, stop } = await createWebservice(configuration);
  try {
    expect([url, health]).toEqual([`unix:${socket}`, `unix:${socket}.health`]);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect([await statusOf(socket, '/api/runs'), await statusOf(`${socket}.health`, '/health/live')]).toEqual([
      401, 200,
    ]);
    await expect(createWebservice(configuration)).rejects.toMatchObject({ code: 'PORT_UNAVAILABLE' });
  } finally {
    await stop();
  }
  // What a killed process leaves behind.
  const left = createServer().listen(socket);
  await once(left, 'listening');
  const again = await (left.close(), createWebservice(configuration));
  await again.stop();
});

it.each([
  [true, 200],
  [false, 404],
])('serves the OpenAPI document and its page if it has documentation: %s', async (hasDocumentation, status) => {
  const { url, stop } = await createWebservice(world.configuration, { hasDocumentation });
  try {
    for (const path of ['/openapi.json', '/openapi.yaml', '/docs'])
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, status]);
    expect((await fetch(`${url}/api/runs`)).status).toBe(401);
  } finally {
    await stop();
  }
});

it('the modules of a webservice that runs are those of the picture', async () => {
  const app = await composed(new SweptObjects());
  const { stop } = await startWebservice(app);
  const arrows = arrowsOf(app.get(ModulesContainer), 'WebserviceModule');
  await stop();
  const picture = readFileSync(join(ROOT, 'docs/diagrams/webservice-modules.mermaid'), 'utf8');
  expect([...arrows].sort()).toEqual(picture.match(/\w+ --> \w+/g)?.sort());
});

describe('a webservice with adapters and modules of somebody else', () => {
  it('uses them, and says of itself what they say', async () => {
    const { health, stop } = await createWebservice(world.configuration, {
      adapters: [{ provide: ObjectStore, useClass: AwayObjects }],
      imports: [ExtensionModule],
    });
    const readiness = await fetch(`${health}/health/ready`);
    expect([readiness.status, AwayObjects.made.length]).toEqual([503, 1]);
    expect(await readiness.json()).toMatchObject({ error: { objects: { reason: 'it is made so' } } });
    await stop();
    expect(Extension.closed).toEqual(['extension']);
  });

  it('is refused before anything is opened if an adapter stands in for nothing', async () => {
    const unused = createWebservice(world.configuration, { adapters: [{ provide: Extension, useValue: null }] });
    await expect(unused).rejects.toMatchObject({ code: 'ADAPTER_UNKNOWN' });
  });
});

describe('the object store of an installation', () => {
  const mistyped = () => world.configured({ artifacts: { root: join(world.folder, 'objetcs') } });

  it('has an id after the first start, and another one is refused', async () => {
    const first = await createWebservice(world.configuration);
    await first.stop();
    expect(readFileSync(join(world.folder, 'objects', 'identity'), 'utf8')).toMatch(/^[0-9a-f-]{36}\n$/);
    await expect(createWebservice(mistyped())).rejects.toMatchObject({
      code: 'OBJECT_STORE_FOREIGN',
      message: expect.stringContaining(`artifacts.root ${join(world.folder, 'objetcs')} `) as string,
    });
    const again = await createWebservice(world.configuration);
    await again.stop();
  });

  it('that cannot be opened is named by its key and path', async () => {
    const root = join(world.folder, 'jwks.json', 'objects');
    await expect(createWebservice(world.configured({ artifacts: { root } }))).rejects.toMatchObject({
      code: 'OBJECT_STORE_UNAVAILABLE',
      message: expect.stringContaining(`artifacts.root ${root}`) as string,
    });
  });
});

describe('a webservice that ends', () => {
  it('closes its parts in the order of their use: the database is the last, but for telemetry', async () => {
    const app = await composed(new SweptObjects());
    const { stop } = await startWebservice(app);
    const closed: string[] = [];
    noteClosing(app.get(ModulesContainer), closed);
    await stop();
    const loops = ['CheckpointLoop', 'Drain', 'RefusalLoop', 'TickLoop'];
    expect(closed.slice(0, loops.length).sort()).toEqual(loops);
    expect(closed.slice(loops.length)).toEqual([
      'HealthServer',
      'BodyThreadsModule',
      'PlanningModule',
      'ObjectStoreModule',
      'PostgresModule',
      'FileStorageModule',
      'TelemetryModule',
    ]);
  });

  it('has closed everything if it cannot listen, and says why', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    Extension.closed.length = 0;
    const configuration = { ...world.configuration, http: { ...world.configuration.http, healthPort: port } };
    const start = createWebservice(configuration, { imports: [ExtensionModule] });
    await expect(start).rejects.toMatchObject({ code: 'PORT_UNAVAILABLE' });
    taken.close();
    expect(Extension.closed).toEqual(['extension']);
  });
});

it('a webservice records its keys, and does not start with another key of sensitive inputs while a worker has the first', async () => {
  const sensitiveInputs = join(world.folder, 'first.key');
  const other = join(world.folder, 'second.key');
  for (const path of [sensitiveInputs, other]) await generateSensitiveInputsKeyFile(path);
  const withKey = (path: string) => ({
    ...world.configuration,
    keys: { ...world.configuration.keys, sensitiveInputs: path },
  });
  await (await createWebservice(withKey(sensitiveInputs))).stop();
  expect(await world.sql('select use, id from pack_runs.keys order by use')).toEqual([
    { use: 'admission', id: (await loadKey(join(world.folder, 'admission.pem'))).keyid },
    { use: 'ledger', id: (await loadKey(join(world.folder, 'ledger.pem'))).keyid },
    { use: 'sensitive-inputs', id: (await loadSensitiveInputsKey(sensitiveInputs)).keyid },
  ]);
  await world.sql(
    `insert into pack_runs.workers (worker_id, name, version, build, probe, isolation, environments, labels, lease_ms, lease_until,
       renewed_at, steady_since)
     values (gen_random_uuid(), 'w', '', '', '', '', '{}', '{}', 1, 'infinity', now(), now())`,
  );
  await expect(createWebservice(withKey(other))).rejects.toMatchObject({
    code: 'DB_KEYS_DIFFER',
    message: expect.stringMatching(/sensitive-inputs HKDF:\w{32} is needed, \/.*\/second\.key has HKDF:\w{32}$/),
  });
  await world.sql('delete from pack_runs.workers');
  await (await createWebservice(withKey(other))).stop();
});

it('a webservice whose keys are missing does not start: its caller hears why, and nothing stays open', async () => {
  const configuration = { ...world.configuration, keys: { ...world.configuration.keys, folder: '/nowhere' } };
  await expect(createWebservice(configuration)).rejects.toMatchObject({ code: 'KEY_FILE_MISSING' });
  // The database may have been reached only after the missing key was noticed. A pool would keep its connections much longer.
  for (let quiet = 0, tries = 0; quiet < 10; tries++) {
    quiet = (await world.connections()) === 0 ? quiet + 1 : 0;
    if (tries > 600) throw new Error('connections stay open');
    await delay(50);
  }
});
