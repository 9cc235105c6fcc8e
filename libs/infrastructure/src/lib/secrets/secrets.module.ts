import { Module, type DynamicModule } from '@nestjs/common';
import type { SecretDependencies } from '@taskrunner/core/operations';
import type { SecretProvider } from '@taskrunner/core/ports';
import { provide } from '../composition/provide';
import { adapterToken, token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { SENSITIVE_INPUTS_KEY } from '../signing/signing.module';
import { Telemetry } from '../telemetry/telemetry';
import { secretProviders } from './secret-providers';

/** The environment variables at the start of the process, including secrets: for child processes that do the same work. */
export const STARTING_ENVIRONMENT = token<Readonly<Record<string, string | undefined>>>(
  'environment that the process was started with',
);
/** A deployment's own secret providers, by the ids that `secrets.providers` has with `kind: custom`. Replace it to supply some. */
export const SECRET_PROVIDERS = adapterToken<ReadonlyMap<string, SecretProvider>>('SECRET_PROVIDERS');
/**
 * Bindings and providers as configured, and the key of sensitive inputs. Once it is created, the environment of this process contains no
 * secret. Modules that start a child process or a thread inject it first, because both inherit the environment.
 */
export const SECRETS = token<SecretDependencies>('secrets of runs');

/** Provides the secrets of runs (`secrets`). */
@Module({})
export class SecretsModule {
  /** `imports`: the module that provides `SENSITIVE_INPUTS_KEY`. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: SecretsModule,
      imports,
      providers: [
        provide(STARTING_ENVIRONMENT, {}, () => ({ ...process.env })),
        provide(SECRET_PROVIDERS, {}, () => new Map()),
        provide(
          SECRETS,
          {
            configuration: CONFIGURATION,
            custom: SECRET_PROVIDERS,
            sensitive: SENSITIVE_INPUTS_KEY,
            telemetry: Telemetry,
            // The original environment, copied before the secrets are removed from it.
            environment: STARTING_ENVIRONMENT,
          },
          ({ configuration: { secrets }, custom, sensitive, telemetry: { log } }) => ({
            bindings: secrets.bindings,
            providers: secretProviders(secrets, custom, process.env),
            sensitive,
            providerFailed: (failure) => log.say('error', 'secrets.provider-failed', { ...failure }),
          }),
        ),
      ],
      exports: [STARTING_ENVIRONMENT, SECRETS],
    };
  }
}
