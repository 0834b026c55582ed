//! The token that a command sends with its requests.

use std::path::Path;

use anyhow::Context as _;

use super::Daemon;

/// The daemon's data folder, where none is named.
const DATA_DIR: &str = "data";
/// What the daemon puts there, for who may read it.
const LOCAL: &str = "cli.token";

/// From `--token-file`, else from `LOGSEAL_TOKEN`, else the one that the daemon has put into its data folder, where the daemon is
/// on this machine: no other machine is told it.
///
/// # Errors
/// Where the file that was named cannot be read.
pub(super) fn find(daemon: &Daemon) -> anyhow::Result<Option<String>> {
    if let Some(file) = &daemon.token_file {
        return read(file).map(Some).with_context(|| format!("read the token in {}", file.display()));
    }
    if let Some(token) = daemon.token.as_ref().filter(|token| !token.is_empty()) {
        return Ok(Some(token.trim().to_owned()));
    }
    let folder = daemon.data_dir().unwrap_or(Path::new(DATA_DIR));
    let is_here = daemon.is_configured() || is_this_machine(&daemon.url());
    Ok(if is_here { read(&folder.join(LOCAL)).ok() } else { None })
}

fn read(file: &Path) -> std::io::Result<String> {
    Ok(std::fs::read_to_string(file)?.trim().to_owned())
}

fn is_this_machine(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_told_the_local_token() {
        for (url, expected) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:1", true),
            ("http://10.0.0.1", false),
            ("http://localhost.example.net", false),
        ] {
            assert_eq!(is_this_machine(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
