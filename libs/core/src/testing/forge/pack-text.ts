/** The manifest of a pack around its `spec`. */
export function pack(name: string, spec: string): string {
  return `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: ${name}, version: 1.2.3 }\nspec:\n${spec}`;
}
