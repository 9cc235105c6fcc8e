// The measured packs, and the installation for planning them.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { testConfiguration, testEnvironment } = require('@taskrunner/core/testing');

export const setting = { environment: testEnvironment, configuration: testConfiguration };

const HEAD = 'apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: bench, version: 1.0.0 }\nspec:\n';

/** A chain: each step reads its predecessor. */
export function manifestOfSteps(count) {
  const steps = Array.from({ length: count }, (_, i) => {
    const read = i === 0 ? 'start' : `{{ steps.s${i - 1}.outputs.x }}`;
    return `    - { id: s${i}, run: { uses: "builtin:noop", with: { x: "${read}" } } }\n`;
  });
  return `${HEAD}  steps:\n${steps.join('')}`;
}

export function manifestOfMap(effects = 'pure') {
  const step = `{ id: one, effects: ${effects}, run: { uses: "builtin:noop", with: { host: "{{ item.name }}" } } }`;
  return `${HEAD}  inputs: [{ name: hosts, type: array, required: true }]
  steps:
    - id: each
      map: { items: "{{ inputs.hosts }}", step: ${step} }
`;
}

export function itemInputs(count) {
  return { hosts: Array.from({ length: count }, (_, i) => ({ name: `host-${i}`, zone: 'eu-1' })) };
}
