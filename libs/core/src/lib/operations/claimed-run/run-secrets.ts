import { sha256 } from '../../canonical/digest';
import { causesOf } from '../../foundation/causes';
import type { JsonObject } from '../../foundation/json';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Environment, Profile } from '../../plan/profile';
import type { ClaimedRun } from '../../ports/runs/claims';
import type { ProvidedSecret, SecretProvider } from '../../ports/runs/secret-provider';
import type { SensitiveInputs } from '../../ports/runs/sensitive-inputs';
import { Redactor } from '../../secret/redactor';
import { bindingFor, type SecretAsker, type SecretBinding } from '../../secret/secret-binding';
import { SecretError } from '../../secret/secret-error';
import { weaknessOf } from '../../secret/secret-value';
import { sensitiveBytes } from '../packs/sensitive-in-pack';

/** Dependencies for secrets. */
export interface SecretDependencies {
  /** The bindings of this installation. The worker decides by its own bindings, independent of those used at planning. */
  readonly bindings: readonly SecretBinding[];
  readonly providers: ReadonlyMap<string, SecretProvider>;
  /** Null: there is no key, and runs with sensitive inputs do not start here. */
  readonly sensitive: SensitiveInputs | null;
  /** A provider threw what is no `SecretError`, or returned no secret: for the log of the worker. */
  providerFailed(failure: ProviderFailure): void;
}

/** Why a provider counts as unavailable. `causes`: the outermost error first, without values that the run had. */
export interface ProviderFailure {
  readonly runId: RunId;
  readonly tenant: TenantId;
  readonly provider: string;
  readonly secret: string;
  readonly causes: readonly string[];
}

/** A secret and its version. Its value is never logged with it. */
interface SecretVersion {
  readonly name: string;
  readonly version: string;
}

/** Parameters of a step's request for secrets. */
interface SecretRequest {
  readonly names: readonly string[];
  /** True if the step is behind an approval gate. */
  readonly gated: boolean;
  /** The version recorded in the journal. */
  readonly known: (name: string) => string | null;
}

/** The run that requests secrets, according to its admission. */
interface SecretRun {
  readonly run: Pick<ClaimedRun, 'tenant' | 'runId' | 'pack'>;
  readonly profile: Profile;
  readonly mode: Environment['mode'];
  readonly signers: readonly string[];
  /** Values of the sensitive inputs. */
  readonly sensitive: JsonObject;
}

/** The secrets of one run: which of them it may have, and the redactor that keeps every value it has read out of stored data. */
export class RunSecrets {
  private readonly asker: SecretAsker;
  private readonly values = new Map<string, Uint8Array>();
  private readonly unread: Set<string>;
  private current: Redactor;

  constructor(
    private readonly dependencies: SecretDependencies,
    private readonly mac: (text: string) => string,
    private readonly of: SecretRun,
  ) {
    const { tenant, pack } = of.run;
    const { name, version } = pack;
    this.asker = { tenant, pack: { name, version }, signers: of.signers, sealed: of.mode === 'sealed' };
    this.unread = new Set(of.profile.secrets.map((secret) => secret.name));
    for (const value of Object.values(of.sensitive)) {
      const bytes = sensitiveBytes(value);
      this.values.set(sha256(bytes), bytes);
    }
    this.current = Redactor.of([...this.values.values()]);
  }

  /** Sensitive inputs by value. */
  get sensitive(): JsonObject {
    return this.of.sensitive;
  }

  /** Redacts every value that was read so far, and sensitive inputs. */
  get redactor(): Redactor {
    return this.current;
  }

  /** True if this run has no secrets to redact. */
  get isIdle(): boolean {
    return this.of.profile.secrets.length === 0 && this.values.size === 0;
  }

  /** Names of the run's secrets. */
  get names(): readonly string[] {
    return this.of.profile.secrets.map(({ name }) => name);
  }

