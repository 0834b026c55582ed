#!/bin/sh
# Runs every fuzz target for ten minutes (or for the seconds given). Needs cargo-fuzz and a nightly toolchain.
set -eu
cd "$(dirname "$0")/.."
for target in syslog framing json relp shippers; do
    cargo +nightly fuzz run "$target" -- -max_total_time="${1:-600}"
done
