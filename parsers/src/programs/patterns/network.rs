//! Networks: tunnels, name servers, proxies, and those who watch for probes.

use super::{FAILURE, NONE, Pattern, SUCCESS};

/// OpenVPN.
pub(super) const OPENVPN: &[Pattern] = &[
    ("TLS Error: {_} from [AF_INET]{ip}", FAILURE),
    ("TLS Error: {_} from [AF_INET6]{ip}", FAILURE),
    ("TLS: Initial packet from [AF_INET]{ip}", NONE),
    ("[{user}] Peer Connection Initiated with [AF_INET]{ip}", SUCCESS),
    ("{ip} TLS Auth Error: {_}", FAILURE),
    ("{ip} TLS: Username/Password authentication succeeded for username '{user}'{_}", SUCCESS),
    ("{ip} PLUGIN_CALL: POST {_}", NONE),
    ("{ip} [{user}] Peer Connection Initiated with {_}", SUCCESS),
];

/// strongSwan and Libreswan. What is sent goes to the other side.
pub(super) const IPSEC: &[Pattern] = &[
    ("{_}received packet: from {ip}[{port}] to {_}", NONE),
    ("{_}sending packet: from {_} to {ip}[{port}]", NONE),
    ("{_} {ip} is initiating a{_}", NONE),
    ("{_}IKE_SA {connection}[{_}] established between {_}...{ip}[{user}]", SUCCESS),
    ("{_}authentication of '{user}' with {method} successful", SUCCESS),
    ("{_}EAP method {method} failed for peer {user}", FAILURE),
    ("{_}no IKE config found for {_}...{ip}, {_}", FAILURE),
    ("{_}looking for {_} configs matching {_}...{ip}[{user}]", NONE),
    ("packet from {ip}: {_}", NONE),
];

/// WireGuard, which speaks through the kernel.
pub(super) const KERNEL: &[Pattern] =
    &[("{_}wireguard: {interface}: {_} peer {peer} ({ip})", NONE), ("{_}wireguard: {interface}: {_} from {ip}", NONE)];

/// BIND.
pub(super) const NAMED: &[Pattern] = &[
    ("client @{_} {ip}#{port} {_} denied{_}", FAILURE),
    ("client {ip}#{port}{_} denied{_}", FAILURE),
    ("client @{_} {ip}#{port} {_} zone transfer {_}", FAILURE),
    ("client {ip}#{port}{_} zone transfer {_}", FAILURE),
    ("client @{_} {ip}#{port} {_}", NONE),
    ("client {ip}#{port}{_}", NONE),
];

/// Dante.
pub(super) const DANTE: &[Pattern] = &[
    ("{_}: block({_}): {_}: {ip} {_} user \"{user}\"{_}", FAILURE),
    ("{_}: block({_}): {_}: {ip} {_}", FAILURE),
    ("{_}: pass({_}): {_}: {ip} {_}", NONE),
];

/// What notices that ports are probed, and super-servers.
pub(super) const PROBES: &[Pattern] = &[
    ("ACCEPT host={ip} port={port}", NONE),
    ("CLOSE host={ip} port={port}", NONE),
    ("FAIL: {service} {reason} from={ip}", FAILURE),
    ("START: {service} {_}from={ip}", NONE),
    ("{_}refused connection to {service} from {ip}", FAILURE),
    ("attackalert: {_} from host: {_}/{ip} to {protocol} port: {port}", FAILURE),
    ("Host: {_}/{ip} Port: {port} {protocol} Blocked", FAILURE),
    ("{ip} to {_} ports {_}", FAILURE),
];

/// 3proxy: service, code of the outcome, user, client, target.
pub(super) const PROXY: &[Pattern] = &[("{service} {code} {login} {ip} {_}", NONE)];

/// sshesame, a honeypot.
pub(super) const HONEYPOT: &[Pattern] =
    &[("[{ip}] authentication for user \"{user}\" {_}", NONE), ("[{ip}] {_}", NONE)];
