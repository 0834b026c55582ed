#!/bin/sh
# Runs every fuzz target for ten minutes (or for the seconds given). Needs cargo-fuzz and a nightly toolchain.
set -eu
cd "$(dirname "$0")/.."
for file in fuzz/fuzz_targets/*.rs; do
    cargo +nightly fuzz run "$(basename "$file" .rs)" -- -max_total_time="${1:-600}"
done
