/** Adds a line after the last one that begins with `begins`. Documents have no syntax tree, so lines are found by their beginnings. */
export function afterLast(tree, path, begins, line) {
  const lines = linesOf(tree, path);
  const at = lines.findLastIndex((one) => one.startsWith(begins));
  if (at < 0) throw missing(path, begins);
  lines.splice(at + 1, 0, line);
  tree.write(path, lines.join('\n'));
}

export function beforeFirst(tree, path, begins, ...added) {
  const lines = linesOf(tree, path);
  const at = lines.findIndex((one) => one.startsWith(begins));
  if (at < 0) throw missing(path, begins);
  lines.splice(at, 0, ...added);
  tree.write(path, lines.join('\n'));
}

/** Adds a line to the end of a section, before the heading that follows it. */
export function atEndOf(tree, path, heading, line) {
  const lines = linesOf(tree, path);
  const begin = lines.findIndex((one) => one === heading);
  if (begin < 0) throw missing(path, heading);
  const depth = heading.indexOf(' ');
  const isNext = (one) => /^#+ /.test(one) && one.indexOf(' ') <= depth;
  const next = lines.findIndex((one, index) => index > begin && isNext(one));
  let at = next < 0 ? lines.length : next;
  while (lines[at - 1] === '') at--;
  lines.splice(at, 0, line);
  tree.write(path, lines.join('\n'));
}

/** Adds the user-visible change to the changelog. */
export function noteChange(tree, line) {
  atEndOf(tree, 'CHANGELOG.md', '### Added', `- ${line}`);
}

const linesOf = (tree, path) => (tree.read(path, 'utf8') ?? '').split('\n');
const missing = (path, what) =>
  new Error(`${path} has no line ${JSON.stringify(what)}: the generator no longer fits the repository.`);
