import { existsSync } from 'node:fs';
import type { SecretDependencies, SecretProvider } from '@taskrunner/core';
import {
  EnvironmentSecrets,
  FileSecrets,
  loadSensitiveInputsKey,
  type Configuration,
  type KeyPaths,
} from '@taskrunner/infrastructure';

/** Bindings and providers as configured, and the key of sensitive inputs. Takes secrets out of `env`: do this before a child starts. */
export async function openSecrets(
  { secrets }: Configuration,
  { sensitiveInputs: { path, required } }: KeyPaths,
  env: Record<string, string | undefined>,
): Promise<SecretDependencies> {
  const { bindings, maxBytes } = secrets;
  const providers = new Map<string, SecretProvider>();
  for (const { id, kind, folder, prefix } of secrets.providers)
    providers.set(
      id,
      kind === 'file' ? FileSecrets.of(folder ?? '', maxBytes) : new EnvironmentSecrets(env, prefix, maxBytes),
    );
  const sensitive = required || existsSync(path) ? await loadSensitiveInputsKey(path) : null;
  return { bindings, providers, sensitive };
}
