// look.mjs PATH: refuses what must not be in a bundle, and says what the file is.
import { openSync, readSync, writeFileSync } from 'node:fs';

const [path] = process.argv.slice(2);
const head = Buffer.alloc(4);
readSync(openSync('in/file', 'r'), head, 0, 4, 0);
const kinds = [
  ['elf', [0x7f, 0x45, 0x4c, 0x46]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['gzip', [0x1f, 0x8b]],
];
const kind = kinds.find(([, magic]) => magic.every((byte, at) => head[at] === byte))?.[0] ?? 'data';
if (kind === 'elf' && !path.startsWith('bin/')) {
  console.error(`a program outside bin/: ${path}`);
  process.exit(78);
}
writeFileSync(process.env.TASKRUNNER_OUTPUTS, JSON.stringify({ kind }));
