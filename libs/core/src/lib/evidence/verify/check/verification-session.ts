import { BrandedError } from '../../../foundation/branded-error';
import type { Digest } from '../../../foundation/ids';
import type { Json } from '../../../foundation/json';
import type { PolicyEngines } from '../../../policy/policy';
import { answerAgain, type AnswersAgain } from '../answers/answer-again';
import type { AuditEntry } from '../../audit/audit-chain';
import { MANIFEST, MANIFEST_ATTESTATION, packRunAttestation } from '../../bundle/bundle-files';
import {
  PAYLOAD_TYPE,
  type AdmissionRecord,
  type BundleManifest,
  type ReleaseRecord,
  type ResolutionRecord,
} from '../../records/documents';
import type { DecodedEnvelope, Envelope, KeyUsage } from '../../encoding/envelope';
import { readEvidence, type EvidenceDocuments } from '../../records/evidence-documents';
import { openEnvelope, type OpenedEnvelope, type VerifySignature } from '../../encoding/open-envelope';
import { readCarriedPack, type CarriedPack } from '../plan-again';
import {
  fileOf,
  packRunFiles,
  readBundle,
  readEnvelopeFile,
  readSigstoreFile,
  type BundleContent,
} from '../../bundle/read-bundle';
import { fingerprint } from '../../encoding/public-key';
import { readAdmission, readManifest, readRelease } from '../../records/read-documents';
import type { AcceptedAuthorities } from '../../records/builder';
import type { Asserted } from '../../records/run-evidence';
import type { PackRunStatement } from '../../statement/statement';
import { parseStrictJson, parseUtf8 } from '../../encoding/strict-json';
import type { TrustedKey, TrustFile } from '../../encoding/trust';

/** What the caller already knows about the run. */
export interface Expectation {
  readonly run?: string | undefined;
  /** Plan hash. */
  readonly plan?: string | undefined;
  /** `name`, `name:version` or content digest. */
  readonly pack?: string | undefined;
  /** Digest of an artifact that the run must have produced. */
  readonly artifact?: Digest | undefined;
  readonly tenant?: string | undefined;
  readonly mode?: 'open' | 'sealed' | undefined;
}

/** Parameters of a verification. */
export interface VerifyRequest extends AcceptedAuthorities {
  /** The bundle's files by path, as the archive reader found them. */
  readonly files: BundleContent;
  readonly trust: TrustFile;
  readonly verifySignature: VerifySignature;
  readonly expect?: Expectation | undefined;
  /** The verifier's clock, milliseconds since the epoch; without it the trust file's expiry is not checked. */
  readonly now?: number | undefined;
  /** The highest serial of this trust file's id that the verifier has seen. */
  readonly seenSerial?: number | undefined;
  readonly checkpoints?: readonly Envelope[] | undefined;
  /** An export of the tenant's audit chain that contains the run. With it, seal and decisions are looked up in the chain. */
  readonly audit?: readonly AuditEntry[] | undefined;
  /** Policy engines besides CEL that the verifier has. Policies of other engines are not evaluated again. */
  readonly policyEngines?: PolicyEngines | undefined;
  /** The bundle of the original run. With it, reused results are compared. */
  readonly original?: BundleContent | undefined;
  /** Faults that the archive reader found: links, absolute names, duplicates, sizes. */
  readonly archiveFaults?: readonly string[] | undefined;
  /** The files are an unsigned draft: assertions of its worker. */
  readonly draft?: Asserted | undefined;
}

/** A statement's file, opened. */
interface OpenedStatement {
  readonly path: string;
  readonly opened: OpenedEnvelope<TrustedKey>;
  readonly hint: string;
}

/** The ledger key that signed the record of a person's decision. */
interface RecordKey {
  readonly what: 'resolution' | 'release';
  readonly key: TrustedKey;
  /** RFC 3339. */
  readonly decidedAt: string;
}

/**
 * A verification in progress. Each member is computed on first access, once. If the computation fails, every access throws the same error.
 */
export interface VerificationSession {
  readonly request: VerifyRequest;
  readonly documents: () => EvidenceDocuments;
  /** The carried pack with its content digest; null if its manifest is refused. */
  readonly pack: () => CarriedPack | null;
  readonly admission: () => { readonly record: AdmissionRecord; readonly opened: OpenedEnvelope<TrustedKey> };
  readonly decisions: () => ReadonlyMap<Digest, OpenedEnvelope<TrustedKey>>;
  /** By digest of the record. Each was opened with a ledger key. */
  readonly resolutions: () => ReadonlyMap<Digest, ResolutionRecord>;
  /** Releases of this run. Each was opened with a ledger key. */
  readonly releases: () => readonly ReleaseRecord[];
  /** The key of each resolution and release, with the date in the record. */
  readonly recordKeys: () => readonly RecordKey[];
  readonly manifest: () => BundleManifest;
  readonly manifestStatement: () => OpenedStatement;
  /** One per signer, all with the same payload. */
  readonly packRun: () => { readonly signed: readonly OpenedStatement[]; readonly statement: PackRunStatement };
  readonly runUsage: () => KeyUsage;
  /** The result of answering all questions of the run again. */
  readonly answers: () => AnswersAgain;
  readonly openStatement: (path: string, usage: KeyUsage) => OpenedStatement;
}

/** Fails the current check with a description. */
export class CheckFailed extends BrandedError {
  static {
    this.brand('CheckFailed');
  }
}

