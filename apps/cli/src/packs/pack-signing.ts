import { writeFile } from 'node:fs/promises';
import { canonical } from '@taskrunner/core/canonical';
import { buildPackStatement, sigstoreBundle } from '@taskrunner/core/evidence';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { FileSigner } from '@taskrunner/infrastructure/signing';
import type { PackInHand } from './pack-in-hand';
import { refuseSpecialFile } from '../files/special-file';

const IN_TOTO = 'application/vnd.in-toto+json';

/** Signs a pack with each of these key files. Throws `KEY_FILE_…`. */
export async function signWith(keys: readonly string[], pack: PackInHand) {
  const { name, version } = pack.pack.metadata;
  const statement = buildPackStatement({ name, version, contentDigest: pack.contentDigest }, pack.archiveDigest);
  const payload = canonical(statement);
  return Promise.all(
    keys.map(async (path) => {
      refuseSpecialFile(path);
      const signer = await FileSigner.open('pack', path);
      const bundle = sigstoreBundle(await signer.sign(IN_TOTO, payload), signer.keyid) as unknown as JsonObject;
      return { signer: signer.keyid, bundle };
    }),
  );
}

/** Writes signatures. Further ones get numbered names. */
export async function writeSignatures(bundles: readonly Json[], file: string): Promise<readonly string[]> {
  return Promise.all(
    bundles.map(async (bundle, place) => {
      const path = place === 0 ? file : file.replace(/(\.sigstore)?\.json$/, `.${place + 1}$&`);
      refuseSpecialFile(path);
      await writeFile(path, canonical(bundle));
      return path;
    }),
  );
}
