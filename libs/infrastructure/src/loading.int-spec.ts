import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Loaded by the first who needs them: each costs every process that starts 20 to 100 ms of processor time. */
const LATER = [
  '@aws-sdk',
  '@bufbuild/cel',
  '@cedar-policy',
  '@kubernetes',
  '@opentelemetry/exporter-trace-otlp-proto',
  'ajv',
  're2js',
  'typeorm',
  'undici',
  'yaml',
];

// In a process of its own: here, Jest loads what it likes. One process for all entries, because none may load any of these.
const SCRIPT = `
  const known = new Set();
  const loaded = process.argv.slice(1).map((path) => {
    require(path);
    return Object.keys(require.cache).filter((file) => !known.has(file) && known.add(file));
  });
  console.log(JSON.stringify(loaded));`;

const ENTRIES = readdirSync(join(__dirname, 'lib')).filter((name) =>
  existsSync(join(__dirname, 'lib', name, 'index.ts')),
);

it('no entry loads a library that few need', () => {
  const entries = ['modules', 'worker-modules', 'lease', 'threads', ...ENTRIES.map((name) => `lib/${name}/index`)];
  const paths = entries.map((entry) => join(__dirname, '..', 'dist', `${entry}.js`));
  const said = execFileSync(process.execPath, ['--eval', SCRIPT, ...paths], { encoding: 'utf8' });
  const loaded = JSON.parse(said) as string[][];
  expect(loaded.flat()).toEqual(expect.arrayContaining(paths));
  const early = loaded.flatMap((files, at) =>
    LATER.filter((name) => files.some((file) => file.includes(`/node_modules/${name}/`))).map(
      (name) => `${entries[at]} loads ${name}`,
    ),
  );
  expect(early).toEqual([]);
});
