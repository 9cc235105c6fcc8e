import { sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import { bomDigests, bomText } from './bom';
import { isJsonObject } from '../../foundation/json';
import { decodeEnvelope, type Envelope } from '../encoding/envelope';
import { logFiles } from './log-files';
import type { RunFacts } from './run-facts';
import { isHeld, isWithheld, type RunEvidence, type Unheld, type Withheld } from './run-evidence';
import { closed, digest, oneOf, readShape, text, whole } from '../encoding/shape';
import { parseCanonical, parseUtf8, toUtf8 } from '../encoding/strict-json';

const shape = closed<Withheld>({ path: text, withheld: oneOf('secret') });
/** Notices of earlier versions. */
const earlierShape = closed<Required<Withheld>>({ path: text, size: whole, sha256: digest, withheld: oneOf('secret') });

/** The notice at `path`, if the bytes are one; null if they are the file itself. */
export function readWithheld(path: string, bytes: Uint8Array): Withheld | null {
  if (bytes.length > 1_024 || bytes[0] !== 0x7b) return null;
  try {
    const value = parseCanonical(parseUtf8(bytes));
    const isEarlier = isJsonObject(value) && Object.hasOwn(value, 'sha256');
    const notice = readShape<Withheld>(isEarlier ? earlierShape : shape, value, 'a notice of withholding');
    return notice.path === path ? notice : null;
  } catch {
    return null;
  }
}

/** Bundle paths of withheld files, sorted. */
export function withheldPaths({ gates, logs, artifacts }: RunEvidence): readonly string[] {
  const all: readonly (string | Uint8Array | Unheld | Withheld)[] = [
    ...gates.map(({ show }) => show),
    ...logs.map(({ data }) => data),
    ...artifacts.values(),
  ];
  return all
    .filter(isWithheld)
    .filter(({ withheld }) => withheld === 'secret')
    .map(({ path }) => path)
    .sort();
}

/** The notice for a file that held a secret. */
export function secretNotice(path: string): Withheld {
  return { path, withheld: 'secret' };
}

/** True for files that a notice may replace: logs, artifacts, and what gates showed. A secret in any other file blocks the seal. */
export function isScanned(path: string): boolean {
  return /^(logs|artifacts)\/|^gates\/[^/]*\.show\.json$/.test(path);
}

/** True for other files that an operator may release: all except statements, the manifest and releases. */
export function isReleasable(path: string): boolean {
  return (
    !isScanned(path) &&
    (/^(?:admission|plan|profile|environment|inputs\.lock|artifacts)\.json$/.test(path) ||
      /^(?:journal|egress|steps)\.ndjson$/.test(path) ||
      /^(?:pack|gates|decisions|resolutions|policies|probes)\/.+$/.test(path))
  );
}

/** Bundle path of an artifact's bytes. */
export function artifactPath(digest: Digest): string {
  return `artifacts/${digest.slice(7)}`;
}

/**
 * The final scan (docs/guides/evidence-and-verification.md, Blocked evidence): replaces `show`, log streams and artifacts that hold a secret by notices, before the statement is built.
 * `holdsSecret` tests bytes; bytes that are not held were scanned by their reader. A file of the bundle that still holds a secret
 * afterwards blocks the seal.
 */
export function withholdSecrets(evidence: RunEvidence, holdsSecret: (bytes: Uint8Array) => boolean): RunEvidence {
  const replace = <T extends string | Uint8Array | Unheld>(path: string, data: T | Withheld): T | Withheld => {
    if (!isHeld(data)) return data;
    const bytes = typeof data === 'string' ? toUtf8(data) : data;
    return holdsSecret(bytes) ? secretNotice(path) : data;
  };
  const places = new Map(
    logFiles({ entries: evidence.pages.flatMap((page) => page.entries) }).map(({ path, step, execution }) => [
      `${execution} ${step}`,
      path,
    ]),
  );
  const boms = bomDigests(evidence.pages);
  // Its statement contains the RFC 8785 form, in which escapes are resolved.
  const holdsBom = (digest: Digest, data: Uint8Array): boolean => {
    const spelled = boms.has(digest) ? bomText(data) : null;
    return spelled !== null && holdsSecret(spelled);
  };
  return {
    ...evidence,
    gates: evidence.gates.map(({ request, show }) => {
      return { request, show: replace<string>(`gates/${sha256(request).slice(7)}.show.json`, show) };
    }),
    logs: evidence.logs.map((stream) => {
      return {
        ...stream,
        data: replace<Uint8Array | Unheld>(places.get(`${stream.execution} ${stream.step}`) ?? 'logs/', stream.data),
      };
    }),
    artifacts: new Map(
      [...evidence.artifacts].map(([digest, data]) => {
        const path = artifactPath(digest);
        const kept = replace<Uint8Array>(path, data);
        if (isWithheld(kept) || !holdsBom(digest, kept)) return [digest, kept];
        return [digest, secretNotice(path)];
      }),
    ),
  };
}

/**
 * The evidence without decisions and resolutions that hold a secret and that the journal did not take. None of them had an effect, and a
 * verifier requires only records that the journal names. Records that it took stay and block the seal.
 */
export function withoutUntakenSecrets(
  evidence: RunEvidence,
  { entries }: Pick<RunFacts, 'entries'>,
  holdsSecret: (bytes: Uint8Array) => boolean,
): RunEvidence {
  const taken = new Set(
    entries.flatMap(({ event }) =>
      event.type === 'gate.decided' || event.type === 'attention.resolved' ? [event.record] : [],
    ),
  );
  const stays = (envelope: Envelope): boolean => {
    const { digest, payload } = decodeEnvelope(envelope);
    return taken.has(digest) || !holdsSecret(payload);
  };
  return {
    ...evidence,
    decisions: evidence.decisions.filter(stays),
    resolutions: evidence.resolutions.filter(stays),
  };
}
