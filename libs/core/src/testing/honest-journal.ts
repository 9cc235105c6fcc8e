import { journalNdjson } from '../lib/evidence/bundle/bundle-files';
import { answerAgain } from '../lib/evidence/verify/answers/answer-again';
import { strayFact } from '../lib/evidence/verify/check/check-executions';
import type { AdmissionRecord } from '../lib/evidence/records/documents';
import type { EvidenceDocuments } from '../lib/evidence/records/evidence-documents';
import { unnamedValue } from '../lib/evidence/verify/named-values';
import { readPages } from '../lib/evidence/bundle/read-bundle';
import { factsOf } from '../lib/evidence/records/run-facts';
import { isCodedError } from '../lib/foundation/coded-error';
import type { Digest } from '../lib/foundation/ids';
import type { Page } from '../lib/journal/page';
import type { Plan } from '../lib/plan/plan';
import { indexPlan } from '../lib/plan/plan-index';
import type { Environment, Profile } from '../lib/plan/profile';

/** What a journal belongs to, as the rows of a run say it. */
export interface JournalOf {
  readonly pages: readonly Page[];
  readonly admission: AdmissionRecord;
  readonly admissionDigest: Digest;
  readonly plan: Plan;
  readonly planHash: Digest;
  readonly profile: Profile;
  readonly profileDigest: Digest;
  readonly environment: Environment;
}

/** What a verifier of its evidence would object to in the journal of an ended run, without signatures; null if nothing. */
export function objectionToJournal(of: JournalOf): string | null {
  const { plan, planHash, profile, profileDigest, environment, admission, admissionDigest } = of;
  try {
    const pages = readPages(journalNdjson(of.pages));
    const documents = {
      evidence: { pages, pack: { files: [] } },
      admission: { record: admission, envelope: { digest: admissionDigest } },
      plan,
      planHash,
      index: indexPlan(plan, planHash, profile.defaults, environment),
      profile,
      profileDigest,
      environment,
      facts: factsOf(pages),
      gates: new Map(),
    } as unknown as EvidenceDocuments;
    const { differs, unanswered } = answerAgain(documents, null);
    const [first] = unanswered;
    const lacking = first === undefined ? null : `${first.asked} of ${first.step} cannot be answered again`;
    return differs ?? lacking ?? strayFact(documents) ?? unnamedValue(documents);
  } catch (error) {
    if (isCodedError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}
