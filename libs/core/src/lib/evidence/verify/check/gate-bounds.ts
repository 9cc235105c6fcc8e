import { sameSubject } from '../../../foundation/principal';
import type { GateRequest } from '../../records/documents';
import type { EvidenceDocuments } from '../../records/evidence-documents';
import type { ProofKind } from '../../encoding/trust';

const RANK: { readonly [Kind in ProofKind]: number } = { service: 0, token: 1, key: 2 };

/** True if the proof is at least as strong as the required one. */
export function isProofEnough(proof: ProofKind, asked: ProofKind): boolean {
  return RANK[proof] >= RANK[asked];
}

/** The requirement in which a gate's request falls short of plan and environment; null if there is none. */
export function laxness(
  { plan, environment }: EvidenceDocuments,
  { requirement }: GateRequest,
  approvalId: string | null,
): string | null {
  const approval = plan.approvals.find(({ id }) => id === approvalId);
  const { floor } = environment.approvals;
  if (!approval || requirement.approval !== approval.id) return 'another approval';
  if (approval.grants.some((grant) => grant !== 'packs.approve' && !requirement.grants.includes(grant)))
    return 'fewer grants';
  if (requirement.minApprovals < Math.max(approval.minApprovals, floor.minApprovals)) return 'fewer approvals';
  if (requirement.selfApproval && !(approval.allowSelfApproval && floor.selfApproval)) return 'self-approval';
  if (requirement.reasonRequired !== approval.reasonRequired) return 'no reason';
  if (!isProofEnough(requirement.proof, floor.proof)) return 'a weaker proof';
  const programs = requirement.actors ?? [];
  if (!programs.every((one) => floor.actors?.some((other) => sameSubject(one, other)))) return 'more actors';
  const ages = [approval.maxAuthAgeMs, floor.maxAuthAgeMs].filter((age) => age !== null);
  if (ages.length > 0 && !(durationMs(requirement.maxAuthAge) <= Math.min(...ages))) return 'an older authentication';
  return null;
}

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/;

/** An ISO 8601 duration in milliseconds; infinite for null, NaN for anything else. */
export function durationMs(text: string | null): number {
  if (text === null) return Infinity;
  const match = DURATION.exec(text);
  if (!match || text.endsWith('T') || text === 'P') return NaN;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
}
