#!/bin/sh
# A shell script: what to do by status, one value, many values, and a command that gets them.
set -eu

# The status tells why there is no value: 3 is "not found", anything else is "could not tell".
status=0
region=$(secretctl get-var region) || status=$?
case $status in
0) ;;
3) region=eu-west-1 ;;
*) exit "$status" ;;
esac

# One field, for one command.
PGPASSWORD=$(secretctl get-conn warehouse --field password) sh -c 'test -n "$PGPASSWORD"'

# Many values, in this shell. Assigned first: a command that fails inside `eval` would be overlooked.
secrets=$(secretctl export --conn warehouse --set DB_HOST=conn:warehouse#host --format shell)
eval "$secrets"
test -n "$AIRFLOW_CONN_WAREHOUSE"

# A command that finds them in its environment; nothing else does.
exec secretctl exec --conn warehouse --var greeting -- \
  sh -c 'echo "$1: deploying to $2 as $AIRFLOW_VAR_GREETING"' deploy "$region" "$DB_HOST"
