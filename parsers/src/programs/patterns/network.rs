//! Networks: tunnels, name servers, proxies, and those who watch for probes.

use super::{FAILURE, NONE, Pattern, SUCCESS};

/// MikroTik's RouterOS, whose name is a list of topics.
pub(super) const ROUTEROS: &[Pattern] = &[
    ("login failure for user {user} from {ip} via {method}", FAILURE),
    ("user {user} logged in from {ip} via {method}", SUCCESS),
    ("user {user} logged out from {ip} via {method}", NONE),
    ("{_} assigned {ip} for {mac} {_}", NONE),
    ("{_} assigned {ip} for {_}", NONE),
    ("{_} deassigned {ip} for {mac} {_}", NONE),
    ("{_} deassigned {ip} for {_}", NONE),
];

/// dnsmasq's queries; with `log-queries=extra` a number and the client's address with its port stand before them.
pub(super) const DNSMASQ: &[Pattern] =
    &[("query[{query_type}] {query} from {ip}", NONE), ("{_} {_}/{port} query[{query_type}] {query} from {ip}", NONE)];

/// OpenVPN.
pub(super) const OPENVPN: &[Pattern] = &[
    ("TLS Error: {_} from [AF_INET]{ip}", FAILURE),
    ("TLS Error: {_} from [AF_INET6]{ip}", FAILURE),
    ("TLS: Initial packet from [AF_INET]{ip}", NONE),
    ("[{user}] Peer Connection Initiated with [AF_INET]{ip}", SUCCESS),
    ("TCP connection established with [AF_INET]{ip}", NONE),
    ("TCP connection established with [AF_INET6]{ip}", NONE),
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
    // Libreswan names the connection, the peer and the number of the exchange.
    ("\"{connection}\"{_} {ip} #{_}: XAUTH: User {user}: Authentication Failed{_}", FAILURE),
    ("\"{connection}\"{_} {ip} #{_}: XAUTH: User {user}: Authentication Successful{_}", SUCCESS),
    ("\"{connection}\"{_} {ip} #{_}: probable authentication failure {_}", FAILURE),
    ("\"{connection}\"{_} {ip} #{_}: {_}", NONE),
];

/// WireGuard, which speaks through the kernel.
pub(super) const KERNEL: &[Pattern] =
    &[("{_}wireguard: {interface}: {_} peer {peer} ({ip})", NONE), ("{_}wireguard: {interface}: {_} from {ip}", NONE)];

/// SSHGuard.
pub(super) const SSHGUARD: &[Pattern] = &[
    ("Attack from \"{ip}\" on service {service} with danger {_}", FAILURE),
    ("Blocking \"{ip}\" for {_}", FAILURE),
    ("Blocking {ip} for {_}", FAILURE),
];

/// BIND.
pub(super) const NAMED: &[Pattern] = &[
    ("client @{_} {ip}#{port} {_} denied{_}", FAILURE),
    ("client {ip}#{port} ({_} denied{_}", FAILURE),
    ("client {ip}#{port}: {_} denied{_}", FAILURE),
    ("client @{_} {ip}#{port} {_} zone transfer {_}", FAILURE),
    ("client {ip}#{port} ({_} zone transfer {_}", FAILURE),
    ("client {ip}#{port}: zone transfer {_}", FAILURE),
    ("client @{_} {ip}#{port} ({_}): query: {query} {class} {query_type} {flags} {_}", NONE),
    ("client @{_} {ip}#{port} ({_}): view {view}: query: {query} {class} {query_type} {flags} {_}", NONE),
    ("client {ip}#{port} ({_}): query: {query} {class} {query_type} {flags} {_}", NONE),
    ("client {ip}#{port}: query: {query} {class} {query_type} {flags}", NONE),
    ("client @{_} {ip}#{port} {_}", NONE),
    ("client {ip}#{port} ({_}", NONE),
    ("client {ip}#{port}: {_}", NONE),
    // NSD, whose severity stands before the text in its own file.
    ("{_}axfr for {_} from client {ip} refused{_}", FAILURE),
    ("{_}axfr for {_} from {ip} refused{_}", FAILURE),
    ("{_}ratelimit {_} type {_} target {_} query {ip} {query_type}", NONE),
];

