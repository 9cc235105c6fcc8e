import { SecretProvider, type ProvidedSecret } from '@taskrunner/core/ports';
import { SecretError } from '@taskrunner/core/secret';

/**
 * Secrets in variables of this process; `ref` is the name without the prefix. They are read when the provider is created and removed from
 * the environment, so that no child process inherits them.
 */
export class EnvironmentSecrets extends SecretProvider {
  private readonly values = new Map<string, string>();

  constructor(
    env: Record<string, string | undefined>,
    private readonly prefix: string,
    private readonly maxBytes: number,
  ) {
    super();
    for (const [name, value] of Object.entries(env)) {
      if (!name.startsWith(prefix) || value === undefined) continue;
      this.values.set(name.slice(prefix.length), value);
      delete env[name];
    }
  }

  async read(ref: string): Promise<ProvidedSecret> {
    const text = this.values.get(ref);
    if (text === undefined)
      throw new SecretError('SECRET_UNAVAILABLE', `the worker has no environment variable ${this.prefix}${ref}`);
    const value = new TextEncoder().encode(text);
    if (value.length > this.maxBytes)
      throw new SecretError('SECRET_TOO_LARGE', `the secret ${ref} has more than ${this.maxBytes} bytes`);
    return { value, version: null };
  }
}
