import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Module, type INestApplication, type OnApplicationShutdown } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Module as LoadedModule } from '@nestjs/core/injector/module';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { CodedError, ObjectStore } from '@taskrunner/core';
import { MemoryObjects } from '@taskrunner/core/testing';
import { Telemetry } from '@taskrunner/infrastructure/modules';
import { apiAdapter, createWebservice, startWebservice } from './create-webservice';
import { installation, type Installation } from './testing/installation';
import { WebserviceModule } from './webservice.module';

// How a webservice is put together, with a real database: who is given which part, what stands in for a part, and in which order it ends.

const ROOT = join(__dirname, '..', '..', '..');

let world: Installation;

beforeAll(async () => {
  world = await installation({ keys: [] });
}, 60_000);

afterAll(() => world?.remove(), 30_000);

/** All that NestJS has made, by name, with the tokens that it was given. */
function madeBy(app: INestApplication) {
  return [...app.get(ModulesContainer).values()].flatMap((module) =>
    [...module.providers.values(), ...module.controllers.values(), ...module.injectables.values()].map((wrapper) => ({
      name: typeof wrapper.token === 'function' ? wrapper.token.name : String(wrapper.token),
      instance: wrapper.instance,
      injected: (wrapper.inject ??
        (wrapper.metatype && Reflect.getMetadata('design:paramtypes', wrapper.metatype)) ??
        []) as readonly unknown[],
    })),
  );
}

/** True if `part` can be reached from `whole` in a few steps. */
function holds(whole: unknown, part: unknown, steps = 3): boolean {
  if (whole === part) return true;
  if (typeof whole !== 'object' || whole === null || steps === 0) return false;
  // Inherited ones too: a watched operation inherits from the one that it watches.
  for (const name in whole) if (holds((whole as Record<string, unknown>)[name], part, steps - 1)) return true;
  return false;
}

/** Whoever stores or reads objects. Somebody who is new here is given the store as these are. */
const USERS_OF_OBJECTS = [
  'ArchivedLogStore',
  'ArtifactsController',
  'EvidenceController',
  'KeepSchedules',
  'ObjectStoreHealth',
  'PackSources',
  'RerunRun',
  'RunDueTicks',
  'StepsController',
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
    const objects = new MemoryObjects();
    const app = await composed(objects);
    const { stop } = await startWebservice(app);
    const users = madeBy(app).filter(({ injected }) => injected.includes(ObjectStore));
    await stop();
    expect(users.map(({ name }) => name).sort()).toEqual(USERS_OF_OBJECTS);
    expect(users.filter(({ instance }) => !holds(instance, objects)).map(({ name }) => name)).toEqual([]);
  });
});

/** A part of a platform of somebody else: it uses what every module may use, and notes when it is closed. */
@Injectable()
class Extension implements OnApplicationShutdown {
  static readonly closed: string[] = [];

  constructor(readonly telemetry: Telemetry) {}

  onApplicationShutdown(): void {
    Extension.closed.push('extension');
  }
}

@Module({ providers: [Extension], exports: [Extension] })
class ExtensionModule {}

/** A store of somebody else. */
@Injectable()
class OwnObjects extends MemoryObjects {
  static readonly made: OwnObjects[] = [];

  constructor() {
    super();
    OwnObjects.made.push(this);
  }

  override async probe(): Promise<void> {
    throw new CodedError('OBJECT_STORE_UNAVAILABLE', 'it is made so', 'make another one');
  }
}

it('the modules of a webservice that runs are those of the picture', async () => {
  const app = await composed(new MemoryObjects());
  const { stop } = await startWebservice(app);
  const modules = [...app.get(ModulesContainer).values()].filter(
    ({ name }) => !/^(InternalCore|RootTest)Module$/.test(name),
  );
  const isShown = ({ isGlobal, name }: LoadedModule, by: string) =>
    modules.some((one) => one.name === name) && (!isGlobal || by === 'WebserviceModule');
  const arrows = modules.flatMap(({ name, imports }) =>
    [...imports].filter((one) => isShown(one, name)).map((one) => `${name} --> ${one.name}`),
  );
  await stop();
  const picture = readFileSync(join(ROOT, 'docs/diagrams/webservice-modules.mermaid'), 'utf8');
  expect(arrows.sort()).toEqual(picture.match(/\w+ --> \w+/g)?.sort());
});

describe('a webservice with adapters and modules of somebody else', () => {
  it('uses them, and says of itself what they say', async () => {
    const { health, stop } = await createWebservice(world.configuration, {
      adapters: [{ provide: ObjectStore, useClass: OwnObjects }],
      imports: [ExtensionModule],
    });
    const readiness = await fetch(`${health}/health/ready`);
    expect([readiness.status, OwnObjects.made.length]).toEqual([503, 1]);
    expect(await readiness.json()).toMatchObject({ error: { objects: { reason: 'it is made so' } } });
    await stop();
    expect(Extension.closed).toEqual(['extension']);
  });

  it('is refused before anything is opened if an adapter stands in for nothing', async () => {
    const unused = createWebservice(world.configuration, { adapters: [{ provide: Extension, useValue: null }] });
    await expect(unused).rejects.toMatchObject({ code: 'ADAPTER_UNKNOWN' });
  });
});

describe('a webservice that ends', () => {
  it('closes its parts in the order of their use: the database is the last, but for telemetry', async () => {
    const app = await composed(new MemoryObjects());
    const { stop } = await startWebservice(app);
    const closed: string[] = [];
    const closing = [...app.get(ModulesContainer).values()].flatMap((module) =>
      [...module.providers.values()].map(({ instance }) => instance as Partial<OnApplicationShutdown> | null),
    );
    for (const part of closing) {
      const close = part?.onApplicationShutdown?.bind(part);
      if (!part || !close) continue;
      part.onApplicationShutdown = async (signal) => {
        await close(signal);
        closed.push(part.constructor.name);
      };
    }
    await stop();
    const loops = ['CheckpointLoop', 'Drain', 'RefusalLoop', 'TickLoop'];
    expect(closed.slice(0, loops.length).sort()).toEqual(loops);
    expect(closed.slice(loops.length)).toEqual([
      'HealthServer',
      'BodyThreadsModule',
      'PlanningModule',
      'ObjectStoreModule',
      'PostgresModule',
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
    await expect(start).rejects.toMatchObject({ code: 'EADDRINUSE' });
    taken.close();
    expect(Extension.closed).toEqual(['extension']);
  });
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
