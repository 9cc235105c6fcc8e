// Reads a CycloneDX document and writes its package URLs, sorted and without doubles.
import { readFileSync, writeFileSync } from 'node:fs';

const bom = JSON.parse(readFileSync('in/bom.json', 'utf8'));
if (bom.bomFormat !== 'CycloneDX') {
  console.error('this is not a CycloneDX document');
  process.exit(78);
}
const components = [
  ...new Set((bom.components ?? []).map(({ purl }) => purl).filter((purl) => typeof purl === 'string')),
].sort();
writeFileSync(process.env.TASKRUNNER_OUTPUTS, JSON.stringify({ components }));
