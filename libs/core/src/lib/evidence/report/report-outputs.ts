import { isJsonObject, type Json } from '../../foundation/json';
import { artifactRecords } from '../statement/derived-files';
import type { EvidenceDocuments } from '../records/evidence-documents';
import { isWithheld } from '../records/run-evidence';
import { parseStrictJson } from '../encoding/strict-json';
import type { RefusedConnection, ReportContents, ReportedEgress } from './report';

/** Number of allowed connections, and a list of the refused ones. */
export function reportedEgress({ facts, evidence }: EvidenceDocuments): ReportedEgress {
  const refused: RefusedConnection[] = [];
  let unread = 0;
  for (const { step, execution, denied, log } of facts.egress) {
    const lines = refusedIn(evidence.egress.get(log));
    unread += Math.max(0, denied - lines.length);
    for (const line of lines) refused.push({ step, execution, ...line });
  }
  return {
    allowed: facts.egress.reduce((sum, one) => sum + one.allowed, 0),
    denied: facts.egress.reduce((sum, one) => sum + one.denied, 0),
    refused,
    unread,
  };
}

/** Refused attempts from the proxy's log of one socket. The first line of the log holds the rules. */
function refusedIn(log: string | undefined): readonly Pick<RefusedConnection, 'host' | 'port' | 'code'>[] {
  if (log === undefined) return [];
  return log
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const attempt = line === '' ? null : readLine(line);
      if (!isJsonObject(attempt) || attempt['allowed'] !== false) return [];
      const { host, port, code } = attempt;
      return [
        {
          host: typeof host === 'string' ? host : null,
          port: typeof port === 'number' ? port : null,
          code: typeof code === 'string' ? code : 'unknown',
        },
      ];
    });
}

function readLine(line: string): Json {
  try {
    return parseStrictJson(line);
  } catch {
    return null;
  }
}

/** The artifacts, and whether the bundle holds their bytes. */
export function reportedArtifacts(documents: EvidenceDocuments): ReportContents['artifacts'] {
  const { artifacts } = documents.evidence;
  return artifactRecords(documents).map((record) => {
    const held = artifacts.get(record.digest);
    const bytes = held === undefined ? 'digest only' : isWithheld(held) ? 'withheld' : 'in the bundle';
    return { ...record, bytes };
  });
}