  /** Reads every secret of the run that was not read yet, so that the redactor includes it. Throws `SecretError`. */
  async readAll(): Promise<readonly SecretVersion[]> {
    const read: SecretVersion[] = [];
    for (const name of [...this.unread]) read.push({ name, version: (await this.read(name)).version });
    return read;
  }

  /**
   * Reads the secrets of a step now. An optional secret without a binding is left out. Throws `SecretError`: a value that differs from the
   * journaled version is `SECRET_CHANGED`, unless the binding allows rotation. In that case `rotated` names it.
   */
  async deliver({ names, gated, known }: SecretRequest): Promise<{
    readonly values: ReadonlyMap<string, Uint8Array>;
    readonly rotated: readonly SecretVersion[];
  }> {
    await this.readAll();
    const values = new Map<string, Uint8Array>();
    const rotated: SecretVersion[] = [];
    for (const name of names) {
      if (!this.names.includes(name)) continue;
      const { value, version, binding } = await this.read(name);
      if (binding.requireGate && !gated) throw notGranted(name);
      if (known(name) !== version) {
        if (binding.rotation === 'refuse')
          throw new SecretError('SECRET_CHANGED', `the secret ${name} was changed after the run began`);
        rotated.push({ name, version });
      }
      values.set(name, value);
    }
    return { values, rotated };
  }

  /** What the provider of a secret has for it. Whatever else than `SecretError` a provider throws, and whatever is no secret, means that it is unavailable. */
  private async provided(name: string, { provider: id, ref }: SecretBinding): Promise<ProvidedSecret> {
    const provider = this.dependencies.providers.get(id);
    if (!provider)
      throw new SecretError(
        'SECRET_UNAVAILABLE',
        `the secret ${name} cannot be read: this worker has no provider ${id}`,
      );
    try {
      return secretIn(await provider.read(ref));
    } catch (cause) {
      if (SecretError.is(cause))
        throw new SecretError(cause.code, `the secret ${name} cannot be read: ${cause.message}`, { cause });
      const { tenant, runId } = this.of.run;
      const causes = causesOf(cause, { quotes: false }).map((text) => this.current.text(text));
      this.dependencies.providerFailed({ runId, tenant, provider: id, secret: name, causes });
      const message = `the secret ${name} cannot be read: the provider ${id} has failed`;
      throw new SecretError('SECRET_UNAVAILABLE', message, { cause });
    }
  }

  private async read(name: string): Promise<{ value: Uint8Array; version: string; binding: SecretBinding }> {
    const admitted = this.of.profile.secrets.find((secret) => secret.name === name);
    const binding = bindingFor(this.dependencies.bindings, name, this.asker);
    if (!binding || binding.provider !== admitted?.provider) throw notGranted(name);
    const { value, version } = await this.provided(name, binding);
    const weakness = weaknessOf(value);
    if (weakness !== null) throw new SecretError(weakness, `the value of the secret ${name} is refused`);
    this.unread.delete(name);
    const digest = sha256(value);
    if (!this.values.has(digest)) {
      this.values.set(digest, value);
      this.current = Redactor.of([...this.values.values()]);
    }
    const place = `secret-version\n${this.asker.tenant}\n${binding.provider}\n${binding.ref}\n`;
    return { value, version: version ?? `hmac:${this.mac(`${place}${digest}`).slice(0, 32)}`, binding };
  }
}

/** What a provider has returned. It may be a deployment's own, and written without types. */
function secretIn(provided: ProvidedSecret | undefined): ProvidedSecret {
  if (!(provided?.value instanceof Uint8Array)) throw new TypeError('the provider returned no bytes');
  const version: unknown = provided.version ?? null;
  if (version !== null && typeof version !== 'string')
    throw new TypeError('the provider returned a version that is neither text nor null');
  return { value: provided.value, version };
}

function notGranted(name: string): SecretError {
  return new SecretError('SECRET_NOT_GRANTED', `the secret ${name} is not bound here`);
}
