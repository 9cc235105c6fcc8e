/** Which open gates are listed; absent: those that the person may decide. */
export interface InboxSearch {
  readonly all?: true;
}

export function readInboxSearch(search: Readonly<Record<string, unknown>>): InboxSearch {
  return search['all'] === true || search['all'] === 'true' ? { all: true } : {};
}
