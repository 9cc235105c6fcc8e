import { restrictedAuthorityOf } from '../../records/builder';
import { PROVENANCE_ATTESTATION } from '../../bundle/bundle-files';
import { cyclonedxFiles } from '../../bundle/read-bundle';
import { workersOf } from '../../records/run-facts';
import { objectionTo, type KeyUse, type TrustedKey } from '../../encoding/trust';
import { fail, type VerificationSession } from './verification-session';
import { found, type Checker } from './check';

/** The trust file is neither expired nor older than one that the verifier has seen. */
export const trustCurrent: Checker = ({ request }) => {
  const { trust, seenSerial, now } = request;
  if (seenSerial !== undefined && trust.serial < seenSerial) fail(`serial ${trust.serial} is lower than ${seenSerial}`);
  if (now === undefined) return found('asserted', `${trust.id} serial ${trust.serial}; expiry not checked: no clock`);
  if (now < Date.parse(trust.issued)) fail('issued in the future');
  if (now > Date.parse(trust.expires)) fail(`expired ${trust.expires}`);
  return found('recomputed', `${trust.id} serial ${trust.serial}, until ${trust.expires}`);
};

interface Use extends KeyUse {
  readonly what: string;
  readonly key: TrustedKey;
}

/** Each key was valid for this tenant, builder and time, and enough keys signed the statement. */
export const trustKeys: Checker = (bundle) => {
  const { trust } = bundle.request;
  const uses = [...documentUses(bundle), ...statementUses(bundle)];
  uses.forEach(checkUse);
  const { signed, statement } = bundle.packRun();
  const signers = new Set(signed.map(({ opened }) => opened.key.spki));
  if (signers.size < trust.require.signatures.run)
    fail(`${signers.size} of ${trust.require.signatures.run} run signatures`);
  const restricted = restrictedAuthorityOf(statement.predicate.builder);
  if (restricted !== null && !restricted.isAccepted(bundle.request))
    fail(`made under ${restricted.noun} (${restricted.option})`);
  const taken = restricted === null ? '' : `; ${restricted.keys}, accepted because of ${restricted.option}`;
  return found('signed', `${new Set(uses.map(({ key }) => key.spki)).size} keys${taken}`);
};

/** For a draft: the keys of admission, decisions, resolutions and releases were valid for this tenant and time. */
export const draftKeys: Checker = (bundle) => {
  const uses = documentUses(bundle);
  uses.forEach(checkUse);
  return found('signed', `${new Set(uses.map(({ key }) => key.spki)).size} keys`);
};

function checkUse({ what, key, ...use }: Use): void {
  const objection = objectionTo(key, use);
  if (objection !== null) fail(`${what}: ${objection}`);
}

function documentUses(bundle: VerificationSession): readonly Use[] {
  const { record, opened } = bundle.admission();
  const documents = bundle.documents();
  const { tenant } = record;
  const decisions = [...bundle.decisions().values()].map((one): Use => {
    const decidedAt = documents.decisions.get(one.digest)?.record.decidedAt ?? fail('a decision is missing');
    return { what: 'decision', key: one.key, tenant, builder: null, at: Date.parse(decidedAt) };
  });
  return [
    { what: 'admission', key: opened.key, tenant, builder: null, at: Date.parse(record.acceptedAt) },
    ...decisions,
    ...bundle.recordKeys().map(({ what, key, decidedAt }): Use => {
      return { what, key, tenant, builder: null, at: Date.parse(decidedAt) };
    }),
  ];
}

function statementUses(bundle: VerificationSession): readonly Use[] {
  const { request } = bundle;
  const { tenant } = bundle.admission().record;
  const endedAt = bundle.documents().facts.ended?.at ?? fail('the journal does not end the run');
  const { signed, statement } = bundle.packRun();
  const { builder } = statement.predicate;
  const provenance = request.files.has(PROVENANCE_ATTESTATION)
    ? [bundle.openStatement(PROVENANCE_ATTESTATION, bundle.runUsage())]
    : [];
  const boms = cyclonedxFiles(request.files).map((path) => bundle.openStatement(path, bundle.runUsage()));
  return [
    ...[...signed, ...provenance, ...boms].map((one): Use => {
      return { what: one.path, key: one.opened.key, tenant, builder, at: endedAt };
    }),
    { what: 'manifest', key: bundle.manifestStatement().opened.key, tenant, builder: null, at: endedAt },
  ];
}

/** Source of the times. */
export const timeBasis: Checker = ({ request }) => {
  if (request.trust.require.time === 'timestamp') fail('proven times are required, but the bundle has no timestamps');
  return found('asserted', 'times are stated by the signers');
};

/** The run is the one that the caller and the trust file expect. */
export const expectation: Checker = (bundle) => {
  const { expect = {}, trust } = bundle.request;
  const { mode, builds } = trust.require;
  if (Object.values(expect).every((one) => one === undefined) && mode === 'any' && builds.length === 0)
    return found('absent', 'no expectation was given');
  const { record } = bundle.admission();
  const { environment, planHash, facts } = bundle.documents();
  const { pack } = record;
  const nameAndVersion = `${pack.name}:${pack.version}`;
  // A mismatch reports the last form, so the form in which the value was expected comes last.
  const packNames = expect.pack?.startsWith('sha256:')
    ? [pack.name, nameAndVersion, pack.contentDigest]
    : [pack.name, pack.contentDigest, nameAndVersion];
  const compared: string[] = [];
  const compare = (what: string, wanted: string | undefined, have: readonly string[]): void => {
    if (wanted === undefined) return;
    if (!have.includes(wanted)) fail(`${what} is ${have.at(-1) ?? 'absent'}, not ${wanted}`);
    compared.push(`${what} ${wanted}`);
  };
  compare('run', expect.run, [record.runId]);
  compare('plan', expect.plan, [planHash]);
  compare('pack', expect.pack, packNames);
  compare('tenant', expect.tenant, [record.tenant]);
  compare('mode', expect.mode, [environment.mode]);
  compare(
    'artifact',
    expect.artifact,
    facts.artifacts.map(({ digest }) => digest),
  );
  if (mode !== 'any') compare('mode of the trust file', mode, [environment.mode]);
  if (builds.length > 0) {
    const other = workersOf(facts).find(({ build }) => !builds.includes(build));
    if (other) fail(`worker build ${other.build} is not trusted`);
    compared.push('worker builds of the trust file');
  }
  return found('recomputed', compared.join(', '));
};
