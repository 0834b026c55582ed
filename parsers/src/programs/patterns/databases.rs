//! Databases: connections and logins.

use super::{FAILURE, NONE, Pattern, SUCCESS};

/// PostgreSQL. What a syslog daemon is sent begins with the prefix of its lines.
#[rustfmt::skip]
pub(super) const POSTGRESQL: &[Pattern] = &[
    ("{_}onnection received: host={ip} port={port}", NONE),
    ("{_}onnection authenticated: identity=\"{user}\" method={method}", SUCCESS),
    ("{_}onnection authorized: user={user} database={database} application_name={application_name}", SUCCESS),
    ("{_}onnection authorized: user={user} database={database}", SUCCESS),
    ("{_}isconnection: session time: {_} user={user} database={database} host={ip} port={port}", NONE),
    ("{_}isconnection: session time: {_} user={user} database={database} host={_}", NONE),
    ("{_}o pg_hba.conf entry for host \"{ip}\", user \"{user}\", database \"{database}\"", FAILURE),
    ("{_}g_hba.conf rejects connection for host \"{ip}\", user \"{user}\", database \"{database}\"", FAILURE),
    ("{_} authentication failed for user \"{user}\"", FAILURE),
    ("{_}ole \"{user}\" is not permitted to log in", FAILURE),
];

/// MySQL and MariaDB.
#[rustfmt::skip]
pub(super) const MYSQL: &[Pattern] = &[
    ("Access denied for user '{user}'@'{ip}' {_}", FAILURE),
    ("{_}Access denied for user '{user}'@'{ip}'", FAILURE),
    ("Host '{ip}' is not allowed to connect {_}", FAILURE),
    ("Host '{ip}' is blocked because of many connection errors{_}", FAILURE),
    ("Aborted connection {_} to db: '{_}' user: 'unauthenticated' host: '{ip}' ({_}", NONE),
    ("Aborted connection {_} to db: '{database}' user: '{user}' host: '{ip}' ({_}", NONE),
];

/// PgBouncer, of clients' connections.
#[rustfmt::skip]
pub(super) const PGBOUNCER: &[Pattern] = &[
    ("C-{_}: (nodb)/(nouser)@{ip} {_}", NONE),
    ("C-{_}: {database}/{login}@{ip} {_}: password authentication failed{_}", FAILURE),
    ("C-{_}: {database}/{login}@{ip} {_}", NONE),
];

/// MongoDB before version 4.4, whose later log is JSON. Its users are of a database.
#[rustfmt::skip]
pub(super) const MONGODB: &[Pattern] = &[
    ("Failed to authenticate {user}@{database} with mechanism {method}: {_}", FAILURE),
    ("{_} {method} authentication failed for {user} on {database} from client {ip} ; {_}", FAILURE),
    ("{_} {method} authentication failed for {user} on {database} from client {ip}", FAILURE),
    ("Successfully authenticated as principal {user} on {database} from client {ip}", SUCCESS),
    ("Successfully authenticated as principal {user} on {database}", SUCCESS),
    ("authenticate db: {database} {_} user: \"{user}\", {_}", NONE),
    ("connection accepted from {ip} #{_}", NONE),
    ("received client metadata from {ip} {_}", NONE),
    ("end connection {ip} ({_}", NONE),
];
