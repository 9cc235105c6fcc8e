import { captionOf, type GraphNode, type PlanGraph } from './plan-graph';

/**
 * A graph as a Mermaid flowchart. Names of packs are untrusted: nodes are numbered, and in labels all but letters, digits, spaces
 * and a few marks are written as entities, so that no name can be read as Mermaid or HTML.
 */
export function mermaidOf(graph: PlanGraph): string {
  const names = new Map(graph.nodes.map(({ id }, place) => [id, `n${place}`]));
  const children = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }
  const lines = ['flowchart TD'];
  const draw = (node: GraphNode, indent: string): void => {
    const name = names.get(node.id) ?? '';
    const { title, detail } = captionOf(node);
    const label = `"${escape(title)}<br/>${escape(detail)}"`;
    const inside = children.get(node.id) ?? [];
    if (node.kind === 'run') lines.push(`${indent}${name}[${label}]`);
    else if (node.kind === 'gate') lines.push(`${indent}${name}{{${label}}}`);
    else {
      lines.push(`${indent}subgraph ${name}[${label}]`);
      const branches = [...new Set(inside.map(({ branch }) => branch))];
      for (const branch of branches) {
        const own = inside.filter((child) => child.branch === branch);
        if (branch === null) for (const child of own) draw(child, `${indent}  `);
        else {
          lines.push(`${indent}  subgraph ${name}b${branch}["${branchTitle(branch)}"]`);
          for (const child of own) draw(child, `${indent}    `);
          lines.push(`${indent}  end`);
        }
      }
      lines.push(`${indent}end`);
    }
  };
  for (const node of children.get('') ?? []) draw(node, '  ');
  for (const { from, to } of graph.edges) lines.push(`  ${names.get(from) ?? ''} --> ${names.get(to) ?? ''}`);
  return `${lines.join('\n')}\n`;
}

/** Display name of a branch of a conditional. */
export function branchTitle(branch: number | 'else'): string {
  return branch === 'else' ? 'else' : `branch ${branch}`;
}

/** Mermaid decodes entities by code point (`#123;`) after parsing. */
function escape(text: string): string {
  return [...text]
    .slice(0, 120)
    .map((character) => (/^[A-Za-z0-9 ._:,/@-]$/.test(character) ? character : `#${character.codePointAt(0) ?? 63};`))
    .join('');
}
