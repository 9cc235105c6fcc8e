// install.mjs NAME VERSION: writes a receipt over the bytes that were installed. Put the real installation here.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const [name, version] = process.argv.slice(2);
const sha256 = createHash('sha256').update(readFileSync('in/bundle.tar')).digest('hex');
writeFileSync(
  'out/receipt.json',
  `${JSON.stringify({ name, version, sha256, key: process.env.TASKRUNNER_IDEMPOTENCY_KEY })}\n`,
);
