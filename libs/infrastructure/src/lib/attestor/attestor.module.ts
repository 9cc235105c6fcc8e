import { access, readFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { Module, type DynamicModule } from '@nestjs/common';
import { CodedError } from '@taskrunner/core/foundation';
import { KeyAttestor } from '@taskrunner/core/operations';
import { Attestor } from '@taskrunner/core/ports';
import { writeTar } from '../archive/write-tar';
import { provide } from '../composition/provide';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { keyPathsOf, type KeyPaths } from '../configuration/key-paths';
import { FileSigner } from '../signing/file-signer';
import { Telemetry } from '../telemetry/telemetry';
import { RemoteAttestor } from './remote-attestor';

/** Signs the statements of ended runs (`attestor`). */
@Module({})
export class AttestorModule {
  static forRoot(): DynamicModule {
    return {
      module: AttestorModule,
      providers: [
        provide(Attestor, { configuration: CONFIGURATION, telemetry: Telemetry }, ({ configuration, telemetry }) =>
          openAttestor(configuration, telemetry.log),
        ),
      ],
      exports: [Attestor],
    };
  }
}

/** The Attestor of this worker: the configured remote one, otherwise key files, which is logged. */
export async function openAttestor(
  configuration: Configuration,
  log: Pick<Telemetry['log'], 'say'>,
): Promise<Attestor> {
  const keys = keyPathsOf(configuration);
  const { attestor, profile } = configuration;
  if (profile === 'production') await refuseRunKeys(keys);
  const { url, tokenUrl, clientId, clientSecretFile } = attestor;
  if (url === null) {
    log.say('warn', 'attestor.key-file', { reason: 'this worker signs with a key file: builders/local/v1' });
    // A worker without sealed mode may still have the key, and seal ended runs of sealed mode.
    const isSealing = configuration.sealedMode.enabled || (await isReadable(keys.runSealed));
    const [run, runSealed, bundle] = await Promise.all([
      FileSigner.open('run-open', keys.runOpen),
      isSealing ? FileSigner.open('run-sealed', keys.runSealed) : null,
      FileSigner.open('bundle', keys.bundle),
    ]);
    return new KeyAttestor({ run, runSealed, bundle });
  }
  if (tokenUrl === null || clientId === null || clientSecretFile === null)
    throw new TypeError('the remote Attestor has no credentials');
  const clientSecret = (await readFile(clientSecretFile, 'utf8')).trim();
  return RemoteAttestor.open({
    url,
    credentials: { tokenUrl, clientId, clientSecret, audience: attestor.audience },
    caFile: attestor.caFile,
    timeoutMs: attestor.timeout,
    archive: (files) => writeTar(files),
  });
}

/**
 * Rejects run keys in production: a signature proves nothing if the host that executes steps can sign for runs itself
 * (docs/guides/evidence-and-verification.md, Signers).
 */
async function refuseRunKeys(keys: KeyPaths): Promise<void> {
  for (const path of [keys.runOpen, keys.runSealed, keys.bundle]) {
    if (await isReadable(path))
      throw new CodedError(
        'WORKER_HOLDS_RUN_KEY',
        `profile is production, but this worker can read ${path}`,
        'Remove the key from the workers. Only the Attestor may have it.',
      );
  }
}

function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
