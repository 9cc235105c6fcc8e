// The development Authority as a process:
//   node tools/dev-authority/main.mjs [--port N] [--state DIRECTORY] [--token-seconds N] [--parent-watch]
// Prints one JSON line when it is ready. Ends on SIGTERM and SIGINT, and with --parent-watch also when its stdin closes.
import { startDevAuthority } from './authority.mjs';
import { readOptions } from '../command-line/options.mjs';

const { values } = readOptions(import.meta.url, {
  port: { type: 'string', default: '0' },
  state: { type: 'string' },
  'token-seconds': { type: 'string', default: '3600' },
  'parent-watch': { type: 'boolean', default: false },
});
const { stop, ...facts } = await startDevAuthority({
  port: Number(values.port),
  stateDirectory: values.state,
  tokenSeconds: Number(values['token-seconds']),
});
const end = () => void stop().then(() => process.exit(0));
process.once('SIGTERM', end);
process.once('SIGINT', end);
if (values['parent-watch']) process.stdin.resume().once('close', end).once('error', end);
console.log(JSON.stringify(facts));
