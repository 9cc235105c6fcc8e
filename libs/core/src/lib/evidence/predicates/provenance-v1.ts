import type { Digest } from '../../foundation/ids';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { isDigest } from '../../foundation/ids';
import { isJsonObject } from '../../foundation/json';
import { buildStatement, PREDICATE, type Statement } from '../statement/statement';

/** The build type of provenance that earlier releases signed (docs/predicates/task-pack-v1.md). */
export const BUILD_TYPE_V1 = 'https://stellaops.io/taskrunner/buildtypes/task-pack/v1';

type Dependency = { readonly name: string; readonly uri?: string; readonly digest: { readonly sha256: string } };

/** SLSA Provenance v1 with the build type of earlier releases. */
type ProvenanceV1 = {
  readonly buildDefinition: {
    readonly buildType: typeof BUILD_TYPE_V1;
    readonly externalParameters: {
      readonly pack: { readonly uri: string; readonly contentDigest: Digest };
      readonly planHash: Digest;
      readonly inputs: Digest;
      readonly mode: 'open' | 'sealed';
    };
    readonly internalParameters: { readonly profileDigest: Digest };
    readonly resolvedDependencies: readonly Dependency[];
  };
  readonly runDetails: {
    readonly builder: { readonly id: string };
    readonly metadata: { readonly invocationId: string; readonly startedOn?: string; readonly finishedOn: string };
  };
};

/**
 * Derives the provenance that releases before build type v2 signed, byte for byte, so that their bundles still verify. Null unless the
 * run succeeded. New runs get `buildProvenance`.
 */
export function buildProvenanceV1(documents: EvidenceDocuments): Statement<ProvenanceV1> | null {
  const { _type, subject, predicate } = buildStatement(documents);
  const { run, pack, plan, profile, inputs, builder } = predicate;
  if (run.result !== 'succeeded') return null;
  const uri = `taskpack:${pack.name}@${pack.version}`;
  return {
    _type,
    subject,
    predicateType: PREDICATE.provenance,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE_V1,
        externalParameters: {
          pack: { uri, contentDigest: pack.contentDigest },
          planHash: plan.hash,
          inputs: inputs.digest,
          mode: profile.mode,
        },
        internalParameters: { profileDigest: profile.digest },
        resolvedDependencies: [
          { name: 'pack', uri, digest: { sha256: pack.sourceDigest.slice(7) } },
          ...dependencies(documents),
        ],
      },
      runDetails: {
        builder: { id: builder },
        metadata: {
          invocationId: run.id,
          ...(run.startedAt !== null && { startedOn: run.startedAt }),
          finishedOn: run.endedAt,
        },
      },
    },
  };
}

/** Images, programs, input files, and the original run of a rerun, without duplicates and sorted. */
function dependencies({ profile, plan, facts, admission }: EvidenceDocuments): readonly Dependency[] {
  const found = new Map<string, Digest>();
  for (const [ref, digest] of Object.entries(profile.images)) found.set(`image:${ref}`, digest);
  for (const [name, value] of Object.entries(plan.inputs)) {
    const digest = isJsonObject(value) && Object.keys(value).sort().join() === 'digest,size' ? value['digest'] : null;
    if (isDigest(digest)) found.set(`input:${name}`, digest);
  }
  // A reused result was made by another run, which is named by the hash of its journal.
  const { rerunOf, rerun } = admission.record;
  if (rerun && facts.reused.size > 0) found.set(`original:${rerunOf}`, rerun.head);
  for (const own of facts.ofStep.values()) {
    for (const fact of own) if (fact.type === 'tool.resolved') found.set(`tool:${fact.digest}`, fact.digest);
  }
  return [...found.keys()].sort().map((name) => ({ name, digest: { sha256: (found.get(name) as Digest).slice(7) } }));
}
