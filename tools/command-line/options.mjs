// Parses the command line of a tool. `--help` prints the comment at the head of its script; unknown words are refused in one line with exit
// status 2. Imports only Node.js, because some tools run before anything is installed.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The comment at the head of a script, without comment marks. */
export function headOf(source) {
  const lines = source.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.slice(3))
    .join('\n');
}

/**
 * Parses options and positionals with `parseArgs` of `node:util`. Exits with status 0 for `--help`, and with status 2 for a word that is
 * unknown or lacks its value.
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
