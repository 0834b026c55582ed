//! What programs say: messages with places for what varies.

/// The programs, as [`MESSAGES`] numbers them.
pub(super) const APPS: [&str; 20] = [
    "sshd",
    "nginx",
    "postgres",
    "kernel",
    "systemd",
    "cron",
    "sudo",
    "dhcpd",
    "named",
    "postfix/smtpd",
    "haproxy",
    "checkout",
    "billing",
    "auth-service",
    "inventory",
    "search-api",
    "scheduler",
    "vault",
    "openvpn",
    "auditd",
];

/// Program, syslog severity and message; the commoner ones first.
const MESSAGES: [(usize, u8, &str); 26] = [
    (1, 6, "{address} - {user} \"GET /api/v2/{place}/{large} HTTP/1.1\" 200 {large} rt=0.{small}"),
    (11, 6, "order {hex} placed by {user}: {small} items, total {large} cents, region eu-central-1, took {small} ms"),
    (0, 6, "Accepted publickey for {user} from {address} port {port} ssh2: ED25519 SHA256:{hex}{hex}"),
    (15, 6, "query id={hex} terms={small} shards=12 hits={large} duration={small}ms cache=miss index={place}"),
    (4, 6, "Started session-{large}.scope - Session {large} of User {user}."),
    (5, 6, "({user}) CMD (/usr/local/bin/rotate --keep {small} /var/log/{place} >/dev/null 2>&1)"),
    (
        10,
        6,
        "{address}:{port} frontend~ backend/srv{small} 0/0/{small}/{small}/{small} 200 {large} - - ---- POST /{place}",
    ),
    (2, 6, "duration: {small}.{small} ms  execute S_{small}: SELECT * FROM {place} WHERE id = $1 -- trace {hex}"),
    (0, 6, "Failed password for invalid user {user} from {address} port {port} ssh2"),
    (8, 6, "client @0x{hex} {address}#{port}: query: {place}.internal.example.net IN AAAA + (10.0.0.53)"),
    (7, 6, "DHCPACK on {address} to 52:54:00:{small} (laptop-{user}) via eth{small} lease {large}"),
    (13, 5, "token issued subject={user} client={place} ip={address} jti={hex}{hex} ttl=3600"),
    (3, 6, "[UFW BLOCK] IN=eth0 OUT= SRC={address} DST=10.0.0.{small} LEN={small} PROTO=TCP SPT={port} DPT=445"),
    (9, 6, "connect from unknown[{address}]: queue {hex} size={large} nrcpt={small}"),
    (6, 5, "{user} : TTY=pts/{small} ; PWD=/home ; USER=root ; COMMAND=/usr/bin/systemctl restart {place}"),
    (12, 6, "invoice {large} rendered for account {user} in {small} ms, pages={small}, checksum={hex}"),
    (14, 4, "stock level low: sku={hex} warehouse={small} remaining={small} reorder point reached"),
    (16, 6, "job {hex} of queue {place} done after {large} us, attempt {small}, worker {small}"),
    (18, 6, "{user}/{address}:{port} peer info: IV_VER=2.6.{small} data channel cipher AES-256-GCM, key {hex}"),
    (19, 6, "type=SYSCALL msg=audit({large}.{small}): syscall=59 success=yes exit=0 auid={large} comm={place}"),
    (
        1,
        4,
        "{address} upstream timeout (110: Connection timed out) while reading response, request /api/v2/{place}/{large}",
    ),
    (11, 3, "payment for order {hex} failed: gateway timeout after {small} ms, user {user}, retry {small}"),
    (2, 3, "deadlock detected: process {large} waits for ShareLock on transaction {large}; blocked by {large}"),
    (17, 4, "permission denied: path=secret/{place} entity={user} remote={address} request={hex}"),
    (15, 7, "evicted {large} entries from segment cache {hex} pressure={small} generation={small}"),
    (3, 2, "Out of memory: Killed process {large} ({place}) total-vm:{large}kB, anon-rss:{large}kB"),
];

/// The one that holds [`RARE_WORD`].
const RARE_MESSAGE: (usize, u8, &str) = (16, 3, "unexpected quarkstorm in reactor {hex}, worker {small} restarted");

/// A word that hardly any record holds.
pub(super) const RARE_WORD: &str = "quarkstorm";
/// A word that many records hold.
pub(super) const COMMON_WORD: &str = "timeout";
/// A part of some messages that begins and ends inside of words.
pub(super) const COMMON_PART: &str = "imed ou";

/// A piece of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(&'static str),
    User,
    Address,
    Port,
    /// Below 1,000.
    Small,
    /// Below 1,000,000.
    Large,
    /// Eight hexadecimal digits.
    Hex,
    Place,
}

/// A message of one program, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) app: &'static str,
    pub(super) severity: u8,
    pub(super) parts: Vec<Part>,
}

/// All templates, the commoner ones first.
pub(super) fn all() -> Vec<Template> {
    MESSAGES.iter().map(take_apart).collect()
}

/// The template that holds [`RARE_WORD`].
pub(super) fn rare() -> Template {
    take_apart(&RARE_MESSAGE)
}

fn take_apart(&(app, severity, message): &(usize, u8, &'static str)) -> Template {
    let mut parts = Vec::new();
    for piece in message.split('{') {
        let text = match piece.split_once('}') {
            Some((name, text)) => {
                parts.extend(varying(name));
                text
            }
            None => piece,
        };
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
    }
    Template { app: APPS.get(app).copied().unwrap_or("-"), severity, parts }
}

fn varying(name: &str) -> Option<Part> {
    Some(match name {
        "user" => Part::User,
        "address" => Part::Address,
        "port" => Part::Port,
        "small" => Part::Small,
        "large" => Part::Large,
        "hex" => Part::Hex,
        "place" => Part::Place,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_in_a_message_has_a_meaning() {
        for message in MESSAGES.iter().chain([&RARE_MESSAGE]) {
            let template = take_apart(message);
            let places = template.parts.iter().filter(|part| !matches!(part, Part::Text(_))).count();
            assert_eq!(places, message.2.matches('{').count(), "{}", message.2);
            assert_ne!(template.app, "-");
        }
        assert_eq!(take_apart(&(0, 6, "a{hex}b")).parts, [Part::Text("a"), Part::Hex, Part::Text("b")]);
        assert!(RARE_MESSAGE.2.contains(RARE_WORD));
    }
}
