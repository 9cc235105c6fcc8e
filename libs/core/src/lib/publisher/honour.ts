import { digestOf } from '../canonical/digest';
import { ruleText, rulesBeyond } from '../egress/egress-bound';
import type { EgressRule } from '../egress/egress-rule';
import type { AdmissionRecord } from '../evidence/records/documents';
import { hasOlderSchemaRules } from '../evidence/verify/plan-again';
import type { TenantId } from '../foundation/ids';
import { isJsonArray, isJsonObject, type Json } from '../foundation/json';
import type { Approval, RunNode } from '../plan/plan';
import type { PlanIndex } from '../plan/plan-index';
import type { ApprovalFloor, Environment, Profile } from '../plan/profile';
import { environmentRules, profileRules } from '../plan/step-egress';
import { hasMachine } from '../run/run-state';
import { decideTrustAgain, type PackTrustCode, type PackTrustPolicy } from './pack-trust';

/** The capabilities of a worker: a function of its configuration, its build and its last probe. */
export interface WorkerMeans {
  /** The environments of its own configuration: one, or an open and a sealed one. */
  readonly environments: readonly Environment[];
  /** Sandbox profiles that its probe has shown to hold. */
  readonly isolations: readonly string[];
  /** Its own `sealedMode.allow`. */
  readonly egress: readonly EgressRule[];
  readonly packTrust: PackTrustPolicy;
  /** Time at which its configuration was read, database time in milliseconds since the epoch. */
  readonly configuredAt: number;
}

/**
 * Parts of an environment that a worker may lack. The first ones apply to every run of the environment, the others to runs that use them.
 */
export const UNMET_PARTS = [
  'document',
  'machine',
  'mode',
  'isolation',
  'engines',
  'extensions',
  'executors',
  'destinations',
  'bundleRoots',
  'egress',
  'approvals',
  'packTrust',
] as const;

export type UnmetPart = (typeof UNMET_PARTS)[number];

/** A part that a run was admitted with and a worker does not provide. */
export interface Unmet {
  readonly part: UnmetPart;
  /** For people: what is required, and what is there. */
  readonly detail: string;
  /**
   * Code with which the run ends if every worker lacks the part, because the operator withdrew what the run was admitted with. Null: the
   * run waits for a worker that has it.
   */
  readonly stops: StopCode | null;
}

/** How a run ends that a change of the configuration stops. */
export type StopCode = PackTrustCode | 'SEALED_EGRESS_DENIED' | 'PROFILE_MISMATCH';

/** What every run of an environment lacks on a worker; empty: the worker claims such runs. Pure and total. */
export function unmetOfEnvironment(environment: Environment, means: WorkerMeans): readonly Unmet[] {
  const own = means.environments.find(({ mode }) => mode === environment.mode);
  const { isolation, mode } = environment;
  if (own === undefined && mode === 'open')
    return [lacks('mode', 'the run is open, but this worker accepts only sealed runs')];
  const found: Unmet[] = [];
  if (own === undefined || own.isolation !== isolation || !means.isolations.includes(isolation))
    found.push(lacks('isolation', `it cannot enforce ${isolation}`));
  if (own === undefined) return found;
  if (!hasMachine(environment.machine))
    found.push(lacks('machine', `this worker does not have run machine ${environment.machine}`));
  const engines = differences(environment.engines, own.engines);
  if (hasOlderSchemaRules(environment)) engines.push('json-schema');
  if (engines.length > 0) found.push(lacks('engines', `${engines.join(', ')} of another version`));
  return found;
}

/** What a run requires of its environment. */
interface AdmittedUse {
  readonly index: PlanIndex;
  readonly profile: Pick<Profile, 'egress'>;
  readonly environment: Environment;
  readonly admission: Pick<AdmissionRecord, 'pack' | 'tenant'>;
}

/** What one run lacks on a worker, by what it uses; empty: the worker drives it with the values of its admission. Pure and total. */
export function unmetOfRun(run: AdmittedUse, means: WorkerMeans): readonly Unmet[] {
  const ofAll = unmetOfEnvironment(run.environment, means);
  const own = means.environments.find(({ mode }) => mode === run.environment.mode);
  const untrusted = unmetTrust(run, means.packTrust);
  if (own === undefined) return [...untrusted, ...ofAll];
  return [...untrusted, ...unmetEgress(run, means.egress), ...unmetFloor(run, own), ...ofAll, ...unmetUses(run, own)];
}

/** Packs whose publishers are no longer trusted. Of an inner pack only its content and version are checked here. */
function unmetTrust({ index, admission }: AdmittedUse, policy: PackTrustPolicy): readonly Unmet[] {
  const tenant = admission.tenant as TenantId;
  const inner = [...index.nodes.values()].flatMap(({ node }) => (node.kind === 'pack' ? [node.pack] : []));
  const packs = [
    { ...admission.pack, signers: admission.pack.signers },
    ...inner.map((pack) => ({ ...pack, signers: null })),
  ];
  for (const { signers, ...pack } of packs) {
    const refusal = decideTrustAgain(pack, tenant, signers, policy);
    if (refusal !== null)
      return [
        stops('packTrust', `${pack.name}:${pack.version} is not allowed to run here: ${refusal.detail}`, refusal.code),
      ];
  }
  return [];
}

