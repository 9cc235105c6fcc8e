import { Module, type DynamicModule } from '@nestjs/common';
import type { SecretDependencies } from '@taskrunner/core/operations';
import type { SecretProvider } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { SENSITIVE_INPUTS_KEY } from '../signing/signing.module';
import { Telemetry } from '../telemetry/telemetry';
import { EnvironmentSecrets } from './environment-secrets';
import { FileSecrets } from './file-secrets';

/** The environment that the process was started with, secrets among it: for processes that do what this one does. */
export const STARTING_ENVIRONMENT = token<Readonly<Record<string, string | undefined>>>(
  'environment that the process was started with',
);
/** Providers of secrets by their ids (`secrets.providers`). Once they are there, the environment of this process holds no secret. */
export const SECRET_PROVIDERS = token<ReadonlyMap<string, SecretProvider>>('providers of secrets');
/** Bindings and providers as configured, and the key of sensitive inputs. Whoever starts a child or a thread is injected with it: both inherit the environment. */
export const SECRETS = token<SecretDependencies>('secrets of runs');

/** Secrets of runs (`secrets`). */
@Module({})
export class SecretsModule {
  /** `imports`: the module that provides `SENSITIVE_INPUTS_KEY`. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: SecretsModule,
      imports,
      providers: [
        provide(STARTING_ENVIRONMENT, {}, () => ({ ...process.env })),
        provide(
          SECRET_PROVIDERS,
          // The environment as it was is kept first.
          { configuration: CONFIGURATION, environment: STARTING_ENVIRONMENT },
          ({ configuration }) => providersOf(configuration, process.env),
        ),
        provide(
          SECRETS,
          {
            configuration: CONFIGURATION,
            providers: SECRET_PROVIDERS,
            sensitive: SENSITIVE_INPUTS_KEY,
            telemetry: Telemetry,
          },
          ({ configuration, telemetry: { log }, ...rest }) => ({
            bindings: configuration.secrets.bindings,
            ...rest,
            providerFailed: (failure) => log.say('error', 'secrets.provider-failed', { ...failure }),
          }),
        ),
      ],
      exports: [STARTING_ENVIRONMENT, SECRETS],
    };
  }
}

/** Takes secrets out of `env`. */
function providersOf(
  { secrets }: Configuration,
  env: Record<string, string | undefined>,
): ReadonlyMap<string, SecretProvider> {
  const { maxBytes } = secrets;
  return new Map(
    secrets.providers.map(({ id, kind, folder, prefix }): [string, SecretProvider] => [
      id,
      kind === 'file' ? FileSecrets.of(folder ?? '', maxBytes) : new EnvironmentSecrets(env, prefix, maxBytes),
    ]),
  );
}
