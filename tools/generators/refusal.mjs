import { MOST_FILES } from '../rooms.cjs';

/** Bad input: one line that names the option and says what to do. Nothing is written, since Nx writes only what a generator has returned from. */
export function refuse(option, what, remedy) {
  throw new Error(`--${option}: ${what} ${remedy}`);
}

/** One sentence on one line, which goes into comments, tables and documents. */
export function sentenceOf(option, value) {
  if (typeof value !== 'string' || !/^[^\s`|"\\{}*][^\n`|"\\{}*]{2,180}\.$/.test(value))
    refuse(
      option,
      `${JSON.stringify(value)} is no plain sentence.`,
      'Write one line of 4 to 180 characters that ends with a full stop, without double quotes, braces, asterisks, backslashes and |.',
    );
  return value;
}

/** One of a closed set. */
export function oneOf(option, value, known) {
  if (!known.includes(value))
    refuse(option, `${JSON.stringify(value)} is not known.`, `Use one of ${known.join(', ')}.`);
  return value;
}

/** Refuses to write over what is there. */
export function mustBeNew(tree, option, path) {
  if (tree.exists(path)) refuse(option, `${path} is there already.`, 'Choose another name.');
}

/** Refuses to put more files into a folder than one can look over: `tools/rooms.test.mjs` would fail. */
export function mustHaveRoom(tree, option, folder, added) {
  const files = tree.children(folder).filter((name) => tree.isFile(`${folder}/${name}`)).length;
  if (files + added > MOST_FILES)
    refuse(
      option,
      `${folder} has ${files} files, and ${added} more would be over ${MOST_FILES}.`,
      'Move some of them into a sub-folder first: docs/recipes.md says how below "A full folder".',
    );
}
