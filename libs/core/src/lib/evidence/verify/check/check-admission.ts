import { canonical } from '../../../canonical/canonical';
import { sha256 } from '../../../canonical/digest';
import { parseInnerReference, vendorFolder } from '../../../pack/inner-pack';
import { toManifest } from '../../../pack/pack-digest';
import { packedPaths } from '../../../pack/pack-files';
import type { PlanIndex } from '../../../plan/plan-index';
import { inputsLock } from '../../statement/derived-files';
import { planAgain } from '../plan-again';
import { fileOf } from '../../bundle/read-bundle';
import { parseUtf8 } from '../../encoding/strict-json';
import { fail, isDraft, statedAsWithheld } from './verification-session';
import { found, type Checker } from './check';

/** The admission record is signed by an admission key. */
export const admissionSignature: Checker = (bundle) => {
  return found('signed', `signed by ${bundle.admission().opened.key.keyid}`);
};

/** The bundle holds what was admitted. */
export const admissionAgrees: Checker = (bundle) => {
  const { record } = bundle.admission();
  const { plan, planHash, profileDigest } = bundle.documents();
  if (!isDraft(bundle) && record.runId !== bundle.manifest().run) fail('the manifest is of another run');
  if (record.planHash !== planHash) fail('another plan was admitted');
  if (record.profileDigest !== profileDigest) fail('another profile was admitted');
  const { name, version, contentDigest } = record.pack;
  if (plan.pack.name !== name || plan.pack.version !== version) fail('another pack was admitted');
  if (plan.pack.contentDigest !== contentDigest) fail('another content of the pack was admitted');
  if (record.initiators.length === 0) fail('the run has no initiator');
  if (new Set(record.pack.signers).size < record.pack.signers.length) fail('a signer of the pack is listed twice');
  return found('recomputed', `run ${record.runId} of ${name}:${version}`);
};

/**
 * The pack's files match its content digest, which is computed from the listing. The only other files are those of published packs that the
 * plan uses. Bytes may be missing only if the run's own statement names them as withheld.
 */
export const packContent: Checker = (bundle) => {
  const { evidence, index } = bundle.documents();
  const { record } = bundle.admission();
  const { files } = bundle.request;
  const listed = new Set<string>();
  const withheld: string[] = [];
  for (const { path, digest, size, bytes } of evidence.pack.files) {
    if (listed.has(path)) fail(`${path} is listed twice`);
    listed.add(path);
    if (bytes === null) withheld.push(`pack/files/${path}`);
    else if (bytes.length !== size || sha256(bytes) !== digest) fail(`pack/files/${path} differs`);
  }
  for (const path of files.keys()) {
    if (path.startsWith('pack/files/') && !listed.has(path.slice(11))) fail(`${path} is not a file of the pack`);
  }
  const stated = new Set(isDraft(bundle) ? [] : statedAsWithheld(bundle));
  const missing = withheld.find((path) => !stated.has(path));
  if (missing !== undefined) fail(`${missing} is missing, and the statement does not list it as withheld`);
  const pack = bundle.pack() ?? fail('the manifest cannot be read');
  if (canonical(toManifest(pack.read.pack)) !== evidence.pack.manifest)
    fail('pack/manifest.json is not the normalised manifest');
  if (pack.contentDigest() !== record.pack.contentDigest) fail('the content differs from the admitted content');
  const [own, published] = [new Set(packedPaths(pack.files)), publishedFolders(index)];
  const stray = [...listed].find((path) => !own.has(path) && !published.some((folder) => path.startsWith(folder)));
  if (stray !== undefined)
    fail(`pack/files/${stray} is not part of the pack or of a published pack that the plan uses`);
  const detail = withheld.length > 0 ? `; the contents of ${withheld.length} files are withheld` : '';
  return found('recomputed', `${record.pack.contentDigest}${detail}`);
};

/** Folders with the files of the published packs that the plan uses. */
function publishedFolders({ nodes }: PlanIndex): readonly string[] {
  return [...nodes.values()].flatMap(({ node }) => {
    const used = node.kind === 'pack' ? parseInnerReference(node.uses) : null;
    return used?.kind === 'registry' ? [vendorFolder(used.reference)] : [];
  });
}

/** The same plan everywhere: its file, the admission, every gate request, every decision, the statement, and a new planning. */
export const planHashes: Checker = (bundle) => {
  const documents = bundle.documents();
  const { planHash, gates, decisions } = documents;
  const named = new Set([
    bundle.admission().record.planHash,
    ...(isDraft(bundle) ? [] : [bundle.packRun().statement.predicate.plan.hash]),
    ...[...gates.values()].map(({ request }) => request.planHash),
    ...[...decisions.values()].map(({ record }) => record.planHash),
  ]);
  for (const hash of named) if (hash !== planHash) fail(`${hash} is named, the plan is ${planHash}`);
  const again = planAgain(documents, bundle.pack, bundle.request.policyEngines ?? {});
  switch (again.kind) {
    case 'untried':
      return found('signed', `${planHash}; not rebuilt: ${again.reason}`);
    case 'refused':
      return fail(`the rebuilt plan is refused: ${again.code}`);
    case 'planned':
      if (again.planHash !== planHash) fail(`the rebuilt plan is ${again.planHash}`);
      return found('recomputed', `${planHash}, rebuilt`);
  }
};

/** The same profile everywhere, made from this environment. */
export const profileDigests: Checker = (bundle) => {
  const { evidence, profile, profileDigest, gates } = bundle.documents();
  const named = [
    bundle.admission().record.profileDigest,
    ...[...gates.values()].map(({ request }) => request.profileDigest),
  ];
  if (named.some((digest) => digest !== profileDigest)) fail('another profile is named');
  if (sha256(evidence.environment) !== profile.environment) fail('another environment is named');
  return found('recomputed', profileDigest);
};

/** The lock file holds the plan's inputs. */
export const inputsDigests: Checker = (bundle) => {
  const documents = bundle.documents();
  if (parseUtf8(fileOf(bundle.request.files, 'inputs.lock.json')) !== inputsLock(documents)) {
    fail('the lock differs from the inputs of the plan');
  }
  return found('recomputed', `${Object.keys(documents.plan.inputs).length} inputs`);
};
