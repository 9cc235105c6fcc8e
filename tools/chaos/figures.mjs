// Figures of a campaign.

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Milliseconds from the death of a worker to the next page of each active run that it held. */
export async function progressAfterDeaths(database, workers) {
  const deaths = workers
    .filter(({ killedAt }) => killedAt !== null)
    .map(({ name, killedAt }) => ({ name, at: killedAt }));
  const rows = await database.ask(
    `with deaths as (select * from json_to_recordset($1::json) d (name text, at float8)),
    held as (
      select d.at, h.run_id from deaths d cross join lateral (
        select distinct run_id from chaos.hands where worker = d.name
      ) mine cross join lateral (
        select run_id, worker from chaos.hands where run_id = mine.run_id and at <= to_timestamp(d.at / 1000) order by at desc limit 1
      ) h where h.worker = d.name
    )
    select extract(epoch from min(p.at)) * 1000 - held.at as ms from held
    join chaos.pages p on p.run_id = held.run_id and p.at > to_timestamp(held.at / 1000)
    group by held.run_id, held.at`,
    [JSON.stringify(deaths)],
  );
  return rows.map(({ ms }) => Math.round(ms));
}

/** Number of disturbances by the given key, such as a statement or a fault point. */
export function counted(deeds, key) {
  const counts = {};
  for (const deed of deeds) if (deed[key] !== undefined) counts[deed[key]] = (counts[deed[key]] ?? 0) + 1;
  return counts;
}

/** The longest series of claims of one run without a journal entry. Their workers died before they had written anything. */
export function mostClaimsInVain(journals) {
  const rows = Object.values(journals).flatMap((entries) => {
    const fences = entries.flatMap(({ event }) => (event.type === 'run.claimed' ? [event.fence] : []));
    return fences.map((fence, index) => fence - (fences[index - 1] ?? 0) - 1);
  });
  return rows.reduce((most, row) => Math.max(most, row), 0);
}
