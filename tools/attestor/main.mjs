// The reference Attestor as a process: node tools/attestor/main.mjs CONFIGURATION.json
// Plain HTTP on the configured address: put TLS before it, or keep it on loopback. Logs JSON lines; ends on SIGTERM and SIGINT.
import { readFile } from 'node:fs/promises';
import { startAttestor } from './attestor.mjs';

const [path] = process.argv.slice(2);
if (!path) {
  console.error('usage: node tools/attestor/main.mjs CONFIGURATION.json');
  process.exit(2);
}
const log = (level, what) =>
  console.error(
    JSON.stringify({
      time: new Date().toISOString(),
      level,
      ...(what instanceof Error ? { reason: what.message } : what),
    }),
  );
try {
  const { url, stop } = await startAttestor(JSON.parse(await readFile(path, 'utf8')), { log });
  const end = () => void stop().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  console.log(JSON.stringify({ url }));
} catch (error) {
  console.error(`${error.code ? `${error.code} ` : ''}${error.message}`);
  process.exit(1);
}