/** Fails the current check. */
export function fail(detail: string): never {
  throw new CheckFailed(detail);
}

/** True for an unsigned draft, which has no statement and no manifest. */
export function isDraft({ request }: VerificationSession): boolean {
  return request.draft !== undefined;
}

/** Bundle paths that the signed statement names as withheld. */
export function statedAsWithheld(bundle: VerificationSession): readonly string[] {
  const { exceptions } = bundle.packRun().statement.predicate;
  return exceptions.filter(({ kind }) => kind === 'withheld').map(({ detail }) => detail);
}

function once<T>(compute: () => T): () => T {
  let known: { readonly value: T } | { readonly error: unknown } | null = null;
  return () => {
    if (known === null) {
      try {
        known = { value: compute() };
      } catch (error) {
        known = { error };
      }
    }
    if ('error' in known) throw known.error;
    return known.value;
  };
}

/** The documents of the original run. The check `steps.reused` verifies their signatures. */
function originalDocuments(files: BundleContent): EvidenceDocuments {
  const statement = (): Json =>
    parseStrictJson(parseUtf8(readSigstoreFile(files, packRunAttestation(0)).envelope.payload));
  return readEvidence(readBundle(files, statement));
}

/**
 * Opens a session. Nothing is read yet. With `anybody` the keys of the request stand for every key, and a keyid cannot contradict them: see
 * `checkContents`.
 */
export function openSession(request: VerifyRequest, signers: 'trusted' | 'anybody' = 'trusted'): VerificationSession {
  const { files, trust } = request;
  const ring = { keys: trust.keys, verifySignature: request.verifySignature };
  const first = once(() => readSigstoreFile(files, packRunAttestation(0)));
  const statement = once(() => parseStrictJson(parseUtf8(first().envelope.payload)));
  const documents = once(() => readEvidence(readBundle(files, statement, request.draft)));
  const openStatement = (path: string, usage: KeyUsage): OpenedStatement => {
    const { envelope, hint } = path === packRunAttestation(0) ? first() : readSigstoreFile(files, path);
    return { path, opened: openEnvelope(envelope, PAYLOAD_TYPE.statement, usage, ring), hint };
  };
  const openOwn = (
    envelope: Envelope | DecodedEnvelope,
    payloadType: string,
    usage: KeyUsage,
  ): OpenedEnvelope<TrustedKey> => {
    const opened = openEnvelope(envelope, payloadType, usage, ring);
    // A hint has no effect. If it were free, its bytes could be changed unnoticed.
    if (signers === 'trusted' && opened.keyid !== '' && opened.keyid !== fingerprint(opened.key.spki))
      fail(`the keyid ${opened.keyid.slice(0, 100)} is not that of the key that signed`);
    return opened;
  };
  const runUsage = (): KeyUsage => (documents().environment.mode === 'sealed' ? 'run-sealed' : 'run-open');
  const resolved = once(() =>
    [...documents().resolutions.values()].map(({ sealed, record }) => {
      return { opened: openOwn(sealed, PAYLOAD_TYPE.resolution, 'ledger'), record };
    }),
  );
  const released = once(() =>
    (documents().evidence.releases ?? []).map((envelope) => {
      const opened = openOwn(envelope, PAYLOAD_TYPE.release, 'ledger');
      return { opened, record: readRelease(opened.payload) };
    }),
  );
  return {
    request,
    documents,
    pack: once(() => readCarriedPack(documents().evidence)),
    runUsage,
    openStatement,
    admission: once(() => {
      const opened = openOwn(readEnvelopeFile(files, 'admission.json'), PAYLOAD_TYPE.admission, 'admission');
      return { record: readAdmission(opened.payload), opened };
    }),
    decisions: once(() => {
      const opened = [...documents().decisions.values()].map(({ envelope }) => {
        return openOwn(envelope, PAYLOAD_TYPE.decision, 'ledger');
      });
      return new Map(opened.map((one) => [one.digest, one]));
    }),
    resolutions: once(() => new Map(resolved().map(({ opened, record }) => [opened.digest, record]))),
    answers: once(() => answerAgain(documents(), request.original ? originalDocuments(request.original) : null)),
    releases: once(() => {
      const { runId, tenant } = documents().admission.record;
      return released().map(({ record }) =>
        record.runId === runId && record.tenant === tenant ? record : fail('a release is of another run'),
      );
    }),
    recordKeys: once(() => [
      ...resolved().map(({ opened, record }) => keyOf('resolution', opened, record)),
      ...released().map(({ opened, record }) => keyOf('release', opened, record)),
    ]),
    manifest: once(() => readManifest(fileOf(files, MANIFEST))),
    manifestStatement: once(() => openStatement(MANIFEST_ATTESTATION, 'bundle')),
    packRun: once(() => {
      const signed = packRunFiles(files).map((path) => openStatement(path, runUsage()));
      const { opened } = signed[0] ?? fail('the statement is missing');
      if (signed.some((other) => other.opened.digest !== opened.digest))
        fail('the signers signed different statements');
      return { signed, statement: statement() as unknown as PackRunStatement };
    }),
  };
}

function keyOf(
  what: RecordKey['what'],
  { key }: OpenedEnvelope<TrustedKey>,
  { decidedAt }: { readonly decidedAt: string },
): RecordKey {
  return { what, key, decidedAt };
}