function unmetEgress({ profile, environment }: AdmittedUse, entries: readonly EgressRule[]): readonly Unmet[] {
  const [beyond] = rulesBeyond(profileRules(profile), environmentRules(environment, entries));
  if (beyond === undefined) return [];
  const where = ruleText(beyond);
  return [stops('egress', `${where} is not on sealedMode.allow of this worker`, 'SEALED_EGRESS_DENIED')];
}

/** Gates that would require less than this worker's own floor. */
function unmetFloor({ index, environment }: AdmittedUse, own: Environment): readonly Unmet[] {
  const admitted = environment.approvals.floor;
  const { floor } = own.approvals;
  for (const { node } of index.nodes.values()) {
    if (node.kind !== 'gate') continue;
    const approval = index.plan.approvals.find(({ id }) => id === node.approval);
    const weaker = weakerPart(approval, admitted, floor);
    if (weaker !== null)
      return [
        stops('approvals', `gates require less than approvals.floor.${weaker} of this worker`, 'PROFILE_MISMATCH'),
      ];
  }
  return [];
}

const PROOFS: readonly ApprovalFloor['proof'][] = ['service', 'token', 'key'];

/** The first part in which a gate under the admitted floor requires less than under another floor; null: none. */
function weakerPart(approval: Approval | undefined, admitted: ApprovalFloor, own: ApprovalFloor): string | null {
  const asked = approval?.minApprovals ?? 1;
  if (Math.max(asked, admitted.minApprovals) < Math.max(asked, own.minApprovals)) return 'minApprovals';
  if (approval?.allowSelfApproval === true && admitted.selfApproval && !own.selfApproval) return 'selfApproval';
  if (PROOFS.indexOf(admitted.proof) < PROOFS.indexOf(own.proof)) return 'proof';
  const age = approval?.maxAuthAgeMs ?? Infinity;
  if (Math.min(age, admitted.maxAuthAgeMs ?? Infinity) > Math.min(age, own.maxAuthAgeMs ?? Infinity))
    return 'maxAuthAge';
  const known = (own.actors ?? []).map(({ iss, sub }) => JSON.stringify([iss, sub]));
  const others = (admitted.actors ?? []).some(({ iss, sub }) => !known.includes(JSON.stringify([iss, sub])));
  return others ? 'actors' : null;
}

/** Executors, destinations and roots that the steps of the run name. */
function unmetUses({ index, environment }: AdmittedUse, own: Environment): readonly Unmet[] {
  const nodes = [...index.nodes.values()].flatMap(({ node }) => (node.kind === 'run' ? [node] : []));
  const used = nodes.map(({ uses }) => uses);
  const executors = differing(used, environment.executors, own.executors);
  const extensions = differing(used, digestsOf(environment.extensions), digestsOf(own.extensions));
  const destinations = differing(
    named(nodes, 'builtin:evidence-export', 'destination'),
    // An environment that states none was not checked. This worker's own settings apply.
    environment.destinations ?? own.destinations ?? {},
    own.destinations ?? {},
  );
  const roots = differing(
    named(nodes, 'builtin:bundle.ingest', 'trust'),
    rootsOf(environment) ?? rootsOf(own) ?? {},
    rootsOf(own) ?? {},
  );
  return [
    ...(executors.length > 0 ? [lacks('executors', `${executors.join(', ')} missing or of another behaviour`)] : []),
    ...(extensions.length > 0
      ? [lacks('extensions', `${extensions.join(', ')} missing or with another descriptor`)]
      : []),
    ...(destinations.length > 0
      ? [lacks('destinations', `${destinations.join(', ')} missing or at another location`)]
      : []),
    ...(roots.length > 0 ? [lacks('bundleRoots', `${roots.join(', ')} missing or with other keys`)] : []),
  ];
}

type Versions = Readonly<Record<string, Json>>;

/** Names in the first map that are missing or different in the second. */
function differences(asked: Versions, own: Versions): string[] {
  return differing(Object.keys(asked), asked, own);
}

function differing(names: readonly string[], asked: Versions, own: Versions): string[] {
  const of = (versions: Versions, name: string): Json =>
    Object.hasOwn(versions, name) ? (versions[name] ?? null) : null;
  return [...new Set(names)].sort().filter((name) => of(asked, name) !== of(own, name));
}

/** The ids that steps of an executor name in a parameter: one, or a list. */
function named(nodes: readonly RunNode[], uses: string, parameter: string): readonly string[] {
  return nodes.flatMap((node) => {
    const value = node.uses === uses ? (node.with[parameter] ?? null) : null;
    return (isJsonArray(value) ? value : [value]).filter((id) => typeof id === 'string');
  });
}

function digestsOf(extensions: Environment['extensions']): Versions {
  return Object.fromEntries(Object.entries(extensions).map(([uses, one]) => [uses, digestOf(one as unknown as Json)]));
}

function rootsOf({ packTrust }: Environment): Versions | null {
  const { bundleRoots = null } = packTrust;
  return isJsonObject(bundleRoots) ? bundleRoots : null;
}

function lacks(part: UnmetPart, detail: string): Unmet {
  return { part, detail, stops: null };
}

function stops(part: UnmetPart, detail: string, code: StopCode): Unmet {
  return { part, detail, stops: code };
}
