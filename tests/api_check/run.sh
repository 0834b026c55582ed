#!/bin/sh
# Holds the OpenAPI document and a running daemon against each other with Schemathesis: as a program, then as an admin who is signed in.
# Leaves nothing behind but a virtual environment in target/.
set -eu
cd "$(dirname "$0")/../.."
here=tests/api_check
target="${CARGO_TARGET_DIR:-target}"
version=4.32.5

tools="$target/schemathesis-$version"
if [ ! -x "$tools/bin/schemathesis" ]; then
    python3 -m venv "$tools" || { apt-get install -y -qq --no-install-recommends python3-venv && python3 -m venv "$tools"; }
    "$tools/bin/pip" install --quiet "schemathesis==$version"
fi
cargo build --quiet
"$target/debug/logseal" engine install >/dev/null

folder=$(mktemp -d)
daemon=
clean() {
    [ -z "$daemon" ] || { kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null; } || true
    rm -rf "$folder"
}
trap clean EXIT INT TERM

export LOGSEAL_ADMIN_PASSWORD='correct horse battery'
LOGSEAL__DATA_DIR="$folder" LOGSEAL__API__LISTEN=127.0.0.1:0 LOGSEAL__SYSLOG='[]' \
    LOGSEAL__AUTH__REQUESTS_PER_SECOND_PER_USER=100000 LOGSEAL__AUTH__REQUESTS_PER_SECOND_PER_ADDRESS=100000 \
    "$target/debug/logseal" >"$folder/out" 2>&1 &
daemon=$!
tries=0
until url=$(sed -n 's/^ *api  *\(http[^ ]*\).*/\1/p' "$folder/out") && [ -n "$url" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] && kill -0 "$daemon" || { cat "$folder/out"; exit 1; }
    sleep 0.1
done

login="{\"username\":\"admin\",\"password\":\"$LOGSEAL_ADMIN_PASSWORD\"}"
session=$(curl -sf "$url/api/v1/auth/login" -H 'Content-Type: application/json' -d "$login" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
# Live streams do not end, so their answers cannot be waited for; a WebSocket is asked for with more than HTTP.
check() {
    bearer=$1
    shift
    "$tools/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$url/api/v1/openapi.json" --url "$url" \
        --checks all --seed 1 --no-color --exclude-operation-id tail_logs --exclude-operation-id watch_alerts \
        --exclude-operation-id watch_status --exclude-operation-id watch_job_by_socket \
        --header "Authorization: Bearer $bearer" "$@"
}
token=$(cat "$folder/cli.token")
check "$token"
# What ends the caller's own session is left to those who have none. This run also revokes the token.
check "$session" --exclude-operation-id logout --exclude-operation-id change_password --exclude-operation-id end_session
