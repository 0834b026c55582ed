#!/bin/sh
# Runs every fuzz target of the daemon, or those that are named, for ten minutes each: run.sh [SECONDS [TARGET...]].
# Needs cargo-fuzz. The targets are safe code, so that no sanitizer watches them, and the stable toolchain does.
set -eu
cd "$(dirname "$0")/.."
seconds="${1:-600}"
if [ $# -gt 0 ]; then shift; fi
if [ $# -eq 0 ]; then
    for file in fuzz/fuzz_targets/*.rs; do set -- "$@" "$(basename "$file" .rs)"; done
fi
cargo fuzz build -s none
mkdir -p fuzz/target
# The words of the seeds, for inputs that hold them.
LC_ALL=C grep -rIhoE '[a-zA-Z_|-]{3,24}' fuzz/corpus | sort -u | sed 's/.*/"&"/' > fuzz/target/words.dict
for target in "$@"; do
    # New inputs go to the first folder: corpus/ keeps the seeds that were written by hand.
    found="fuzz/target/found/$target"
    mkdir -p "$found"
    cargo fuzz run -s none "$target" "$found" "fuzz/corpus/$target" -- -dict=fuzz/target/words.dict -max_len=8192 \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -report_slow_units=1 -print_final_stats=1
done
