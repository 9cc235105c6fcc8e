import { generateFiles } from '@nx/devkit';
import { join } from 'node:path';
import { finished } from '../finish.mjs';
import { namesOf } from '../names.mjs';
import { mustBeNew, mustHaveRoom, oneOf, refuse, sentenceOf } from '../refusal.mjs';
import { rooms } from '../../rooms.cjs';
import { Source } from '../source.mjs';

/** A port, its contract suite for all adapters, and an in-memory model that passes it. */
export default async function port(tree, options) {
  const names = namesOf('name', options.name);
  const about = sentenceOf('about', options.about);
  const { kebab, pascal, camel } = names;
  const core = 'libs/core/src';
  const ports = `${core}/lib/ports`;
  const room = oneOf('room', options.room, rooms[ports]);
  for (const place of ['', ...rooms[ports].map((one) => `${one}/`)])
    mustBeNew(tree, 'name', `${ports}/${place}${kebab}.ts`);
  for (const file of [`contracts/${kebab}-contract.ts`, `memory/memory-${kebab}.ts`])
    mustBeNew(tree, 'name', `${core}/testing/${file}`);
  mustHaveRoom(tree, 'room', `${ports}/${room}`, 1);
  mustHaveRoom(tree, 'name', `${core}/testing/contracts`, 1);
  mustHaveRoom(tree, 'name', `${core}/testing/memory`, 2);
  const index = new Source(tree, `${ports}/index.ts`);
  const testing = new Source(tree, `${core}/testing/index.ts`);
  const exported = tree
    .children(`${core}/lib`)
    .map((floor) => `${core}/lib/${floor}/index.ts`)
    .filter((path) => tree.exists(path))
    .map((path) => tree.read(path, 'utf8'));
  const isTaken = (name) => [...exported, testing.text].some((text) => new RegExp(`\\b${name}\\b`).test(text));
  for (const name of [pascal, `Memory${pascal}`, `${camel}Contract`])
    if (isTaken(name)) refuse('name', `core exports ${name} already.`, 'Choose another name.');

  generateFiles(tree, join(import.meta.dirname, 'files'), core, { ...names, about, room, tmpl: '' });
  index.insert(index.text.length, `export { ${pascal} } from './${room}/${kebab}';\n`);
  index.write();
  const lines = [
    `export { ${camel}Contract, type ${pascal}Bench } from './contracts/${kebab}-contract';`,
    `export { Memory${pascal} } from './memory/memory-${kebab}';`,
  ];
  testing.insert(testing.text.length, `${lines.join('\n')}\n`);
  testing.write();

  return finished(tree, [
    `${ports}/${room}/${kebab}.ts: write the methods that operations need, and a case in ${kebab}-contract.ts for each promise.`,
    `An adapter goes into a folder of libs/infrastructure/src/lib; its spec runs ${camel}Contract on it.`,
  ]);
}
