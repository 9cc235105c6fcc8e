import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..', '..', '..');
const SPEC = /\.(spec|int-spec|e2e-spec|long-spec)\.ts$|\/testing\//;

/** Providers with a ready-made value, each with its reason. Every other provider is created by a class or a factory. */
const HANDED_OVER = {
  // The configuration is data, and the input of the composition.
  'libs/infrastructure/src/lib/configuration/configuration.module.ts': ['CONFIGURATION'],
  // Instances of one application that another application serves on its own port: a container cannot create them twice.
  'apps/webservice/src/health/health.module.ts': ['Readiness', 'MetricsExporter'],
  // A fact about the one run of this process, which the command has verified before it starts the application.
  'apps/cli/src/serve/one-process.ts': ['ORIGINAL_RUN'],
};

it('a container is handed no other values than these', () => {
  const found: Record<string, string[]> = {};
  for (const folder of ['apps', 'libs', 'examples'])
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/${name}`;
      if (!path.endsWith('.ts') || /(^|\/)(node_modules|dist)\//.test(path) || SPEC.test(path)) continue;
      const values = [...readFileSync(join(ROOT, path), 'utf8').matchAll(/provide: (\w+), useValue/g)];
      if (values.length > 0) found[path] = values.map(([, token]) => token ?? '');
    }
  expect(found).toEqual(HANDED_OVER);
});
