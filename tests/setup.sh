#!/bin/sh
# Brings what the tests need and the build does not: the engine library, and real syslog clients.
set -eu
cd "$(dirname "$0")/.."

missing=""
for pair in rsyslogd:rsyslog openssl:openssl logger:bsdutils; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair##*:}"
done
# rsyslog's TLS drivers are loaded by it, not run.
for pair in lmnsd_gtls.so:rsyslog-gnutls lmnsd_ossl.so:rsyslog-openssl; do
    ls /usr/lib/*/rsyslog/"${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
if [ -n "$missing" ]; then
    echo "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

cargo build --quiet
target="${CARGO_TARGET_DIR:-target}"
"$target/debug/logseal" engine install
