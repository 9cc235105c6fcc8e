// The command line of a tool. `--help` prints the comment at the head of its script; what is not known is refused in one line with exit status 2.
// Node.js and nothing else: some tools run before anything is installed.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The comment at the head of a script, without its marks. */
export function headOf(source) {
  const lines = source.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.slice(3))
    .join('\n');
}

/**
 * Options and positionals, as `parseArgs` of `node:util` reads them. Ends the process with `--help` (status 0) and with a word that is unknown
 * or lacks its value (status 2).
 *
 * @param script `import.meta.url` of the tool
 */
export function readOptions(script, options, { allowPositionals = false } = {}) {
  const withHelp = { ...options, help: { type: 'boolean', default: false } };
  const names = Object.keys(withHelp).map((name) => `--${name}`);
  let parsed;
  try {
    parsed = parseArgs({ options: withHelp, allowPositionals });
  } catch (error) {
    console.error(`${error.message.split('.')[0]}. The options are ${names.join(', ')}.`);
    process.exit(2);
  }
  const { help, ...values } = parsed.values;
  if (help) {
    console.log(headOf(readFileSync(fileURLToPath(script), 'utf8')));
    process.exit(0);
  }
  return { values, positionals: parsed.positionals };
}
