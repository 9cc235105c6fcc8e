// Figures of a round of forgeries.

/** By holder: tried, found, missed, without effect. By check and holder: the number of forgeries that it found first. */
export function figures({ tried }) {
  const holders = {};
  const checks = {};
  for (const { holder, outcome, by } of tried) {
    const row = (holders[holder] ??= { tried: 0, found: 0, missed: 0, 'without effect': 0 });
    row.tried += 1;
    row[outcome === 'same' ? 'without effect' : outcome] += 1;
    if (outcome === 'found') {
      const check = (checks[by[0]] ??= {});
      check[holder] = (check[holder] ?? 0) + 1;
    }
  }
  return { holders, checks };
}

/** Missed cells, with the known reason of each. */
export function listing({ missed }, { inherent, open }) {
  return [...missed].map(([cell, all]) => ({
    cell,
    count: all.length,
    packs: [...new Set(all.map(({ pack }) => pack))],
    mutations: [...new Set(all.map(({ mutation }) => mutation))],
    listed: inherent.has(cell) ? 'inherent' : open.has(cell) ? 'not closed yet' : 'NOT LISTED',
    refused: all.every(({ refused }) => refused?.length > 0)
      ? `; a remote Attestor refuses it (${[...new Set(all.flatMap(({ refused }) => refused))].join(', ')})`
      : '',
  }));
}
