import { digestIfJson, digestOf, sha256 } from '../canonical/digest';
import type { Digest } from '../foundation/ids';
import type { Json } from '../foundation/json';
import type { Plan } from '../plan/plan';
import { indexPlan, type PlanIndex } from '../plan/plan-index';
import type { Environment, Profile } from '../plan/profile';
import type { AdmissionColumns } from './stored-admission';
import { DocumentAltered, type StoredDocument } from './document-altered';

/** Documents of an admission as stored in rows. They have not been verified. */
export interface StoredTexts {
  readonly plan: string;
  readonly profile: string;
  readonly environment: string;
}

type Named = Pick<AdmissionColumns, 'tenant' | 'runId' | 'planHash' | 'profileDigest'>;

/** Maximum number and size of cached documents. Larger ones are hashed each time. */
const KEPT = 64;
const CHARACTERS = 128 * 1024;

/**
 * Plan, profile and environment of a run, each compared with its digest. `compare` is the only way to create it. Parsed and indexed once
 * for all runs with the same documents.
 */
export class RunDocuments {
  private read: { readonly plan: Plan; readonly profile: Profile; readonly environment: Environment } | null = null;
  private indexed: PlanIndex | null = null;
  private inputDigest: Digest | null = null;

  private constructor(
    readonly planHash: Digest,
    readonly profileDigest: Digest,
    readonly environmentDigest: Digest,
    /** The exact texts. */
    readonly texts: StoredTexts,
  ) {}

  /** Throws `DocumentAltered` if a text does not match its digest. */
  static compare(of: Named & StoredTexts): RunDocuments {
    const { planHash, profileDigest, plan, profile, environment } = of;
    const compare = (document: StoredDocument, expected: string, text: string): Digest => {
      const found = sha256(text);
      if (found !== expected) throw altered(of, document, `the ${document}`, expected, found);
      return found;
    };
    compare('plan', planHash, plan);
    compare('profile', profileDigest, profile);
    // The profile's digest was compared, so its content is as admitted.
    const named = (JSON.parse(profile) as Profile).environment;
    compare('environment', named, environment);
    return new RunDocuments(planHash, profileDigest, named, { plan, profile, environment });
  }

  /** True if these are the exact texts, which need not be hashed again. */
  areOf({ plan, profile, environment }: StoredTexts): boolean {
    const { texts } = this;
    return texts.plan === plan && texts.profile === profile && texts.environment === environment;
  }

  get plan(): Plan {
    return this.documents.plan;
  }

  get profile(): Profile {
    return this.documents.profile;
  }

  get environment(): Environment {
    return this.documents.environment;
  }

  get index(): PlanIndex {
    const { plan, profile, environment } = this.documents;
    return (this.indexed ??= indexPlan(plan, this.planHash, profile.defaults, environment));
  }

  /** Compares inputs that a row duplicates with those of the plan. Throws `DocumentAltered`. */
  compareInputs(of: Named, inputs: Json): void {
    const expected = (this.inputDigest ??= digestOf(this.plan.inputs));
    const found = digestIfJson(inputs);
    if (found !== expected) throw altered(of, 'inputs', 'the list of inputs', expected, found ?? 'no document');
  }

  private get documents(): { readonly plan: Plan; readonly profile: Profile; readonly environment: Environment } {
    const { plan, profile, environment } = this.texts;
    return (this.read ??= {
      plan: JSON.parse(plan) as Plan,
      profile: JSON.parse(profile) as Profile,
      environment: JSON.parse(environment) as Environment,
    });
  }
}

function altered({ tenant, runId }: Named, document: StoredDocument, what: string, expected: string, found: string) {
  return new DocumentAltered({ tenant, runId, document, what, expected, found });
}

/** Caches the documents that were compared last, separately for each tenant. */
export class KnownDocuments {
  private readonly kept = new Map<string, RunDocuments>();

  /** Throws `DocumentAltered`. */
  of(run: Named & StoredTexts): RunDocuments {
    const key = `${run.tenant} ${run.planHash} ${run.profileDigest}`;
    const known = this.kept.get(key);
    const documents = known?.areOf(run) ? known : RunDocuments.compare(run);
    if (run.plan.length + run.profile.length + run.environment.length > CHARACTERS) return documents;
    // The most recently used entry is last.
    this.kept.delete(key);
    this.kept.set(key, documents);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as string);
    return documents;
  }
}
