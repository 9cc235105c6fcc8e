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

// In a process of its own: here, Jest loads what it likes.
const SCRIPT = 'require(process.argv[1]); console.log(JSON.stringify(Object.keys(require.cache)))';

const ENTRIES = readdirSync(join(__dirname, 'lib')).filter((name) =>
  existsSync(join(__dirname, 'lib', name, 'index.ts')),
);

it.each(['modules', 'worker-modules', 'lease', 'threads', ...ENTRIES.map((name) => `lib/${name}/index`)])(
  'the entry `%s` loads no library that few need',
  (entry) => {
    const path = join(__dirname, '..', 'dist', `${entry}.js`);
    const loaded = JSON.parse(
      execFileSync(process.execPath, ['--eval', SCRIPT, path], { encoding: 'utf8' }),
    ) as string[];
    expect(loaded).toContain(path);
    expect(LATER.filter((name) => loaded.some((file) => file.includes(`/node_modules/${name}/`)))).toEqual([]);
  },
);
