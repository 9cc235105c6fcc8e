import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..', '..', '..');
const SPEC = /\.(spec|int-spec|e2e-spec|long-spec)\.ts$|\/testing\//;

/** Values that are passed to a container ready-made, each with its reason. Everything else is created by a class or a factory. */
const HANDED_OVER = {
  // It is data, and the input of the composition.
  'libs/infrastructure/src/lib/configuration/configuration.module.ts': ['CONFIGURATION'],
  // Parts of one application that another one serves on its own port: no container can make them twice.
  'apps/webservice/src/health/health.module.ts': ['Readiness', 'MetricsExporter'],
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
