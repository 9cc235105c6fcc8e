import type { StoreIdentity } from '../../ports/objects/object-store';
import type { StoreRecords } from '../../ports/objects/store-records';

/**
 * Why an object store is not the one of an installation. `empty`: it has no objects and no id. `unknown`: it has objects and no id. `other`: it
 * has the id of another installation. `taken`: it has an id, and the database has recorded no store, as a new one.
 */
export type StoreDifference = 'empty' | 'unknown' | 'other' | 'taken';

interface ComparedStore {
  readonly records: StoreRecords;
  readonly identity: StoreIdentity;
  /** Makes an id for a store that has none. */
  readonly newId: () => string;
}

/**
 * Compares the id of an object store with the recorded one. In a wrong store, every object is missing, and the sweep would delete what it does
 * not know. An installation without a recorded id adopts its store, unless the store is empty and rows name objects. Null: it is the store of
 * the installation.
 */
export async function compareStore({ records, identity, newId }: ComparedStore): Promise<StoreDifference | null> {
  // The database first: what it says to be written was in the store before. Another service may write both between the two questions.
  const { id, isWritten, namesObjects } = await records.recorded();
  const stored = await identity.read();
  if (isWritten) {
    if (stored === id) return null;
    if (stored !== null) return 'other';
    return (await identity.isEmpty()) ? 'empty' : 'unknown';
  }
  if (stored !== null) {
    // Another service may have recorded and written it since the first question.
    const recorded = stored === id ? id : (await records.recorded()).id;
    if (recorded !== stored) return recorded === null ? 'taken' : 'other';
    await records.keep(stored, true);
    return null;
  }
  if (namesObjects && (await identity.isEmpty())) return 'empty';
  // Recorded first: of two services that start at once, both write the id of the first.
  const kept = await records.keep(id ?? newId(), false);
  await identity.write(kept);
  await records.keep(kept, true);
  return null;
}
