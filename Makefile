# Everything a person needs: `make run` and `make test`. Both work on a bare Debian 12 with Rust, npm and root.
.PHONY: run build engine test check api-check bench fuzz clean

# Builds, fetches the engine library if it is missing, and runs the daemon on loopback with embedded defaults.
run: engine
	cargo run --release

build:
	cargo build --release

engine: build
	cargo run --release --quiet -- engine install

# Sets up what the tests use (the engine library, real syslog clients) and runs all of them.
test:
	sh tests/setup.sh
	cargo test --workspace

# What must hold before a change lands, apart from the tests.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# The OpenAPI document against a running daemon, with Schemathesis, which is fetched into target/.
api-check:
	sh tests/api_check/run.sh

# Parsers, spool and encoding; `logseal bench` measures a running daemon (docs/PERFORMANCE.md).
bench:
	cargo bench --workspace

# Ten minutes for each target; needs cargo-fuzz, see CONTRIBUTING.md.
fuzz:
	sh parsers/fuzz/run.sh
	sh fuzz/run.sh
