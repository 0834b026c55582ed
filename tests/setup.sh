#!/bin/sh
# Brings what the tests need and the build does not: the engine library, real clients, and Postgres.
set -eu
cd "$(dirname "$0")/.."

missing=""
for pair in rsyslogd:rsyslog openssl:openssl logger:bsdutils; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || missing="$missing ${pair##*:}"
done
# rsyslog's modules are loaded by it, not run.
for pair in omrelp.so:rsyslog-relp lmnsd_gtls.so:rsyslog-gnutls lmnsd_ossl.so:rsyslog-openssl omelasticsearch.so:rsyslog-elasticsearch; do
    ls /usr/lib/*/rsyslog/"${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
# Postgres runs from its own folder; no server of the machine's own is started or needed.
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
# The tests run Debian's Python, whatever stands before it in PATH: some clients hold machine code for one version.
/usr/bin/python3 -m pip --version >/dev/null 2>&1 || missing="$missing python3-pip"
# What the unpacked programs below are linked with.
for pair in libjson-c.so.5:libjson-c5 libcurl.so.4:libcurl4 libglib-2.0.so.0:libglib2.0-0; do
    ls /usr/lib/*/"${pair%%:*}" /lib/*/"${pair%%:*}" 2>/dev/null | grep -q . || missing="$missing ${pair##*:}"
done
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
if [ -n "$missing" ]; then
    echo "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    case "$missing" in *postgresql*)
        # The package would make and start a cluster that nothing here uses.
        mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/logseal-tests.conf ;;
    esac
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
    rm -f /etc/postgresql-common/createcluster.d/logseal-tests.conf
fi

# Clients of the protocols of shippers and a server of S3's, for the tests alone. The copy of the list says what is there.
clients=target/test-clients/python
list=tests/clients/requirements.txt
if ! cmp -s "$list" "$clients/requirements.txt"; then
    echo "installing Python clients into $clients"
    /usr/bin/python3 -m pip install --quiet --root-user-action ignore --disable-pip-version-check --upgrade \
        --target "$clients" --requirement "$list"
    cp "$list" "$clients/requirements.txt"
fi

clients=target/test-clients/node
list=tests/clients/node/package-lock.json
if ! cmp -s "$list" "$clients/installed.json"; then
    echo "installing JavaScript clients into $clients"
    mkdir -p "$clients"
    cp tests/clients/node/package.json "$list" "$clients/"
    (cd "$clients" && npm ci --silent --no-audit --no-fund --ignore-scripts)
    cp "$list" "$clients/installed.json"
fi

# syslog-ng cannot be installed beside rsyslog, and nothing here needs the services that come with these packages: they are unpacked.
clients=target/test-clients/debian
list=tests/clients/debian.txt
if ! cmp -s "$list" "$clients/debian.txt"; then
    echo "unpacking Debian's clients into $clients"
    rm -rf "$clients" && mkdir -p "$clients"
    apt-get update -qq
    # shellcheck disable=SC2086
    (packages=$(cat "$list") && cd "$clients" && apt-get download -qq -o APT::Sandbox::User=root $packages)
    for package in "$clients"/*.deb; do dpkg -x "$package" "$clients" && rm "$package"; done
    cp "$list" "$clients/debian.txt"
fi

# As the tests build it: `cargo build` would compile most crates a second time, for other features.
cargo test --workspace --no-run --quiet
target="${CARGO_TARGET_DIR:-target}"
"$target/debug/logseal" engine install
