import ts from 'typescript';

/**
 * A source or JSON file of the tree that receives insertions. Positions are found in the syntax tree rather than by line, so reformatting a
 * file does not break a generator. A position that is not found is an error, and nothing is written.
 */
export class Source {
  #tree;
  #insertions = [];

  constructor(tree, path) {
    const text = tree.read(path, 'utf8');
    if (text === null) throw new Error(`${path} is not there: the generator no longer fits the repository.`);
    this.#tree = tree;
    this.path = path;
    this.text = text;
    this.file = path.endsWith('.json')
      ? ts.parseJsonText(path, text)
      : ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  }

  /** The first node for which `isIt` holds, in pre-order. `what`: description for the error message. */
  find(what, isIt, from = this.file) {
    const visit = (node) => (isIt(node) ? node : ts.forEachChild(node, visit));
    const found = visit(from);
    if (found === undefined)
      throw new Error(`${this.path} has no ${what}: the generator no longer fits the repository.`);
    return found;
  }

  /** The value of a constant or of a member; of `x as const`, `x satisfies …` and `f(…, {…})` the literal itself. */
  valueOf(name, from = this.file) {
    const declared = this.find(
      `value ${name}`,
      (node) =>
        (ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node)) &&
        node.initializer !== undefined &&
        nameOf(node) === name,
      from,
    );
    return literalOf(declared.initializer);
  }

  /** Object literals of the file that are declared with `satisfies`. */
  lists() {
    return this.file.statements.flatMap((statement) =>
      ts.isVariableStatement(statement)
        ? statement.declarationList.declarations
            .map(({ initializer }) => initializer)
            .filter((value) => value !== undefined && ts.isSatisfiesExpression(value))
            .map(literalOf)
        : [],
    );
  }

  /** Names of the members of an object literal. */
  membersOf(object) {
    return object.properties.map(nameOf);
  }

  member(object, name) {
    return object.properties.find((one) => nameOf(one) === name);
  }

  /** Adds a member or an element after the last one. */
  append(literal, text) {
    const parts = literal.properties ?? literal.elements;
    const last = parts.at(-1);
    if (last === undefined) return this.insert(literal.getStart(this.file) + 1, text);
    this.insert(last.getEnd(), `,\n${text}`);
  }

  /** Adds a member or an element before another one. */
  before(node, text) {
    this.insert(node.getStart(this.file), `${text},\n`);
  }

  /** Imports names from a module, beside those that are imported from there. */
  import(names, from) {
    const imports = this.file.statements.filter(ts.isImportDeclaration);
    const same = imports.find(
      (one) =>
        one.moduleSpecifier.text === from && one.importClause?.namedBindings?.elements && !one.importClause.isTypeOnly,
    );
    if (same === undefined) {
      const last = imports.at(-1);
      this.insert(last?.getEnd() ?? 0, `\nimport { ${names.join(', ')} } from '${from}';`);
      return;
    }
    const { elements } = same.importClause.namedBindings;
    const missing = names.filter(
      (name) => !elements.some((one) => one.getText(this.file).replace(/^type /, '') === name),
    );
    if (missing.length > 0) this.insert(elements.at(-1).getEnd(), `, ${missing.join(', ')}`);
  }

  insert(at, text) {
    this.#insertions.push({ at, text });
  }

  write() {
    const parts = [];
    let done = 0;
    for (const { at, text } of this.#insertions.toSorted((a, b) => a.at - b.at)) {
      parts.push(this.text.slice(done, at), text);
      done = at;
    }
    this.#tree.write(this.path, parts.join('') + this.text.slice(done));
  }
}

function nameOf({ name }) {
  return name === undefined ? undefined : (name.text ?? name.getText());
}

function literalOf(node) {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node))
    return literalOf(node.expression);
  if (ts.isCallExpression(node)) return literalOf(node.arguments.at(-1));
  return node;
}
