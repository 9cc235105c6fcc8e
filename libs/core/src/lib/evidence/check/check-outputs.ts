import { sha256 } from '../../canonical/digest';
import { coversHost } from '../../egress/egress-rule';
import { isJsonObject, type Json } from '../../foundation/json';
import type { Profile } from '../../plan/profile';
import { artifactRecords, artifactsJson, egressNdjson } from '../derived-files';
import { fileOf } from '../read-bundle';
import { isWithheld } from '../run-evidence';
import { parseStrictJson, parseUtf8 } from '../strict-json';
import { fail } from './case';
import { found, type Checker } from './check';

/** The closed sockets are the journal's, their logs have its digests, and in a sealed run nothing allowed is off the list. */
export const egressWithin: Checker = (bundle) => {
  const documents = bundle.documents();
  const { evidence, facts, profile, environment } = documents;
  if (parseUtf8(fileOf(bundle.request.files, 'egress.ndjson')) !== egressNdjson(documents)) {
    fail('egress.ndjson differs from the journal');
  }
  let unread = 0;
  for (const { step, allowed, denied, log } of facts.egress) {
    const text = evidence.egress.get(log);
    if (text === undefined) {
      unread += allowed + denied;
      continue;
    }
    if (sha256(text) !== log) fail(`the attempts of ${step} differ`);
    const attempts = text.split('\n').slice(0, -1).map(parseStrictJson);
    const through = attempts.filter(wasAllowed);
    if (through.length !== allowed || attempts.length !== allowed + denied)
      fail(`the attempts of ${step} are counted otherwise`);
    const off = environment.mode === 'sealed' ? through.find((attempt) => !isListed(profile, attempt)) : undefined;
    if (off !== undefined) fail(`${step} was let out to a place that is not listed`);
  }
  if (facts.egress.length === 0) return found('absent', 'no sockets');
  return unread > 0
    ? found('signed', `${unread} attempts by digest only`)
    : found('recomputed', `${facts.egress.length} sockets`);
};

function wasAllowed(attempt: Json): boolean {
  return isJsonObject(attempt) && (attempt['allowed'] === true || attempt['decision'] === 'allowed');
}

function isListed({ egress }: Profile, attempt: Json): boolean {
  if (!isJsonObject(attempt)) return false;
  const { host, port } = attempt;
  if (typeof host !== 'string') return false;
  return egress.some((entry) => coversHost(entry.host, host) && (entry.port === port || String(entry.port) === '*'));
}

/** `artifacts.json` lists what the journal says was captured. */
export const artifactsIndex: Checker = (bundle) => {
  const documents = bundle.documents();
  if (parseUtf8(fileOf(bundle.request.files, 'artifacts.json')) !== artifactsJson(documents)) {
    fail('artifacts.json differs from the journal');
  }
  const count = artifactRecords(documents).length;
  return count === 0 ? found('absent', 'no artifacts') : found('recomputed', `${count} artifacts`);
};

/** Bytes that the bundle carries are those that the index names, and it carries no others. */
export const artifactsBytes: Checker = (bundle) => {
  const documents = bundle.documents();
  const sizes = new Map(artifactRecords(documents).map(({ digest, size }) => [digest, size]));
  let withheld = 0;
  for (const [digest, data] of documents.evidence.artifacts) {
    const size = sizes.get(digest) ?? fail(`${digest} is not in the index`);
    if (isWithheld(data)) {
      if (data.sha256 !== digest || data.size !== size) fail(`${digest}: the notice is of another file`);
      withheld += 1;
    } else if (data.length !== size || sha256(data) !== digest) fail(`${digest} differs`);
  }
  const carried = documents.evidence.artifacts.size;
  if (carried === 0) return found('absent', 'by digest only');
  const detail = `${carried} of ${sizes.size} carried`;
  return withheld > 0 ? found('signed', `${detail}, ${withheld} withheld`) : found('recomputed', detail);
};
