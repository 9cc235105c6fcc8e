import { BrandedError } from '../../foundation/branded-error';
import { isCodedError } from '../../foundation/coded-error';
import { chainFault, type AuditEntry } from './audit-chain';
import { forkIn, openCheckpoint } from './checkpoints';
import { restrictedAuthorityOf, type AcceptedAuthorities } from '../records/builder';
import type { CheckpointRecord } from '../records/documents';
import type { Envelope } from '../encoding/envelope';
import type { VerifySignature } from '../encoding/open-envelope';
import type { TrustFile } from '../encoding/trust';

/** Parameters of the verification of an audit export. */
interface VerifyAuditRequest extends AcceptedAuthorities {
  /** The entries of the export, in its order. */
  readonly entries: readonly AuditEntry[];
  /** Checkpoints that were kept outside of the service. */
  readonly checkpoints: readonly Envelope[];
  readonly trust: TrustFile;
  readonly verifySignature: VerifySignature;
  /** Needed where the checkpoints are of several tenants. */
  readonly tenant?: string | undefined;
  /** The verifier's clock, milliseconds since the epoch; without it the trust file's expiry is not checked. */
  readonly now?: number | undefined;
}

/** All checks of an audit export, in the order in which they run. */
const AUDIT_CHECK_NAMES = ['trust.current', 'trust.authority', 'checkpoints.signature', 'checkpoints.agree', 'audit.chain', 'audit.complete'] as const; // prettier-ignore
type AuditCheckName = (typeof AUDIT_CHECK_NAMES)[number];

/** Result of one check. */
interface AuditCheck {
  readonly name: AuditCheckName;
  readonly ok: boolean;
  readonly detail: string;
}

/** Result of an offline verification of an audit export. */
export interface AuditVerification {
  readonly ok: boolean;
  readonly tenant: string | null;
  /** Last entry of the export; 0 if it has none. */
  readonly last: number;
  /** Entries up to this one are covered by a checkpoint; 0 if none is. */
  readonly covered: number;
  readonly checks: readonly AuditCheck[];
}

class Failed extends BrandedError {
  static {
    this.brand('AuditCheckFailed');
  }
}

function fail(detail: string): never {
  throw new Failed(detail);
}

/**
 * Verifies that an export of a tenant's audit chain is complete against checkpoints from elsewhere: no entry is missing in the middle, none
 * was changed, and none was cut from the end before the last checkpoint. Entries after the last checkpoint cannot be verified. Never throws
 * for what export and checkpoints hold: that is a failed check.
 */
export function verifyAudit(request: VerifyAuditRequest): AuditVerification {
  const { entries, trust, now } = request;
  const last = entries.at(-1)?.seq ?? 0;
  let own: readonly CheckpointRecord[] = [];
  let covered = 0;
  const checkers: { readonly [Name in AuditCheckName]: () => string } = {
    'trust.current': () => {
      if (now === undefined) return 'expiry not checked: no clock';
      if (now < Date.parse(trust.issued)) fail('issued in the future');
      if (now > Date.parse(trust.expires)) fail(`expired ${trust.expires}`);
      return `${trust.id} serial ${trust.serial}, until ${trust.expires}`;
    },
    'trust.authority': () => authorityOf(request),
    'checkpoints.signature': () => {
      own = ownCheckpoints(request);
      if (own.length === 0) fail('no checkpoint of this tenant was given');
      return `${own.length} checkpoints of tenant ${own[0]?.tenant ?? ''}`;
    },
    'checkpoints.agree': () => {
      const fork = forkIn(own);
      if (fork !== null) fail(`two checkpoints have different heads at entry ${fork}`);
      return own.length === 0 ? 'there are none' : 'no two contradict each other';
    },
    'audit.chain': () => {
      const fault = chainFault(entries);
      if (fault) fail(`entry ${fault.seq}: ${fault.reason}`);
      return entries.length === 0 ? 'no entries' : `entries ${entries[0]?.seq ?? 0} to ${last}`;
    },
    'audit.complete': () => {
      covered = coveredBy(entries, own);
      return covered === last ? `all ${last} entries are covered` : `up to entry ${covered}; later ones are covered by no checkpoint`; // prettier-ignore
    },
  };
  const checks = AUDIT_CHECK_NAMES.map((name) => answer(name, checkers[name]));
  return { ok: checks.every(({ ok }) => ok), tenant: own[0]?.tenant ?? null, last, covered, checks };
}

