import { Module, type DynamicModule } from '@nestjs/common';
import { trustedRecords, trustedRelease, type AttestDependencies } from '@taskrunner/core/operations';
import {
  Attestor,
  Claims,
  ObjectStore,
  Outbox,
  ProbeDocuments,
  RunReader,
  SealableLogStore,
} from '@taskrunner/core/ports';
import { CONFIGURATION, provide, token, type Configuration } from '@taskrunner/infrastructure/modules';
import {
  JOURNAL_KEY,
  ClosablePlanner,
  RECORD_KEYS,
  SECRETS,
  writeTar,
} from '@taskrunner/infrastructure/worker-modules';

/** Dependencies for sealing ended runs. */
export const ATTEST_DEPENDENCIES = token<AttestDependencies>('what seals runs');

function authorityKindOf({ authority: { development, local } }: Configuration): AttestDependencies['authority'] {
  if (development) return 'development';
  return local ? 'local' : 'configured';
}

/** Sealing of runs. */
@Module({})
export class SealingModule {
  /** `imports`: the modules of the ports, of keys, secrets and threads. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: SealingModule,
      imports,
      providers: [
        provide(
          ATTEST_DEPENDENCIES,
          {
            claims: Claims,
            runReader: RunReader,
            logs: SealableLogStore,
            objects: ObjectStore,
            outbox: Outbox,
            probes: ProbeDocuments,
            attestor: Attestor,
            secrets: SECRETS,
            ring: RECORD_KEYS,
            key: JOURNAL_KEY,
            planning: ClosablePlanner,
            configuration: CONFIGURATION,
          },
          ({ ring, key, planning, configuration, ...ports }) => ({
            ...ports,
            ...trustedRecords(ring),
            openRelease: trustedRelease(ring),
            mac: (text) => key.mac(text),
            contents: (tenant, pack) => planning.ask(tenant, 'contents', pack),
            retryMs: configuration.attestor.retry,
            authority: authorityKindOf(configuration),
            artifactBytes: configuration.artifacts.bundle.carriedBytes,
            heldLogBytes: configuration.artifacts.bundle.heldLogBytes,
            atOnce: configuration.worker.seals,
            maxBundleBytes: configuration.artifacts.bundle.maxBytes,
            archive: (files, placed) => writeTar(files, placed),
          }),
        ),
      ],
      exports: [ATTEST_DEPENDENCIES],
    };
  }
}
