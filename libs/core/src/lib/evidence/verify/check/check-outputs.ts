import { sha256 } from '../../../canonical/digest';
import { artifactRecords, artifactsJson } from '../../statement/derived-files';
import { withheldArtifacts } from '../../records/withheld-by-journal';
import { fileOf } from '../../bundle/read-bundle';
import { isWithheld } from '../../records/run-evidence';
import { parseUtf8 } from '../../encoding/strict-json';
import { fail } from './verification-session';
import { found, type Checker } from './check';

/** `artifacts.json` lists the artifacts that the journal recorded. */
export const artifactsIndex: Checker = (bundle) => {
  const documents = bundle.documents();
  if (parseUtf8(fileOf(bundle.request.files, 'artifacts.json')) !== artifactsJson(documents)) {
    fail('artifacts.json differs from the journal');
  }
  const count = artifactRecords(documents).length;
  return count === 0 ? found('absent', 'no artifacts') : found('recomputed', `${count} artifacts`);
};

/** The bundle carries only artifacts that the journal recorded, in any attempt, with the recorded bytes. */
export const artifactsBytes: Checker = (bundle) => {
  const documents = bundle.documents();
  const sizes = new Map(documents.facts.artifacts.map(({ digest, size }) => [digest, size]));
  let withheld = 0;
  for (const [digest, data] of documents.evidence.artifacts) {
    const size = sizes.get(digest) ?? fail(`${digest} is not in the journal`);
    if (isWithheld(data)) {
      if ((data.sha256 ?? digest) !== digest || (data.size ?? size) !== size)
        fail(`${digest}: the notice is of another file`);
      withheld += 1;
    } else if (data.length !== size || sha256(data) !== digest) fail(`${digest} differs`);
  }
  const carried = documents.evidence.artifacts.size;
  const unstored = withheldArtifacts(documents).length;
  if (carried + unstored === 0) return found('absent', 'by digest only');
  const detail = [
    `${carried} of ${sizes.size} in the bundle`,
    ...(withheld > 0 ? [`${withheld} withheld`] : []),
    ...(unstored > 0 ? [`${unstored} never stored`] : []),
  ].join(', ');
  return found(withheld + unstored > 0 ? 'signed' : 'recomputed', detail);
};
