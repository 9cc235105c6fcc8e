import { readPackSignature, signerOf } from '../../statement/pack-signature';
import { fingerprint } from '../../encoding/public-key';
import { fileOf } from '../../bundle/read-bundle';
import { parseCanonical, parseUtf8 } from '../../encoding/strict-json';
import { objectionTo } from '../../encoding/trust';
import { packSignaturePath } from '../../bundle/bundle-files';
import { fail } from './verification-session';
import { found, type Checker } from './check';

/**
 * The publishers in the admission are those whose signatures are in the bundle and cover exactly this content. Every signature for which
 * the trust file has a key holds, and there are enough of them.
 */
export const packSigners: Checker = (bundle) => {
  const { record } = bundle.admission();
  const { trust, files, verifySignature } = bundle.request;
  const { signatures } = bundle.documents().evidence.pack;
  const named = [...new Set(record.pack.signers)].sort();
  const carried = signatures.map(({ hint }) => hint);
  const held = [...files.keys()].filter((path) => path.startsWith('pack/signatures/')).length;
  if (held !== carried.length) fail('the signatures are not numbered from 1');
  if (new Set(carried).size < carried.length) fail('a signer is listed twice');
  if (named.join() !== [...carried].sort().join())
    fail('the signatures are not those of the signers that were admitted');
  const keys = trust.keys.filter(({ usages }) => usages.includes('pack'));
  const verified: string[] = [];
  signatures.forEach(({ hint }, place) => {
    const file = fileOf(files, packSignaturePath(place));
    const signature = readPackSignature(parseCanonical(parseUtf8(file))) ?? fail(`${hint} signed something else`);
    const { name, version, contentDigest } = signature.about;
    if (contentDigest !== record.pack.contentDigest || name !== record.pack.name || version !== record.pack.version)
      fail(`${hint} signed another pack or content`);
    const key = keys.find(({ spki }) => fingerprint(spki) === hint);
    if (!key) return;
    if (signerOf(signature, [key], verifySignature) === null) fail(`the signature of ${hint} is not valid`);
    const objection = objectionTo(key, { tenant: record.tenant, builder: null, at: Date.parse(record.acceptedAt) });
    if (objection !== null) fail(objection);
    verified.push(hint);
  });
  const required = trust.require.packSigners;
  if (verified.length < required) fail(`${verified.length} of ${required} signers in the trust file`);
  if (named.length === 0) return found('absent', 'unsigned pack');
  if (verified.length === named.length) return found('recomputed', verified.join(', '));
  const unknown = named.filter((one) => !verified.includes(one)).join(', ');
  return found('signed', `${unknown}: no key of usage pack in the trust file, as the admission says`);
};
