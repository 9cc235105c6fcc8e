// Writes `<sha256>  <path>` for the inventory and for what each host gave.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const files = [
  'inventory.json',
  ...(existsSync('in/hosts') ? readdirSync('in/hosts').map((name) => `hosts/${name}`) : []),
].sort();
const line = (path) =>
  `${createHash('sha256')
    .update(readFileSync(`in/${path}`))
    .digest('hex')}  ${path}\n`;
writeFileSync('out/SHA256SUMS', files.map(line).join(''));