function answer(name: AuditCheckName, check: () => string): AuditCheck {
  try {
    return { name, ok: true, detail: check() };
  } catch (error) {
    if (Failed.is(error)) return { name, ok: false, detail: error.message };
    if (isCodedError(error)) return { name, ok: false, detail: `${error.code}: ${error.message}` };
    return { name, ok: false, detail: `malformed (${error instanceof Error ? error.name : 'unknown'})` };
  }
}

/**
 * A checkpoint does not say which Authority made it. If all keys of runs in the trust file belong to restricted Authorities, so does the
 * chain. Fails unless the caller accepts them.
 */
function authorityOf({ trust, ...accepted }: VerifyAuditRequest): string {
  const builders = [...new Set(trust.keys.flatMap((key) => key.builders))];
  const restricted = builders.flatMap((builder) => restrictedAuthorityOf(builder) ?? []);
  if (restricted.length === 0) return 'no development or local keys';
  const nouns = restricted.map(({ noun }) => noun).join(' and ');
  if (restricted.length < builders.length) return `the trust file also has keys of ${nouns}`;
  const refused = restricted.filter((one) => !one.isAccepted(accepted)).map(({ option }) => option);
  if (refused.length > 0) fail(`the trust file has only keys of ${nouns} (${refused.join(', ')})`);
  return `${restricted.map(({ keys }) => keys).join(', ')}, accepted because of ${restricted.map(({ option }) => option).join(', ')}`;
}

/** The checkpoints of the expected tenant, opened. */
function ownCheckpoints(request: VerifyAuditRequest): readonly CheckpointRecord[] {
  const { checkpoints, trust, verifySignature, tenant } = request;
  const opened = checkpoints.map((envelope, at) =>
    openedAt(at + 1, () => openCheckpoint(envelope, trust, verifySignature)),
  );
  const own = opened.filter(({ record }) => tenant === undefined || record.tenant === tenant);
  const tenants = new Set(own.map(({ record }) => record.tenant));
  if (tenants.size > 1) fail(`the checkpoints are of ${tenants.size} tenants: select one with --tenant`);
  for (const { objection } of own) if (objection !== null) fail(objection);
  return own.map(({ record }) => record);
}

/** What a checkpoint holds, or a failure that names its line. */
function openedAt<Opened>(line: number, open: () => Opened): Opened {
  try {
    return open();
  } catch (error) {
    if (isCodedError(error)) return fail(`checkpoint ${line}: ${error.code}: ${error.message}`);
    throw error;
  }
}

/**
 * The last entry that checkpoints cover. Fails if a checkpoint contradicts the export, or if the export begins too late or ends too early.
 */
function coveredBy(entries: readonly AuditEntry[], own: readonly CheckpointRecord[]): number {
  if (own.length === 0) fail('not checked, because there is no checkpoint to compare with');
  const [first, last] = [entries[0]?.seq ?? 1, entries.at(-1)?.seq ?? 0];
  const before = entries[0]?.prev ?? null;
  if (first > 1 && !own.some(({ count, head }) => count === first - 1 && head === before))
    fail(`entries 1 to ${first - 1} are missing, and no checkpoint ends there`);
  let covered = 0;
  for (const { count, head, at } of own) {
    if (count > last)
      fail(
        `truncated, or of another chain: the checkpoint of ${at} covers ${count} entries, the export ends with ${last}`,
      );
    // A checkpoint covers the entries that the export leaves out at its beginning.
    if (count < first) continue;
    if (entries[count - first]?.hash !== head) fail(`entry ${count} differs from the entry in the checkpoint of ${at}`);
    covered = Math.max(covered, count);
  }
  return covered;
}
