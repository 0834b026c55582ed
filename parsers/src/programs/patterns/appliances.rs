//! Appliances for networks and databases that write to syslog.

use super::{FAILURE, NONE, Pattern, SUCCESS};

/// Ivanti's (Pulse, Juniper) Connect Secure: the time, the node, the client, and the user of a virtual system with realm and roles. `System` is
/// the appliance itself.
#[rustfmt::skip]
pub(super) const CONNECT_SECURE: &[Pattern] = &[
    ("{_} - [{ip}] System({_})[{_}] - {_}", NONE),
    ("{_} - [{ip}] Default Network::System({_})[{_}] - {_}", NONE),
    ("{_} - [{ip}] Default Network::{login}({realm})[{_}] - Login failed {_}", FAILURE),
    ("{_} - [{ip}] Default Network::{login}({realm})[{_}] - Primary authentication failed {_}", FAILURE),
    ("{_} - [{ip}] Default Network::{login}({realm})[{_}] - Login succeeded {_}", SUCCESS),
    ("{_} - [{ip}] Default Network::{login}({realm})[{_}] - Primary authentication successful {_}", SUCCESS),
    ("{_} - [{ip}] Default Network::{login}({realm})[{_}] - {_}", NONE),
    ("{_} - [{ip}] {login}({realm})[{_}] - Login failed {_}", FAILURE),
    ("{_} - [{ip}] {login}({realm})[{_}] - Primary authentication failed {_}", FAILURE),
    ("{_} - [{ip}] {login}({realm})[{_}] - Login succeeded {_}", SUCCESS),
    ("{_} - [{ip}] {login}({realm})[{_}] - Primary authentication successful {_}", SUCCESS),
    ("{_} - [{ip}] {login}({realm})[{_}] - {_}", NONE),
];

/// The audit log of Infoblox' NIOS, whatever program's it is: `2023-11-14 22:13:20.123Z [bob]: Login_Allowed - - to=AdminConnector ip=192.0.2.7 …`.
#[rustfmt::skip]
pub(super) const NIOS: &[Pattern] = &[
    ("{_} [{login}]: Login_Allowed - - {_}ip={ip} {_}", SUCCESS),
    ("{_} [{login}]: Login_Allowed - - {_}", SUCCESS),
    ("{_} [{login}]: Login_Denied - - {_}ip={ip} {_}", FAILURE),
    ("{_} [{login}]: Login_Denied - - {_}", FAILURE),
    ("{_} [{login}]: Logout - - ip={ip} {_}", NONE),
    ("{_} [{login}]: {_}", NONE),
];

/// MariaDB's audit plugin: a word of the configuration, the server, then what stands between commas in its file as well.
#[rustfmt::skip]
pub(super) const MARIADB_AUDIT: &[Pattern] = &[
    ("{_},{login},{ip},{thread},{query_id},CONNECT,{database},,0", SUCCESS),
    ("{_},{login},{ip},{thread},{query_id},FAILED_CONNECT,{database},{_}", FAILURE),
    ("{_},{login},{ip},{thread},{query_id},{command},{database},{_}", NONE),
];

/// Oracle's audit trail: that of the unified one, and the former, which states the length of each value.
#[rustfmt::skip]
pub(super) const ORACLE: &[Pattern] = &[
    ("{_}Audit[{_}]: LENGTH{_} DBUSER:\"{login}\" {_}", NONE),
    ("Audit[{_}]: LENGTH{_} DBUSER:\"{login}\" {_}", NONE),
    ("{_}Audit[{_}]: LENGTH{_} CLIENT USER:[{_}] '{login}' {_}", NONE),
    ("Audit[{_}]: LENGTH{_} CLIENT USER:[{_}] '{login}' {_}", NONE),
];

/// Barracuda's web application firewall, whose kinds of logs are in the place of the program.
#[rustfmt::skip]
pub(super) const BARRACUDA: &[Pattern] = &[
    ("{severity} TCP {ip} {src_port} {dst_ip} {dst_port} {action} {_}", NONE),
    ("{severity} UDP {ip} {src_port} {dst_ip} {dst_port} {action} {_}", NONE),
    ("{severity} {attack} {ip} {src_port} {dst_ip} {dst_port} {_} [{_}] {method} {_}", NONE),
];

/// Its requests, and what its administrators do.
#[rustfmt::skip]
pub(super) const BARRACUDA_REQUESTS: &[Pattern] =
    &[("{dst_ip} {dst_port} {ip} {src_port} \"{login}\" \"{_}\" {method} {_}", NONE)];

pub(super) const BARRACUDA_AUDIT: &[Pattern] = &[
    ("{login} GUI {ip} {port} {_}", NONE),
    ("{login} CLI {ip} {port} {_}", NONE),
    ("{login} API {ip} {port} {_}", NONE),
];

/// What Junos' management says of people: `UI_CMDLINE_READ_LINE: User 'bob' command 'show version '`.
#[rustfmt::skip]
pub(super) const JUNOS_MANAGEMENT: &[Pattern] = &[
    ("UI_LOGIN_EVENT: User '{login}' login, class {_} ssh-connection '{ip} {_}", SUCCESS),
    ("UI_LOGIN_EVENT: User '{login}' login, {_}", SUCCESS),
    ("UI_AUTH_EVENT: Authenticated user '{login}' {_}", SUCCESS),
    ("UI_{_}: User '{login}', {_}", NONE),
    ("UI_{_}: User '{login}' {_}", NONE),
];

/// Broadcom's SSL visibility appliance: the flow, a time, and the ends of a connection.
pub(super) const SSL_VISIBILITY: &[Pattern] = &[("[{_}] {_} {ip}:{src_port} -> {dst_ip}:{dst_port} {_}", NONE)];

/// HPE's iLO: `Browser login: bob - 192.0.2.7(pc7.example).`
#[rustfmt::skip]
pub(super) const ILO: &[Pattern] = &[
    ("{_} login: {login} - {ip}({_}", SUCCESS),
    ("{_} logout: {login} - {ip}({_}", NONE),
    ("{_} login failure from: {ip}({_}", FAILURE),
];
