import { sha256 } from '@taskrunner/core/canonical';
import type { ClaimedRow } from './claimed-run';

/** Maximum number of cached documents, and maximum characters of each. */
const KEPT = 64;
const CHARACTERS = 128 * 1024;

type Digests = Pick<ClaimedRow, 'plan_hash' | 'profile_digest'>;
/** Documents that a claim may leave out, because all runs of a pack in one profile share them. */
export type Documents = Pick<ClaimedRow, 'plan' | 'profile' | 'environment'>;

/**
 * Caches plans and profiles by digest, so that a claim need not return them again. Only texts that match their digests are cached, so they
 * cannot differ from the admitted ones.
 */
export class DocumentCache {
  private readonly plans = new Kept<string>();
  private readonly profiles = new Kept<Pick<Documents, 'profile' | 'environment'>>();

  /**
   * A view of the currently cached documents: their digests for a claim, and a function that completes its rows. Documents that were
   * reported to the claim are kept until its answer is read, whatever is cached meanwhile. A missing document is empty, which matches no
   * digest.
   */
  asOfNow() {
    const plans = new Map(this.plans.values);
    const profiles = new Map(this.profiles.values);
    return {
      planHashes: [...plans.keys()],
      profileDigests: [...profiles.keys()],
      complete: <Row extends Digests & { readonly [Name in keyof Documents]: string | null }>(
        row: Row,
      ): Omit<Row, keyof Documents> & Documents => {
        this.keep(row);
        const known = profiles.get(row.profile_digest);
        const profile = row.profile ?? known?.profile ?? '';
        const environment = row.environment ?? known?.environment ?? '';
        const plan = row.plan ?? plans.get(row.plan_hash) ?? '';
        return Object.assign({}, row, { plan, profile, environment });
      },
    };
  }

  private keep(row: Digests & { readonly [Name in keyof Documents]: string | null }): void {
    const { plan, profile, environment } = row;
    if (plan !== null && plan.length <= CHARACTERS && sha256(plan) === row.plan_hash)
      this.plans.keep(row.plan_hash, plan);
    if (profile === null || environment === null || !namesEnvironment(profile, environment)) return;
    if (sha256(profile) === row.profile_digest) this.profiles.keep(row.profile_digest, { profile, environment });
  }
}

function namesEnvironment(profile: string, environment: string): boolean {
  if (profile.length + environment.length > CHARACTERS) return false;
  return profile.includes(`"environment":"${sha256(environment)}"`);
}

/** Keeps the most recent entries. */
class Kept<Value> {
  readonly values = new Map<string, Value>();

  keep(name: string, value: Value): void {
    this.values.set(name, value);
    if (this.values.size > KEPT) this.values.delete(this.values.keys().next().value as string);
  }
}
