import { CodedError } from '@taskrunner/core/foundation';
import type { SecretProvider } from '@taskrunner/core/ports';
import { EnvironmentSecrets } from './environment-secrets';
import { FileSecrets } from './file-secrets';

/** The section `secrets` of the configuration. */
interface Secrets {
  readonly providers: readonly {
    readonly id: string;
    readonly kind: 'file' | 'environment' | 'custom';
    readonly folder: string | null;
    readonly prefix: string;
  }[];
  readonly bindings: readonly { readonly name: string; readonly provider: string }[];
  readonly maxBytes: number;
}

/** Reasons why the secret providers of a deployment do not match the configuration. */
export type SecretProviderErrorCode = 'SECRET_PROVIDER_MISSING' | 'SECRET_PROVIDER_KIND';

/**
 * The providers of `secrets.providers` by id: those of this release, and for kind `custom` those that the deployment supplies. Removes
 * secrets from `env`. Throws `SECRET_PROVIDER_MISSING` if the deployment does not supply a custom one, and `SECRET_PROVIDER_KIND` if it
 * supplies one that is configured with another kind.
 */
export function secretProviders(
  { providers, bindings, maxBytes }: Secrets,
  custom: ReadonlyMap<string, SecretProvider>,
  env: Record<string, string | undefined>,
): ReadonlyMap<string, SecretProvider> {
  for (const { id, kind } of providers) {
    if (kind === 'custom' && !custom.has(id)) throw missing(id, bindings);
    if (kind !== 'custom' && custom.has(id)) throw otherKind(id, kind);
  }
  return new Map(
    providers.map(({ id, kind, folder, prefix }): [string, SecretProvider] => {
      switch (kind) {
        case 'file':
          return [id, FileSecrets.of(folder ?? '', maxBytes)];
        case 'environment':
          return [id, new EnvironmentSecrets(env, prefix, maxBytes)];
        case 'custom':
          return [id, custom.get(id) as SecretProvider];
      }
    }),
  );
}

function missing(id: string, bindings: Secrets['bindings']): CodedError<SecretProviderErrorCode> {
  const names = bindings.filter(({ provider }) => provider === id).map(({ name }) => name);
  const users = names.length === 0 ? '' : `, which these bindings use: ${names.join(', ')}`;
  return new CodedError(
    'SECRET_PROVIDER_MISSING',
    `no adapter provides the secrets of the provider ${id}${users}`,
    `Give \`SECRET_PROVIDERS\` in \`adapters\` of worker and quarantine process: a map that has ${id}. Or correct secrets.providers.`,
  );
}

function otherKind(id: string, kind: string): CodedError<SecretProviderErrorCode> {
  return new CodedError(
    'SECRET_PROVIDER_KIND',
    `the deployment provides the secret provider ${id}, but secrets.providers configures it with kind: ${kind}`,
    'Set its kind to custom, or give another id to one of them.',
  );
}