/// Leases of addresses: ISC's dhcpd, dnsmasq and Kea. The client's hardware address is `mac`.
#[rustfmt::skip]
pub(super) const DHCP: &[Pattern] = &[
    ("DHCPACK on {ip} to {mac} ({rhost}) via {interface}", NONE),
    ("DHCPACK on {ip} to {mac} via {interface}", NONE),
    ("DHCPOFFER on {ip} to {mac} ({rhost}) via {interface}", NONE),
    ("DHCPOFFER on {ip} to {mac} via {interface}", NONE),
    ("DHCPREQUEST for {ip} ({_}) from {mac} ({rhost}) via {interface}", NONE),
    ("DHCPREQUEST for {ip} ({_}) from {mac} via {interface}", NONE),
    ("DHCPREQUEST for {ip} from {mac} ({rhost}) via {interface}", NONE),
    ("DHCPREQUEST for {ip} from {mac} via {interface}", NONE),
    ("DHCPRELEASE of {ip} from {mac} {_}", NONE),
    ("DHCPDISCOVER from {mac} via {interface}", NONE),
    ("DHCPACK({interface}) {ip} {mac} {rhost}", NONE),
    ("DHCPACK({interface}) {ip} {_}", NONE),
    ("DHCPREQUEST({interface}) {ip} {_}", NONE),
    ("DHCPOFFER({interface}) {ip} {_}", NONE),
    // The client's side.
    ("DHCPACK of {ip} from {server}", NONE),
    ("DHCPOFFER of {ip} from {server}", NONE),
    ("DHCPREQUEST of {ip} on {interface} to {server} port {_}", NONE),
    ("DHCPREQUEST for {ip} on {interface} to {server} port {_}", NONE),
    ("bound to {ip} -- {_}", NONE),
];

/// Arpwatch: the station that it saw, and its hardware address.
pub(super) const ARPWATCH: &[Pattern] = &[("{_} {ip} {mac} {_}", NONE), ("{_} {ip} {_}", NONE)];

/// OpenNTPD's servers that answer wrongly.
pub(super) const NTP: &[Pattern] = &[("bad peer from pool {_} ({ip})", NONE), ("bad peer {_} ({ip})", NONE)];

/// Net-SNMP's agent.
pub(super) const SNMP: &[Pattern] = &[
    ("Connection from UDP: [{ip}]{_}", NONE),
    ("Connection from TCP: [{ip}]{_}", NONE),
    ("Received SNMP packet(s) from UDP: [{ip}]{_}", NONE),
];

/// Packets: IPFilter of Solaris and the BSDs, and AIX' filter. Blocked ones are not failures of anybody.
#[rustfmt::skip]
pub(super) const PACKETS: &[Pattern] = &[
    ("{_}@{rule} {action} {ip},{src_port} -> {dst_ip},{dst_port} PR {protocol} {_}", NONE),
    ("{_}@{rule} {action} {ip} -> {dst_ip} PR {protocol} {_}", NONE),
    ("{_} R:{action} {_} S:{ip} D:{dst_ip} P:{protocol} SP:{src_port} DP:{dst_port} {_}", NONE),
];

/// Fail2ban: the address that was seen or is shut out, and of which jail.
pub(super) const FAIL2BAN: &[Pattern] = &[
    ("{_}[{jail}] Ban {ip}", NONE),
    ("{_}[{jail}] Restore Ban {ip}", NONE),
    ("{_}[{jail}] Unban {ip}", NONE),
    ("{_}[{jail}] Found {ip}", NONE),
    ("{_}[{jail}] {ip} already banned", NONE),
    ("{_}[{jail}] Ignore {ip}", NONE),
];

/// What shuts addresses out before mailcow's servers.
pub(super) const MAILCOW: &[Pattern] =
    &[("CRIT: Banning {ip} for {_} minutes", NONE), ("CRIT: Added host/network {ip} to denylist", NONE)];

/// Cisco's routers and switches, whose tag is in the place of the program.
#[rustfmt::skip]
pub(super) const CISCO_IOS: &[Pattern] = &[
    // Call managers, whose pairs stand in brackets of their own.
    ("%[UserID={login}][ClientAddress={ip}]{_}", NONE),
    ("%[ UserID ={login}][ ClientAddress ={ip}]{_}", NONE),
    ("Login Success [user: {user}] [Source: {ip}] [localport: {port}]", SUCCESS),
    ("Login failed [user: {user}] [Source: {ip}] [localport: {port}]", FAILURE),
    // NX-OS.
    ("Configured from {_} by {user} on {ip}@{tty}", NONE),
    ("pam_aaa:Authentication failed for user {user} from {ip}", FAILURE),
    ("Configured from {_} by {user} on {tty} ({ip})", NONE),
    // IOS-XE names the module before the list, IOS-XR writes "access-list".
    // Arista names the interface, too.
    ("list {list} {interface} denied {protocol} {ip}({src_port}) -> {dst_ip}({dst_port})", NONE),
    ("list {list} {interface} permitted {protocol} {ip}({src_port}) -> {dst_ip}({dst_port})", NONE),
    ("{_}list {list} {action} {protocol} {ip}({src_port}) {_}-> {dst_ip}({dst_port}), {_}", NONE),
    ("{_}list {list} {action} {protocol} {ip} {_}-> {dst_ip} ({_}), {_}", NONE),
    ("{_}list {list} {action} {protocol} {ip} -> {dst_ip}, {_}", NONE),
    ("{_}Dropping {protocol} pkt from {src_interface} {ip} => {dst_ip}:{dst_port}({_}", FAILURE),
    ("{_} initiator ({ip}) sent {_} responder ({dst_ip}:{dst_port}) {_}", NONE),
    ("User '{user}' authentication for SSH2 Session from {ip} {_} Succeeded", SUCCESS),
    ("User '{user}' authentication for SSH2 Session from {ip} {_} Failed", FAILURE),
    ("User:{user}  logged command:{_}", NONE),
    ("{_} Join from {ip} for {_}", NONE),
    ("User {user} has exited tty session {_}({ip})", NONE),
    ("User {user} logged out from {tty} ({ip})", NONE),
    ("Authentication failure for SNMP req from host {ip}", FAILURE),
    ("decaps: rec'd IPSEC packet has invalid spi for destaddr={dst_ip}, prot={protocol}, spi={_}, srcaddr={ip}, {_}", FAILURE),
    ("decaps: rec'd IPSEC packet has invalid spi for destaddr={dst_ip}, prot={protocol}, spi={_}, srcaddr={ip}", FAILURE),
    ("(exec timer expired, tty {tty} ({ip})), user {user}", NONE),
    ("Sig:{signature} Subsig:{_} [{ip}:{src_port} -> {dst_ip}:{dst_port}]", NONE),
];

