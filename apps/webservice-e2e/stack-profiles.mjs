// Configurations that several specs share a stack of. One spec uses it at a time; the next one finds as many workers as the first. A step may call
// `port` on loopback; packs may be pushed to the folder `registry`.
export const PROFILES = {
  /** One worker; what most packs need. */
  plain: ({ port, registry }) => ({
    configuration: {
      sealedMode: { allow: [loopback(port)] },
      packsRegistry: {
        registries: [{ name: 'main', type: 'folder', path: registry, tenants: ['acme'], publish: true }],
      },
    },
  }),
  /** Three workers that are killed, take over and share. */
  several: ({ port }) => ({
    workers: 3,
    configuration: {
      sealedMode: { allow: [loopback(port)] },
      worker: { slots: 3, lease: '3s', stopGrace: '1s', drain: '1s', snapshotEntries: 10 },
    },
  }),
};

function loopback(port) {
  return { host: '127.0.0.1', ports: [port], cidr: '127.0.0.0/8', plainHttp: true };
}
