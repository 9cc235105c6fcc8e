import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// Configurations that several specs share a stack of. One spec uses it at a time; the next one finds as many workers as the first. A step may call
// `port` on loopback; packs may be pushed to the folder `registry`; evidence may be exported to folders in `destinations`.
export const PROFILES = {
  /** One worker; what most packs need, containers where the machine has an engine. */
  plain: ({ port, home, registry, issuer }) => ({
    configuration: {
      artifacts: {
        root: join(home, 'state/objects'),
        destinations: [
          destination(home, 'audit', '*'),
          destination(home, 'down', 'acme'),
          destination(home, 'vault', 'globex'),
        ],
        exports: { retry: '200ms', longestRetry: '1s', timeout: '5s' },
      },
      scheduler: { interval: '250ms', lease: '1s', grace: '5m', maxPerTenant: 30 },
      sealedMode: { allow: [loopback(port)] },
      // They hold no grant by it: it says at which gates they are people, and which program may act for them.
      approvals: {
        grants: [],
        people: ['grace', 'linus'].map((sub) => ({ iss: issuer, sub, grants: [] })),
        actors: [{ iss: issuer, sub: 'ci' }],
      },
      ...(['podman', 'runc'].every(isOnPath) && {
        container: { engine: 'podman', podman: { runtime: 'runc', openFiles: 1024 } },
      }),
      packsRegistry: {
        registries: [{ name: 'main', type: 'folder', path: registry, tenants: ['acme'], publish: true }],
      },
    },
  }),
  /** Workers that are killed, take over and share; logs are short. A shorter lease would be lost on a slow machine, with the children. */
  several: ({ port }) => ({
    // Each costs half of a second of a processor to start, and a twentieth of one while it is idle.
    workers: process.env.TASKRUNNER_TESTS === 'all' ? 3 : 2,
    configuration: {
      sealedMode: { allow: [loopback(port)] },
      limits: { logBytes: '256KiB', logRate: '128KiB' },
      worker: { slots: 3, lease: '6s', stopGrace: '1s', drain: '1s', snapshotEntries: 10 },
    },
  }),
};

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function loopback(port) {
  return { host: '127.0.0.1', ports: [port], cidr: '127.0.0.0/8', plainHttp: true };
}

function destination(home, id, tenant) {
  const path = join(home, 'destinations', id);
  mkdirSync(path, { recursive: true });
  return { id, type: 'folder', tenants: [tenant], path };
}
