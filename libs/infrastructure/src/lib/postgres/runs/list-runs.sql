-- Runs of a tenant, newest first: ids increase with time. Any of the filters can be absent, and together they can match few of many runs, so what
-- is read has a bound. Each filter that has an index gives its newest $4 runs between $2 and $3. The list goes along the filter that has
-- fewer than $4, since it then has all of them, or else along the one whose runs reach furthest back; each of these runs is compared with
-- all filters. is_cut: there can be runs before `reach`, the last of them. No index but that of the key: all runs are searched ($6).
-- A value that is too large for this process counts as altered.
-- Outputs above 64 KiB are left out: a page of them could be larger than this process can answer.
-- $7: stored statuses that can be shown as one of $8, so that the index is used.
with lists as materialized (
  select array(select r.run_id from pack_runs.runs r where r.tenant_id = $1 and r.run_id >= $2::uuid and r.run_id < $3::uuid
    order by r.run_id desc limit $4) as ids
  where $6::boolean
  union all
  select array(select r.run_id from unnest($7::text[]) w (status) cross join lateral (
      select r.run_id from pack_runs.runs r where r.tenant_id = $1 and r.status = w.status and r.run_id >= $2::uuid and r.run_id < $3::uuid
      order by r.run_id desc limit $4) r
    order by r.run_id desc limit $4)
  where $7::text[] is not null
  union all
  select array(select r.run_id from unnest($9::text[]) w (stuck) cross join lateral (
      select r.run_id from pack_runs.runs r where r.tenant_id = $1 and r.stuck = w.stuck and r.run_id >= $2::uuid and r.run_id < $3::uuid
      order by r.run_id desc limit $4) r
    order by r.run_id desc limit $4)
  where $9::text[] is not null
  union all
  select array(select s.run_id from pack_runs.run_sources s
    where s.tenant_id = $1 and s.pack_name = $10 and s.run_id >= $2::uuid and s.run_id < $3::uuid
    order by s.run_id desc limit $4)
  where $10::text is not null
  union all
  select array(select s.run_id from pack_runs.run_sources s
    where s.tenant_id = $1 and s.requester_sub = $12 and s.run_id >= $2::uuid and s.run_id < $3::uuid
    order by s.run_id desc limit $4)
  where $12::text is not null
  union all
  select array(select l.run_id from pack_runs.run_labels l
    where l.tenant_id = $1 and l.key = w.key and l.value = w.value and l.run_id >= $2::uuid and l.run_id < $3::uuid
    order by l.run_id desc limit $4)
  from unnest($14::text[], $15::text[]) w (key, value)
), along as (
  select ids, cardinality(ids) >= $4 as is_cut, ids[cardinality(ids)] as reach from lists
  order by 2, case when cardinality(ids) < $4 then cardinality(ids) end, 3 limit 1
)
select a.is_cut, a.reach, m.*
from along a left join lateral (
  select one.* from (select run_id from unnest(a.ids) u (run_id) order by run_id desc) c
  cross join lateral (
    select r.run_id, pack_runs.shown_status(r.status, r.cancel_position, r.seen) as status, pack_runs.bounded(s.pack_name, 65536) as pack_name, pack_runs.bounded(s.pack_version, 65536) as pack_version,
      pack_runs.bounded(s.content_digest, 65536) as content_digest, pack_runs.bounded(s.source_digest, 65536) as source_digest, pack_runs.bounded(s.admission_digest, 65536) as admission_digest,
      pack_runs.bounded(s.plan_hash, 65536) as plan_hash, pack_runs.bounded(s.profile_digest, 65536) as profile_digest, pack_runs.bounded(s.stored_admission, 16777216) as admission, s.admitted, s.signed, s.admitted_digests, pack_runs.bounded(r.altered, 16777216) as altered,
      pack_runs.bounded(s.requester, 16777216) as requester, pack_runs.bounded(s.initiators, 16777216) as initiators, pack_runs.bounded(s.labels, 16777216) as labels,
      pack_runs.bounded(r.waits, 16777216) as waits, pack_runs.bounded(r.counts, 16777216) as counts, pack_runs.bounded(r.error, 16777216) as error,
      case when not large.outputs then r.outputs end as outputs, large.outputs as outputs_omitted, pack_runs.bounded(r.message, 134217728) as message, pack_runs.bounded(r.evidence_reason, 65536) as evidence_reason,
      pack_runs.bounded(r.evidence_digest, 1024) as evidence_digest, r.created_ms, r.started_ms, r.finished_ms, r.stuck, r.evidence_status, r.last_line, r.version, s.rerun_of,
      r.cancel_position, case when r.cancel_position > 0 then (select json_build_object('input', pack_runs.bounded(i.given, 16777216), 'postedMs', i.posted_ms,
      'isForced', exists (select from pack_runs.inbox f
      where f.tenant_id = r.tenant_id and f.run_id = r.run_id and f.dedupe = 'cancel:force' and f.position <= r.inbox_seq))
        from pack_runs.inbox i where i.tenant_id = r.tenant_id and i.run_id = r.run_id and i.position = r.cancel_position) end as cancel_request,
      case when r.evidence_status = 'sealed' then (select json_agg(json_build_object('destination', x.destination,
          'artifacts', x.artifacts, 'status', x.status, 'tries', x.tries, 'reason', pack_runs.bounded(x.reason, 65536), 'requestedAt', x.requested_ms,
          'nextAttemptAt', case when x.status = 'pending' then pack_runs.epoch_ms(x.due_at) end,
          'endedAt', x.ended_ms) order by x.destination)
        from pack_artifacts.exports x where x.tenant_id = r.tenant_id and x.run_id = r.run_id) end as exports
    from pack_runs.runs r join pack_runs.run_sources s on s.tenant_id = r.tenant_id and s.run_id = r.run_id
    cross join lateral (
      select case when pg_column_size(r.outputs) > 65536 then true else coalesce(octet_length(r.outputs::text) > 65536, false) end as outputs
    ) large
    where r.tenant_id = $1 and r.run_id = c.run_id
      and ($8::text[] is null or pack_runs.shown_status(r.status, r.cancel_position, r.seen) = any($8::text[]))
      and ($9::text[] is null or r.stuck = any($9::text[]))
      and ($10::text is null or s.pack_name = $10)
      and ($11::text is null or s.pack_version = $11)
      and ($12::text is null or s.requester_sub = $12)
      and ($13::text is null or pack_runs.readable(s.requester)->>'iss' = $13)
      and not exists (select from unnest($14::text[], $15::text[]) w (key, value) where pack_runs.readable(s.labels)->>w.key is distinct from w.value)
      and ($16::text is null or strpos(lower(s.pack_name), lower($16 collate "C")) > 0
        or strpos(lower((pack_runs.readable(s.requester)->>'name') collate "C"), lower($16 collate "C")) > 0
        or exists (select from json_each_text(case when json_typeof(pack_runs.readable(s.labels)) = 'object' then s.labels else '{}' end) l where strpos(lower(l.value collate "C"), lower($16 collate "C")) > 0)
        or right(replace(r.run_id::text, '-', ''), length($17::text)) = $17)
    -- Each run by its key, and none once the page is full.
    limit 1
  ) one
  order by c.run_id desc limit $5
) m on true
order by m.run_id desc
