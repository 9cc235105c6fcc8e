import { canonical } from '../canonical/canonical';
import { sha256 } from '../canonical/digest';
import { sensitiveInputs } from '../evidence/evidence-documents';
import type { Digest } from '../foundation/ids';
import { indexPlan, type PlanIndex } from '../plan/plan-index';
import type { Plan } from '../plan/plan';
import type { Environment, Profile } from '../plan/profile';
import type { ClaimedRun } from '../ports/claims';

/** How many are kept, and of how much text: what is longer, or has files, is read each time. */
const KEPT = 64;
const CHARACTERS = 128 * 1024;
const INPUT_CHARACTERS = 16 * 1024;
const REPLANNED = 64;

/** What the documents of an admission say, read once however many runs have the same. Digests are of the texts themselves. */
export class AdmittedDocuments {
  readonly planHash: Digest;
  readonly profileDigest: Digest;
  readonly environmentDigest: Digest;
  private readonly replanned = new Map<string, Promise<Digest | null>>();
  private read: { readonly plan: Plan; readonly profile: Profile; readonly environment: Environment } | null = null;
  private index: PlanIndex | null = null;

  constructor(private readonly of: Texts) {
    this.planHash = sha256(of.plan);
    this.profileDigest = sha256(of.profile);
    this.environmentDigest = sha256(of.environment);
  }

  /** True if these are the very texts: then all that was derived from them holds. */
  areOf({ plan, profile, environment }: Texts): boolean {
    return this.of.plan === plan && this.of.profile === profile && this.of.environment === environment;
  }

  /** Throws a `SyntaxError` if one is not JSON. */
  get documents(): { readonly plan: Plan; readonly profile: Profile; readonly environment: Environment } {
    const { plan, profile, environment } = this.of;
    return (this.read ??= {
      plan: JSON.parse(plan) as Plan,
      profile: JSON.parse(profile) as Profile,
      environment: JSON.parse(environment) as Environment,
    });
  }

  get x(): PlanIndex {
    const { plan, profile, environment } = this.documents;
    return (this.index ??= indexPlan(plan, this.planHash, profile.defaults, environment.approvals.floor));
  }

  /** The hash that planning again gives. Planning is pure: of the same manifest and inputs under the same documents it is asked once. */
  replan(
    run: Pick<ClaimedRun, 'manifest' | 'files' | 'inputs'>,
    ask: () => Promise<Digest | null>,
  ): Promise<Digest | null> {
    const key = this.keyOf(run);
    if (key === null) return ask();
    const known = this.replanned.get(key);
    if (known) return known;
    const asked = ask();
    asked.catch(() => this.replanned.delete(key));
    this.replanned.set(key, asked);
    if (this.replanned.size > REPLANNED) this.replanned.delete(this.replanned.keys().next().value as string);
    return asked;
  }

  /** Null for what is not remembered: large packs, packs with files, and values that are kept no longer than needed. */
  private keyOf({ manifest, files, inputs }: Pick<ClaimedRun, 'manifest' | 'files' | 'inputs'>): string | null {
    if (files.length > 0 || manifest.length > CHARACTERS || sensitiveInputs(this.documents.plan).length > 0)
      return null;
    const text = canonical(inputs);
    return text.length > INPUT_CHARACTERS ? null : `${sha256(manifest)} ${sha256(text)}`;
  }
}

type Texts = Pick<ClaimedRun, 'plan' | 'profile' | 'environment'>;

/** The documents of the runs that were restored last, each tenant's apart. */
export class KnownDocuments {
  private readonly kept = new Map<string, AdmittedDocuments>();

  of(run: ClaimedRun): AdmittedDocuments {
    const key = `${run.tenant} ${run.planHash} ${run.profileDigest}`;
    const known = this.kept.get(key);
    const documents = known?.areOf(run) ? known : new AdmittedDocuments(run);
    if (run.plan.length + run.profile.length + run.environment.length > CHARACTERS) return documents;
    // The last used stands last.
    this.kept.delete(key);
    this.kept.set(key, documents);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as string);
    return documents;
  }
}
