import { MOST_FILES } from '../rooms.cjs';

/**
 * Refuses invalid input in one line that names the option and the remedy. Nothing is written, because Nx writes only when a generator has
 * returned.
 */
export function refuse(option, what, remedy) {
  throw new Error(`--${option}: ${what} ${remedy}`);
}

/** Validates one sentence on one line, for comments, tables and documents. */
export function sentenceOf(option, value) {
  if (typeof value !== 'string' || !/^[^\s`|"\\{}*][^\n`|"\\{}*]{2,180}\.$/.test(value))
    refuse(
      option,
      `${JSON.stringify(value)} is no plain sentence.`,
      'Write one line of 4 to 180 characters that ends with a full stop, without double quotes, braces, asterisks, backslashes and |.',
    );
  return value;
}

/** Validates a member of a closed set. */
export function oneOf(option, value, known) {
  if (!known.includes(value))
    refuse(option, `${JSON.stringify(value)} is not known.`, `Use one of ${known.join(', ')}.`);
  return value;
}

/** Refuses to overwrite an existing file. */
export function mustBeNew(tree, option, path) {
  if (tree.exists(path)) refuse(option, `${path} is there already.`, 'Choose another name.');
}

/** Refuses to exceed the maximum number of files in a folder: `tools/rooms.test.mjs` would fail. */
export function mustHaveRoom(tree, option, folder, added) {
  const files = tree.children(folder).filter((name) => tree.isFile(`${folder}/${name}`)).length;
  if (files + added > MOST_FILES)
    refuse(
      option,
      `${folder} has ${files} files, and ${added} more would be over ${MOST_FILES}.`,
      'Move some of them into a sub-folder first: docs/recipes.md says how below "A full folder".',
    );
}
