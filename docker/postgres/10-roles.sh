#!/bin/sh
# The five roles and the database, on the first start of the server. Passwords are read from the secrets of the container.
set -eu
for role in owner maintain web worker audit; do
  psql -v ON_ERROR_STOP=1 -U postgres -v name="taskrunner_$role" -v password="$(cat "/run/secrets/$role")" <<'SQL'
create role :"name" login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
SQL
done
psql -v ON_ERROR_STOP=1 -U postgres <<'SQL'
grant taskrunner_owner to taskrunner_maintain;
create database taskrunner template template0 encoding 'UTF8' owner taskrunner_owner;
revoke all on database taskrunner from public;
grant connect on database taskrunner to taskrunner_owner, taskrunner_maintain, taskrunner_web, taskrunner_worker, taskrunner_audit;
SQL
