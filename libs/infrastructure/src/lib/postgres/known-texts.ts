import { sha256 } from '@taskrunner/core';
import type { ClaimedRow } from './claimed-run';

/** How many are kept, and of how many characters at most. */
const KEPT = 64;
const CHARACTERS = 128 * 1024;

type Digests = Pick<ClaimedRow, 'plan_hash' | 'profile_digest'>;
/** What a claim may leave out: the documents that all runs of a pack in one profile have in common. */
export type Documents = Pick<ClaimedRow, 'plan' | 'profile' | 'environment'>;

/**
 * Plans and profiles that a worker has read, by their digests: a claim need not send them again. Only texts that are what their digests
 * say are kept, so nothing here can differ from what the database held when it was admitted.
 */
export class KnownTexts {
  private readonly plans = new Kept<string>();
  private readonly profiles = new Kept<Pick<Documents, 'profile' | 'environment'>>();

  get planHashes(): string[] {
    return this.plans.names;
  }

  get profileDigests(): string[] {
    return this.profiles.names;
  }

  /** The row with all its documents; what is not there at all is empty, which no digest names. */
  complete<Row extends Digests & { readonly [Name in keyof Documents]: string | null }>(
    row: Row,
  ): Omit<Row, keyof Documents> & Documents {
    const plan = row.plan ?? this.plans.get(row.plan_hash) ?? '';
    const { profile, environment } =
      row.profile !== null && row.environment !== null
        ? { profile: row.profile, environment: row.environment }
        : (this.profiles.get(row.profile_digest) ?? { profile: '', environment: '' });
    if (row.plan !== null && plan.length <= CHARACTERS && sha256(plan) === row.plan_hash)
      this.plans.keep(row.plan_hash, plan);
    if (row.profile !== null && namesEnvironment(profile, environment) && sha256(profile) === row.profile_digest)
      this.profiles.keep(row.profile_digest, { profile, environment });
    return { ...row, plan, profile, environment };
  }
}

function namesEnvironment(profile: string, environment: string): boolean {
  if (profile.length + environment.length > CHARACTERS) return false;
  return profile.includes(`"environment":"${sha256(environment)}"`);
}

/** The last ones that came. */
class Kept<Value> {
  private readonly values = new Map<string, Value>();

  get names(): string[] {
    return [...this.values.keys()];
  }

  get(name: string): Value | undefined {
    return this.values.get(name);
  }

  keep(name: string, value: Value): void {
    this.values.set(name, value);
    if (this.values.size > KEPT) this.values.delete(this.values.keys().next().value as string);
  }
}
