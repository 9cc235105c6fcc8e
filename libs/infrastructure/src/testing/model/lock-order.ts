/** The lock order of all statements: which tables' rows are locked while rows of other tables are held. It must have no cycle. */
export class LockOrder {
  private readonly after = new Map<string, Set<string>>();

  /** Records that `wanted` is locked while `held` is held. Returns true if this closes a cycle. */
  note(held: string, wanted: string): boolean {
    const known = this.after.get(held);
    if (known?.has(wanted)) return false;
    if (known) known.add(wanted);
    else this.after.set(held, new Set([wanted]));
    return this.leads(wanted, held);
  }

  private leads(from: string, to: string): boolean {
    const open = [from];
    const met = new Set(open);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (at === to) return true;
      for (const next of this.after.get(at) ?? []) {
        if (met.has(next)) continue;
        met.add(next);
        open.push(next);
      }
    }
    return false;
  }
}
