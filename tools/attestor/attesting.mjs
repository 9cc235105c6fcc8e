// Verification and signing of drafts and manifests by the Attestor, independent of HTTP.
import { createRequire } from 'node:module';
import { Refusal } from './refusal.mjs';

const require = createRequire(import.meta.url);
const { canonical, sha256 } = require('@taskrunner/core/canonical');
const {
  PAYLOAD_TYPE,
  attestationFiles,
  bomStatements,
  buildBundleStatement,
  buildProvenance,
  buildStatement,
  buildSummary,
  decodeEnvelope,
  readAssertedJson,
  readManifest,
  statementPayload,
  verifyDraft,
  verifySignature,
} = require('@taskrunner/core/evidence');
const { DRAFT_FILE } = require('@taskrunner/infrastructure/attestor');
const { cedarEngine } = require('@taskrunner/infrastructure/policies');

// The journal that an Attestor receives contains no values.
const DIFFERENT_IN_BUNDLE = new Set(['journal.ndjson']);

/**
 * Verifies a draft and signs what follows from it: the run's statement, provenance, and a verification summary. `client` contains the
 * caller's permissions from the configuration: `{builders[], tenants[]}`. A repeated request for the same run is answered like the first
 * one. A request for another statement of the same run is refused (`ATTESTOR_CONFLICT`).
 */
export async function attestDraft({ run, files, client, trust, trustDigest, verifierId, signers, keep, now }) {
  const asserted = readAsserted(files.get(DRAFT_FILE));
  const documentFiles = new Map([...files].filter(([path]) => path !== DRAFT_FILE));
  const { checks, documents } = verifyDraft({
    files: documentFiles,
    asserted,
    trust,
    verifySignature: verifySignature,
    policyEngines: { cedar: cedarEngine },
    now,
  });
  const failed = checks.filter(({ ok }) => !ok);
  if (documents === null)
    throw new Refusal(
      422,
      'ATTESTOR_DRAFT_INCONSISTENT',
      failed.map(({ name, detail }) => `${name}: ${detail}`).join('; '),
      {
        checks,
      },
    );
  const { record } = documents.admission;
  if (record.runId !== run)
    throw new Refusal(422, 'ATTESTOR_DRAFT_INCONSISTENT', `the draft is of run ${record.runId}`);
  if (!client.builders.includes(asserted.builder))
    throw new Refusal(403, 'ATTESTOR_BUILDER_FORBIDDEN', `${asserted.builder} is none of this client's builders`);
  if (!client.tenants.includes('*') && !client.tenants.includes(record.tenant))
    throw new Refusal(403, 'ATTESTOR_TENANT_FORBIDDEN', 'this client does not run for this tenant');

  const statement = buildStatement(documents);
  // The head of the audit chain depends on the time of the request; everything else is fixed.
  const { audit: _audit, ...happened } = statement.predicate;
  const fact = sha256(canonical({ subject: statement.subject, happened }));
  const known = await keep.statement(run);
  const kept =
    known ??
    (await keep.keepStatement(
      run,
      await signed({ documents, statement, fact, signers, verifierId, trust, trustDigest, now }),
    ));
  if (kept.fact !== fact)
    throw new Refusal(409, 'ATTESTOR_CONFLICT', 'another statement about this run was signed before');
  await keep.keepDraft(run, {
    files: Object.fromEntries([...documentFiles].map(([path, bytes]) => [path, sha256(bytes)])),
  });
  return kept.answer;
}

async function signed({ documents, statement, fact, signers, verifierId, trust, trustDigest, now }) {
  const runSigner = documents.environment.mode === 'sealed' ? signers.runSealed : signers.runOpen;
  if (!runSigner) throw new Refusal(422, 'ATTESTOR_NO_KEY', `no key for runs in mode ${documents.environment.mode}`);
  const packRun = await sign(runSigner, statement);
  const boms = bomStatements(documents);
  const provenance = buildProvenance(documents, boms);
  const summary = buildSummary(documents, decodeEnvelope(packRun.envelope).digest, {
    id: verifierId,
    at: new Date(now).toISOString(),
    policy: { uri: `taskrunner-trust:${trust.id}:${trust.serial}`, digest: trustDigest },
  });
  const answer = {
    packRun,
    provenance: provenance && (await sign(runSigner, provenance)),
    summary: summary && (await sign(signers.summary, summary)),
    boms: await inOrder(
      boms.map(({ statement }) => statement),
      runSigner,
    ),
  };
  return { fact, answer };
}

async function inOrder(statements, signer) {
  const made = [];
  for (const statement of statements) made.push(await sign(signer, statement));
  return made;
}

async function sign(signer, statement) {
  const payload = new TextDecoder().decode(statementPayload(statement));
  return { envelope: await signer.sign(PAYLOAD_TYPE.statement, payload), hint: signer.keyid };
}

/** Signs the manifest of a bundle that contains this run's statements and the verified documents. */
export async function sealManifest({ run, bytes, signers, keep }) {
  const [kept, draft] = [await keep.statement(run), await keep.draft(run)];
  if (!kept || !draft) throw new Refusal(409, 'ATTESTOR_NOT_ATTESTED', 'nothing was signed for this run yet');
  let manifest;
  try {
    manifest = readManifest(bytes);
  } catch (error) {
    throw new Refusal(422, 'ATTESTOR_MANIFEST_INVALID', error.message);
  }
  const refuse = (detail) => {
    throw new Refusal(422, 'ATTESTOR_MANIFEST_INVALID', detail);
  };
  if (manifest.run !== run) refuse(`the manifest is of run ${manifest.run}`);
  const listed = new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]));
  const expected = new Map(Object.entries(draft.files).filter(([path]) => !DIFFERENT_IN_BUNDLE.has(path)));
  const { packRun, ...others } = kept.answer;
  for (const { path, bytes: file } of attestationFiles({ packRun: [packRun], ...others }))
    expected.set(path, sha256(file));
  for (const [path, digest] of expected) if (listed.get(path) !== digest) refuse(`${path} is missing or differs`);
  for (const path of listed.keys())
    if (path.startsWith('attestations/') && !expected.has(path)) refuse(`${path} was not signed here`);
  return { manifest: await sign(signers.bundle, buildBundleStatement(manifest)) };
}

function readAsserted(bytes) {
  if (!bytes) throw new Refusal(422, 'ATTESTOR_DRAFT_INCONSISTENT', `${DRAFT_FILE} is missing`);
  try {
    return readAssertedJson(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new Refusal(422, 'ATTESTOR_DRAFT_INCONSISTENT', `${DRAFT_FILE}: ${error.message}`);
  }
}
