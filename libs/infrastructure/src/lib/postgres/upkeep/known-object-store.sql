select s.id, coalesce(s.written, false) as written,
  not coalesce(s.written, false) and pack_artifacts.names_objects() as names_objects
from (values (true)) this (one) left join pack_artifacts.object_store s on s.one = this.one
