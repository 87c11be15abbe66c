#!/bin/sh
# A shell script that uses the exit status, one value, many values, and a command with values in its environment.
set -eu

# The status says why there is no value: 3 is "not found", anything else is a failure.
status=0
region=$(secretctl get-var region) || status=$?
case $status in
0) ;;
3) region=eu-west-1 ;;
*) exit "$status" ;;
esac

# One field, for one command.
PGPASSWORD=$(secretctl get-conn warehouse --field password) sh -c 'test -n "$PGPASSWORD"'

# Many values in this shell. Assign them first, because a failure inside `eval` would go unnoticed.
secrets=$(secretctl export --conn warehouse --set DB_HOST=conn:warehouse#host --format shell)
eval "$secrets"
test -n "$AIRFLOW_CONN_WAREHOUSE"

# A command with a value in its environment only.
exec secretctl exec --conn warehouse --var greeting -- \
  sh -c 'echo "$1: deploying to $2 as $AIRFLOW_VAR_GREETING"' deploy "$region" "$DB_HOST"
