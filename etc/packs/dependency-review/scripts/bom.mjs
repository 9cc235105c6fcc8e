// From package.json and package-lock.json to a CycloneDX document. `npm sbom` needs no network for this.
// What npm draws at random or takes from the clock is left out: the same lock file gives the same bytes.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const text = execFileSync(
  'npm',
  ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--offline', '--no-update-notifier'],
  {
    cwd: 'in/project',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const { serialNumber, ...bom } = JSON.parse(text);
const { timestamp, ...metadata } = bom.metadata;
writeFileSync('out/bom.cdx.json', `${JSON.stringify({ ...bom, metadata }, null, 2)}\n`);
console.log(`${bom.components.length} components; left out: ${serialNumber}, ${timestamp}`);
