// From a CycloneDX document to what the policy needs: names, versions and licences of what the project depends on.
import { readFileSync, writeFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(`in/${name}`, 'utf8'));
const bom = read('bom.cdx.json');
// Workspaces are the project itself, not what it depends on.
const folders = Object.entries(read('package-lock.json').packages).filter(([path]) => !path.includes('node_modules/'));
const own = new Set(folders.map(([, { name, version }]) => `${name}@${version}`));
const components = bom.components
  .filter((component) => !own.has(component['bom-ref']))
  .map(({ name, version, licenses = [] }) => {
    const license = licenses.map((entry) => entry.expression ?? entry.license.id ?? entry.license.name).join(' AND ');
    return { name, version, license, choices: choicesOf(license) };
  });
const outputs = { format: bom.bomFormat, specVersion: bom.specVersion, components };
writeFileSync(process.env.TASKRUNNER_OUTPUTS, JSON.stringify(outputs));

/** Alternatives of an SPDX expression, each a list of ids. An expression with inner brackets stays whole, so that a person reads it. */
function choicesOf(expression) {
  const flat = expression.replace(/^\((.*)\)$/, '$1');
  if (flat === '') return [];
  if (/[()]/.test(flat)) return [[expression]];
  return flat.split(' OR ').map((choice) => choice.split(' AND '));
}
