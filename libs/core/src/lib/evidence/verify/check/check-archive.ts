import { sha256 } from '../../../canonical/digest';
import { canonical } from '../../../canonical/canonical';
import { buildBundleStatement, MANIFEST, MANIFEST_ATTESTATION, recordFiles } from '../../bundle/bundle-files';
import { fileOf, listedPaths } from '../../bundle/read-bundle';
import { fingerprint } from '../../encoding/public-key';
import { asJson } from '../../records/run-evidence';
import { parseUtf8 } from '../../encoding/strict-json';
import { fail } from './verification-session';
import { found, type Checker } from './check';

const MAX_FILES = 250_000;
const SAFE = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))(?!\/)[^\\\p{Cc}]+$/u;
const LAYOUT = [
  /^(?:MANIFEST|admission|plan|profile|environment|inputs\.lock|artifacts)\.json$/,
  /^(?:journal|egress|steps)\.ndjson$/,
  /^attestations\/(?:(?:pack-run|cyclonedx)(?:\.[2-9])?|slsa|vsa|manifest)\.sigstore\.json$/,
  /^pack\/(?:manifest\.json|files\.json|files\/.+)$/,
  /^pack\/signatures\/[1-9]\d{0,3}\.sigstore\.json$/,
  /^gates\/[0-9a-f]{64}(?:\.show)?\.json$/,
  /^decisions\/[1-9]\d*\.json$/,
  /^resolutions\/[1-9]\d*\.json$/,
  /^releases\/[1-9]\d*\.json$/,
  /^delegations\/[0-9a-f]{64}\.json$/,
  /^policies\/[^/]+$/,
  /^probes\/[0-9a-f]{64}\.json$/,
  /^logs\/\d{6,}\.log$/,
  /^artifacts\/[0-9a-f]{64}$/,
];

/** File names that stay inside the bundle, differ on every file system, and belong to the layout. */
export const archiveSafe: Checker = ({ request }) => {
  const fault = request.archiveFaults?.[0];
  if (fault !== undefined) fail(fault);
  if (request.files.size > MAX_FILES) fail(`${request.files.size} files`);
  const seen = new Set<string>();
  for (const path of request.files.keys()) {
    if (!SAFE.test(path) || path.length > 4_096) fail(`unsafe name ${JSON.stringify(path.slice(0, 100))}`);
    if (!LAYOUT.some((pattern) => pattern.test(path))) fail(`${path} is not part of a bundle`);
    const folded = path.normalize('NFC').toLowerCase();
    if (seen.has(folded)) fail(`${path} is listed twice`);
    seen.add(folded);
  }
  return found('recomputed', `${request.files.size} files`);
};

/** The manifest is signed by a bundle key, and the attestation is written exactly as its key and payload determine. */
export const manifestSignature: Checker = (bundle) => {
  const { opened, hint } = bundle.manifestStatement();
  const expected = canonical(asJson(buildBundleStatement(bundle.manifest())));
  if (parseUtf8(opened.payload) !== expected) fail('the statement is not about this manifest');
  // Otherwise a changed hint, which has no effect, would go unnoticed.
  if (hint !== fingerprint(opened.key.spki)) fail('the hint is not the fingerprint of the key');
  return found('signed', `signed by ${opened.key.keyid}`);
};

/** No file is missing, added or changed, and derived files have their exact spelling and order. */
export const manifestComplete: Checker = (bundle) => {
  const { files } = bundle.request;
  const manifest = bundle.manifest();
  const listed = manifest.files.map(({ path }) => path);
  listed.forEach((path, i) => {
    if (i > 0 && (listed[i - 1] as string) >= path) fail('the manifest is not sorted');
    if (path === MANIFEST || path === MANIFEST_ATTESTATION) fail(`the manifest lists ${path}`);
  });
  for (const { path, size, sha256: digest } of manifest.files) {
    const bytes = fileOf(files, path);
    if (bytes.length !== size || sha256(bytes) !== digest) fail(`${path} differs`);
  }
  const known = new Set(listed);
  const extra = listedPaths(files).find((path) => !known.has(path));
  if (extra !== undefined) fail(`${extra} is not in the manifest`);
  const released = new Set(bundle.documents().evidence.released ?? []);
  for (const { path, bytes } of recordFiles(bundle.documents())) {
    if (released.has(path)) continue;
    const supplied = fileOf(files, path);
    if (supplied.length !== bytes.length || sha256(supplied) !== sha256(bytes))
      fail(`${path} differs from the documents of the run`);
  }
  if (bundle.packRun().statement.predicate.carried === undefined) {
    if (bundle.request.trust.require.carried === true) fail('the statement does not list the contents of the bundle');
    return found('signed', `${listed.length} files; the statement does not list values, artifacts and probes`);
  }
  return found('recomputed', `${listed.length} files`);
};
