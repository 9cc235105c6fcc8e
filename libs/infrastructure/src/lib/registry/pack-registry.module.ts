import { Module, type DynamicModule } from '@nestjs/common';
import type { RegistryMount } from '@taskrunner/core/operations';
import type { PackTrustPolicy } from '@taskrunner/core/publisher';
import { TAR_CODEC } from '../archive/tar-codec';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { loadPackTrust } from '../configuration/load-pack-trust';

/** The pack registries in configured order, each with the tenants that own it. */
export const REGISTRY_MOUNTS = token<readonly RegistryMount[]>('mounted registries of packs');
/** The trust policy for packs. */
export const PACK_TRUST = token<PackTrustPolicy>('trust policy for packs');

const TRUST = provide(PACK_TRUST, { configuration: CONFIGURATION }, ({ configuration }) =>
  loadPackTrust(configuration),
);

/** Provides the pack registries and the trust policy (`packsRegistry`). */
@Module({})
export class PackRegistryModule {
  static forRoot(): DynamicModule {
    return {
      module: PackRegistryModule,
      providers: [
        provide(REGISTRY_MOUNTS, { configuration: CONFIGURATION }, async ({ configuration }) => {
          // The registry clients are loaded only if registries are read, not for the trust policy alone.
          const { openRegistries } = await import('./open-registries.js');
          return openRegistries(configuration.packsRegistry, TAR_CODEC);
        }),
        TRUST,
      ],
      exports: [REGISTRY_MOUNTS, PACK_TRUST],
    };
  }
  /** Provides only the trust policy, for processes that run packs but read no registry. */
  static forTrust(): DynamicModule {
    return { module: PackRegistryModule, providers: [TRUST], exports: [PACK_TRUST] };
  }
}
