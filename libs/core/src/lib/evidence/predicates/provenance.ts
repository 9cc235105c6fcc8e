import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import { isJsonObject, type JsonObject } from '../../foundation/json';
import { cyclonedxAttestation, packListing, statementPayload } from '../bundle/bundle-files';
import { bomStatements, type BomStatement } from './cyclonedx';
import { egressNdjson, inputsLock, policyFiles, stepsNdjson } from '../statement/derived-files';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { bundledFile, fileUri, imageUri, packUri, resource, type Resource } from './resource';
import { workersOf } from '../records/run-facts';
import { buildStatement, PREDICATE, type Statement } from '../statement/statement';

/** Defines the parameters (docs/predicates/task-pack-v2.md), which is a complete list. */
export const BUILD_TYPE = 'https://stellaops.io/taskrunner/buildtypes/task-pack/v2';

/** SLSA Provenance v1 (`https://slsa.dev/provenance/v1`). */
export type Provenance = {
  readonly buildDefinition: {
    readonly buildType: typeof BUILD_TYPE;
    readonly externalParameters: {
      readonly pack: Resource;
      readonly plan: Resource;
      readonly inputs: Resource;
      readonly mode: 'open' | 'sealed';
    };
    readonly internalParameters: { readonly profile: Resource; readonly environment: Resource };
    readonly resolvedDependencies: readonly Resource[];
  };
  readonly runDetails: {
    readonly builder: { readonly id: string; readonly builderDependencies: readonly Resource[] };
    readonly metadata: { readonly invocationId: string; readonly startedOn?: string; readonly finishedOn: string };
    readonly byproducts: readonly Resource[];
  };
};

/**
 * Provenance of a run's products, with the subjects of the pack-run statement; null unless the run succeeded. It derives only from
 * documents that an Attestor sees too: no digest covers bytes of logs or values of the journal.
 *
 * @param boms the statements about bills of materials that are signed beside it
 */
export function buildProvenance(
  documents: EvidenceDocuments,
  boms: readonly BomStatement[] = bomStatements(documents),
): Statement<Provenance> | null {
  const { _type, subject, predicate } = buildStatement(documents);
  const { run, profile, builder } = predicate;
  if (run.result !== 'succeeded') return null;
  const { evidence } = documents;
  // In RFC 8785 order, so that the statement can be written without sorting.
  return {
    _type,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          inputs: bundledFile('inputs.lock.json', sha256(inputsLock(documents))),
          mode: profile.mode,
          pack: packOf(documents),
          plan: bundledFile('plan.json', documents.planHash),
        },
        internalParameters: {
          environment: bundledFile('environment.json', sha256(evidence.environment)),
          profile: bundledFile('profile.json', documents.profileDigest),
        },
        resolvedDependencies: dependencies(documents),
      },
      runDetails: {
        builder: {
          builderDependencies: sorted(
            workersOf(documents.facts).map(({ version, build }) => {
              return resource('taskrunner-worker', build, { annotations: { version } });
            }),
          ),
          id: builder,
        },
        byproducts: byproducts(documents, boms),
        metadata: {
          finishedOn: run.endedAt,
          invocationId: run.id,
          ...(run.startedAt !== null && { startedOn: run.startedAt }),
        },
      },
    },
    predicateType: PREDICATE.provenance,
    subject,
  };
}

/** The digest covers the pack's bytes as received. The content digest is the pack's identity. */
function packOf({ admission }: EvidenceDocuments): Resource {
  const { name, version, sourceDigest, contentDigest } = admission.record.pack;
  return resource('pack', sourceDigest, { uri: packUri(name, version), annotations: { contentDigest } });
}

/** The pack and its files, images, programs that ran, input files, and the original run of a rerun, without duplicates and sorted. */
function dependencies(documents: EvidenceDocuments): readonly Resource[] {
  const { profile, plan, facts, admission, evidence } = documents;
  const found: Resource[] = [
    packOf(documents),
    bundledFile('pack/manifest.json', sha256(evidence.pack.manifest)),
    bundledFile('pack/files.json', sha256(packListing(evidence))),
  ];
  for (const [reference, digest] of Object.entries(profile.images))
    found.push(resource(reference, digest, { uri: imageUri(reference, digest) }));
  for (const [name, value] of Object.entries(plan.inputs)) {
    const file = fileInput(value);
    if (file) found.push(resource(`inputs.${name}`, file.digest, { annotations: { size: file.size } }));
  }
  const { rerunOf, rerun } = admission.record;
  // A reused result was made by another run, which is named by the hash of its last journal page.
  if (rerun && rerunOf !== null && facts.reused.size > 0)
    found.push(resource('original', rerun.head, { uri: `taskpack-run:${rerunOf}` }));
  // Most steps of a run share their programs.
  const tools = new Map<string, Resource>();
  for (const { event } of facts.entries) {
    if (event.type !== 'tool.resolved') continue;
    const { path, digest } = event;
    const key = `${digest} ${path}`;
    if (!tools.has(key)) tools.set(key, toolOf(path, digest));
  }
  return sorted([...found, ...tools.values()]);
}

/** A program of the worker's host is named by its path, a program that a container engine started by its image. */
function toolOf(path: string, digest: Digest): Resource {
  return resource(path, digest, { uri: path.startsWith('/') ? fileUri(path) : imageUri(path, digest) });
}

function fileInput(value: JsonObject[string]): { readonly digest: Digest; readonly size: number } | null {
  if (!isJsonObject(value) || Object.keys(value).sort().join() !== 'digest,size') return null;
  return value as { readonly digest: Digest; readonly size: number };
}

/** Products of the run besides its artifacts, and the statements that are signed together with this one. */
function byproducts(documents: EvidenceDocuments, boms: readonly BomStatement[]): readonly Resource[] {
  const { evidence, facts } = documents;
  const head = evidence.pages.at(-1)?.hash;
  const probes = workersOf(facts).flatMap(({ probe }) => {
    return evidence.probes.has(probe) ? [bundledFile(`probes/${probe.slice(7)}.json`, probe)] : [];
  });
  return [
    ...(head === undefined ? [] : [resource('journal', head, { annotations: { digestOf: 'last page', entries: facts.entries.length, path: 'journal.ndjson' } })]), // prettier-ignore
    ...sorted([
      bundledFile('steps.ndjson', sha256(stepsNdjson(documents)), { holds: 'digests of logs' }),
      bundledFile('egress.ndjson', sha256(egressNdjson(documents))),
      ...policyFiles(documents).map(({ path, text }) => bundledFile(path, sha256(text))),
      ...probes,
    ]),
    ...boms.map(({ artifact, statement }, place) =>
      bundledFile(cyclonedxAttestation(place), sha256(statementPayload(statement)), {
        digestOf: 'payload',
        artifact: `${artifact.step}/${artifact.name}`,
      }),
    ),
  ];
}

/** By the RFC 8785 text of name and resource, without duplicates. The text of the name decides unless there are several of it. */
function sorted(resources: readonly Resource[]): readonly Resource[] {
  const byName = new Map(resources.map((one) => [JSON.stringify(one.name), one]));
  if (byName.size === resources.length) return [...byName.keys()].sort().map((name) => byName.get(name) as Resource);
  const byText = new Map(resources.map((one) => [canonical([one.name, one as unknown as JsonObject]), one]));
  return [...byText.keys()].sort().map((text) => byText.get(text) as Resource);
}
