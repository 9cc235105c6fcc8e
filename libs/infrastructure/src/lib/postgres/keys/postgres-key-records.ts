import { KeyRecords, type HeldKeys, type KeyDifference, type KeyUse } from '@taskrunner/core/ports';
import type { Queries } from '../connection/queries';
import { statement } from '../connection/statement';

/** A recorded key. */
export interface RecordedKey {
  readonly use: KeyUse;
  readonly id: string;
  /** True if services need the key to create rows, or to read rows of unsealed runs. */
  readonly needed: boolean;
}

/** Key records in the table `pack_runs.keys`. */
export class PostgresKeyRecords extends KeyRecords {
  private readonly recordedStatement = statement('recorded-keys');
  private readonly inUseStatement = statement('keys-in-use');
  private readonly keepJournalStatement = statement('keep-journal-key');
  private readonly keepSensitiveStatement = statement('keep-sensitive-key');
  private readonly keepSigningStatement = statement('keep-signing-key');
  private readonly keepPublicStatement = statement('keep-public-keys');

  constructor(private readonly queries: Queries) {
    super();
  }

  /**
   * Signing keys: any number may be valid at a time, but living workers must have a new key first. Encryption key for inputs: there is one,
   * and a missing key is not a difference.
   */
  async ofWebservice(keys: readonly HeldKeys[]): Promise<readonly KeyDifference[]> {
    const differences: KeyDifference[] = [];
    for (const held of keys) {
      if (held.ids === null) continue;
      if (held.use !== 'sensitive-inputs') {
        for (const id of held.ids) {
          const [signing] = await this.queries.across<{ kept: boolean }>(this.keepSigningStatement, [held.use, id]);
          if (signing?.kept !== true) differences.push({ use: held.use, needed: [], held });
        }
        continue;
      }
      const [id = null] = held.ids;
      const [kept] = await this.queries.across<Kept>(this.keepSensitiveStatement, [id]);
      if (id !== null && kept?.recorded) differences.push({ use: held.use, needed: [kept.recorded], held });
    }
    return differences;
  }

  async ofWorker(keys: readonly HeldKeys[]): Promise<readonly KeyDifference[]> {
    const recorded = await this.queries.across<Pick<RecordedKey, 'use' | 'id'>>(this.recordedStatement, []);
    const lacking = recorded.filter(({ use, id }) => keys.some((held) => held.use === use && !isHeld(held, id)));
    // Public keys that no row needs any more may be missing.
    const needed =
      lacking.length === 0
        ? []
        : await this.queries.across<RecordedKey>(this.inUseStatement, [lacking.map(({ id }) => id)]);
    const differences: KeyDifference[] = [];
    for (const held of keys) {
      const ids = await this.neededOf(held, needed);
      if (ids.length > 0) differences.push({ use: held.use, needed: ids, held });
    }
    if (differences.length === 0)
      for (const { use, ids } of keys)
        if (use === 'admission' || use === 'ledger') await this.queries.across(this.keepPublicStatement, [use, ids]);
    return differences;
  }

  private async neededOf(held: HeldKeys, lacking: readonly RecordedKey[]): Promise<readonly string[]> {
    const ofUse = lacking.filter(({ use }) => use === held.use);
    if (held.use === 'journal-mac') {
      const [id] = held.ids ?? [];
      if (id === undefined) return [];
      const [kept] = await this.queries.across<Kept>(this.keepJournalStatement, [id]);
      return kept?.recorded ? [kept.recorded] : [];
    }
    // A webservice encrypts with the recorded key from now on, so it is required even if nothing is encrypted yet.
    return ofUse.filter(({ needed }) => needed || held.use === 'sensitive-inputs').map(({ id }) => id);
  }
}

interface Kept {
  /** The recorded key, if it cannot be replaced. */
  readonly recorded: string | null;
}

function isHeld({ ids }: HeldKeys, id: string): boolean {
  return ids === null || ids.includes(id);
}