/// Meraki's sentences.
pub(super) const MERAKI: &[Pattern] = &[
    ("{_}user id '{user}' local ip {local_ip} connected from {ip}", SUCCESS),
    ("{_}user id '{user}' local ip {local_ip} reconnected from {ip}", SUCCESS),
    ("{_}_vpn_disconnect user id '{user}' {_}", NONE),
    ("dhcp lease of ip {ip} from {_} for client mac {mac} from {_}", NONE),
    ("{_}Peer IP={ip} User[{user}]{_}", NONE),
    ("{_}Peer IP={ip} Peer port={port} User={user}: {_}", NONE),
    ("Blocked ARP Packet from {mac} with IP {ip} on VLAN {vlan}", FAILURE),
];

/// Firebox' sentences.
pub(super) const WATCHGUARD: &[Pattern] = &[
    ("{_} user {user}@{domain} from {ip} logged in{_}", SUCCESS),
    ("{_} user {user}@{domain} from {ip} log in attempt was rejected{_}", FAILURE),
    ("{_} user {user}@{domain} from {ip} {_}", NONE),
    ("{_} user [{user}@{domain}] from {ip} was rejected{_}", FAILURE),
    ("{_} user [{user}@{domain}] from {ip} was accepted{_}", SUCCESS),
    ("Temporarily blocking host {ip} ({_}", FAILURE),
    ("DHCPOFFER on {ip} to {mac} {_}", NONE),
    ("DHCPACK on {ip} to {mac} {_}", NONE),
    ("DHCPREQUEST for {ip} from {mac} {_}", NONE),
];

/// BIG-IP's own messages, which begin with their number.
pub(super) const BIG_IP: &[Pattern] = &[
    ("{_}AUDIT - user {_} - RAW: {_} user={user}({_} tty={tty} host={ip} {_}", NONE),
    ("{_}AUDIT - user {user} - {_}", NONE),
    ("{_}AUDIT - pid={pid} user={user} folder={_}", NONE),
    ("{_}SSL Handshake failed for TCP {ip} -> {dst_ip}:{dst_port}", FAILURE),
    ("{_}New session from client IP {ip} (ST={_}", NONE),
    ("{_}Username '{user}'{_}", NONE),
];

/// Junos' filters, its key management, and what its screens say without structured data.
pub(super) const JUNOS: &[Pattern] = &[
    // Filters of switches name the ends' hardware addresses, too.
    ("{_}FW: {interface} {action} {_} {_} -> {_}  {protocol} {ip} {dst_ip} {src_port}  {dst_port} ({_}", NONE),
    ("FW: {interface} {action} {_} {_} -> {_}  {protocol} {ip} {dst_ip} {src_port}  {dst_port} ({_}", NONE),
    ("{_}FW: {interface} {action} {protocol} {ip} {dst_ip} {src_port} {dst_port} {_}", NONE),
    ("FW: {interface} {action} {protocol} {ip} {dst_ip} {src_port} {dst_port} {_}", NONE),
    ("FW: {interface} {action} {protocol} {ip} {dst_ip} {src_port} {dst_port}", NONE),
    ("IKE negotiation failed with error: {reason}. {_} Local: {_}, Remote: {ip}, {_}", FAILURE),
    ("IPSec negotiation failed with error: {reason}. {_} Local: {_}, Remote: {ip}, {_}", FAILURE),
    ("IKE negotiation successfully completed. {_} Local: {_}, Remote: {ip}, {_}", SUCCESS),
    ("{_}source: {ip}, destination: {dst_ip}:{dst_port}, {_}", NONE),
    ("{_}source: {ip}, destination: {dst_ip}, {_}", NONE),
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
    // Nagios' remote plugin executor.
    ("Host {ip} is not allowed to talk to us!", FAILURE),
];

/// 3proxy: service, code of the outcome, user, client, target.
pub(super) const PROXY: &[Pattern] = &[("{service} {code} {login} {ip} {_}", NONE)];

/// sshesame, a honeypot.
pub(super) const HONEYPOT: &[Pattern] = &[
    ("[{ip}] authentication for user \"{user}\" with password \"{*}\" {_}", NONE),
    ("[{ip}] authentication for user \"{user}\" {_}", NONE),
    ("[{ip}] {_}", NONE),
];
