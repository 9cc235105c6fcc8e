import { PAYLOAD_TYPE } from '../documents';
import { openEnvelope } from '../open-envelope';
import { readCheckpoint } from '../read-documents';
import { withheldPaths } from '../withheld';
import { objectionTo } from '../trust';
import { fail, statedAsWithheld } from './case';
import { found, type Checker } from './check';

/** Checkpoints of the tenant's audit chain from elsewhere do not contradict the place that the statement names. */
export const checkpointsAgree: Checker = (bundle) => {
  const { checkpoints = [], trust, verifySignature } = bundle.request;
  const { tenant } = bundle.admission().record;
  const { seq, head } = bundle.documents().evidence.asserted.audit;
  const ring = { keys: trust.keys, verifySignature };
  const own = checkpoints.flatMap((envelope) => {
    const opened = openEnvelope(envelope, PAYLOAD_TYPE.checkpoint, 'checkpoint', ring);
    const record = readCheckpoint(opened.payload);
    if (record.tenant !== tenant) return [];
    const objection = objectionTo(opened.key, { tenant, builder: null, at: Date.parse(record.at) });
    if (objection !== null) fail(objection);
    if (record.count === seq && record.head !== head) fail(`at ${seq} the audit chain has another head`);
    return [record];
  });
  const after = own.filter(({ count }) => count >= seq).length;
  if (trust.require.checkpoints && after === 0) fail('no checkpoint covers the run');
  if (own.length === 0) return found('absent', 'none were given');
  return found('signed', `${own.length} checkpoints, ${after} cover the run`);
};

/** What is missing from the evidence, in plain sight. */
export const exceptionsShown: Checker = (bundle) => {
  const { exceptions } = bundle.packRun().statement.predicate;
  const withheld = withheldPaths(bundle.documents().evidence);
  const stated = statedAsWithheld(bundle);
  if (withheld.some((path) => !stated.includes(path))) fail('a file is withheld that the statement does not name');
  if (exceptions.length === 0) return found('absent', 'none');
  return found('signed', exceptions.map(({ kind, detail }) => `${kind} ${detail}`).join(', '));
};
