//! Other servers: files, telephony, virtual machines, web.

use super::{FAILURE, NONE, Pattern, SUCCESS};

/// Of programs whose messages are plain words.
pub(super) const NONE_OF_ITS_OWN: &[Pattern] = &[];

/// FTP servers.
pub(super) const FTP: &[Pattern] = &[
    ("[pid {_}] [{user}] FAIL LOGIN: Client {ip}", FAILURE),
    ("[pid {_}] [{user}] OK LOGIN: Client {ip}", SUCCESS),
    ("[pid {_}] [{user}] FAIL {_}: Client {ip}", FAILURE),
    ("[pid {_}] [{user}] OK {_}: Client {ip}", NONE),
    ("[pid {_}] CONNECT: Client {ip}", NONE),
    ("[{user}] FAIL LOGIN: Client {ip}", FAILURE),
    ("[{user}] OK LOGIN: Client {ip}", SUCCESS),
    ("[{user}] FAIL {_}: Client {ip}", FAILURE),
    ("[{user}] OK {_}: Client {ip}", NONE),
    ("CONNECT: Client {ip}", NONE),
    ("[pid {_}] [{user}] FTP response: Client {ip}, \"530 {_}", FAILURE),
    ("[pid {_}] [{user}] FTP {_}: Client {ip}", NONE),
    // Pure-FTPd: "(?@192.0.2.7) [WARNING] Authentication failed for user [bob]", in the language that it was built for.
    ("(?@{ip}) [WARNING] {_} [{user}]", FAILURE),
    ("({_}@{ip}) [INFO] {user} is now logged in", SUCCESS),
    ("(?@{ip}) [{_}", NONE),
    ("({user}@{ip}) [{_}", NONE),
    // ProFTPD: "web1 (client[192.0.2.7]): USER bob (Login failed): …".
    ("{_}[{ip}]){_}USER {user} (Login failed){_}", FAILURE),
    ("{_}[{ip}]){_}USER {user}: no such user found{_}", FAILURE),
    ("{_}[{ip}]){_}USER {user}: Login successful{_}", SUCCESS),
    ("{_}[{ip}]){_}SECURITY VIOLATION: {user} login attempted{_}", FAILURE),
    ("{_}[{ip}]) - Maximum login attempts {_}", FAILURE),
    ("{_}[{ip}])", NONE),
    ("failed login from {_}[{ip}]", FAILURE),
    ("FTP LOGIN FAILED FROM {ip}, {user}", FAILURE),
    ("FTP LOGIN REFUSED {_} FROM {_}[{ip}], {user}", FAILURE),
    ("{login} FTP LOGIN FROM {_}[{ip}], {_}", SUCCESS),
    ("{login} FTP LOGIN FROM {ip}, {_}", SUCCESS),
    ("FTP LOGIN FROM {_}[{ip}], {user}", SUCCESS),
    ("FTP LOGIN FROM {ip} as {user}", SUCCESS),
    ("repeated login failures from {ip} ({_}", FAILURE),
    ("login {login} from {ip} failed.", FAILURE),
];

/// Asterisk and FreeSWITCH.
#[rustfmt::skip]
pub(super) const TELEPHONY: &[Pattern] = &[
    ("{_}SecurityEvent=\"SuccessfulAuth\",{_}AccountID=\"{user}\",SessionID={*}RemoteAddress=\"{_}/{_}/{ip}/{_}", SUCCESS),
    ("{_}SecurityEvent=\"ChallengeSent\",{_}AccountID=\"{user}\",SessionID={*}RemoteAddress=\"{_}/{_}/{ip}/{_}", NONE),
    ("{_}SecurityEvent=\"{SecurityEvent}\",{_}AccountID=\"{user}\",SessionID={*}RemoteAddress=\"{_}/{_}/{ip}/{_}", FAILURE),
    ("{_}Registration from '{_}' failed for '{ip}' - {_}", FAILURE),
    ("{_}Request '{_}' from '{_}' failed for '{ip}' {_}", FAILURE),
    ("{_}Request from '{_}' failed for '{ip}' {_}", FAILURE),
    ("{_}Host {ip} failed to authenticate as '{user}'", FAILURE),
    ("{_}Host {ip} failed MD5 authentication for '{user}' ({_}", FAILURE),
    ("{_}No registration for peer '{user}' (from {ip})", FAILURE),
    ("{_}Call from '{user}' ({ip}) to extension '{extension}' rejected {_}", FAILURE),
    ("{_}hacking attempt detected '{ip}'", FAILURE),
    ("{_}Failed to authenticate device {user}<sip:{_}@{ip}>{_}", FAILURE),
    ("{_}Failed to authenticate user {user}<sip:{_}@{ip}>{_}", FAILURE),
    ("{_}Sending fake auth rejection for device {user}<sip:{_}@{ip}>{_}", FAILURE),
    ("{_}Sending fake auth rejection for user {user}<sip:{_}@{ip}>{_}", FAILURE),
    ("{_}Host {ip} denied access to register peer '{user}'", FAILURE),
    ("{_}Friendly Scanner from {ip}", FAILURE),
    ("{_}Rejecting unknown SIP connection from {ip}", FAILURE),
    ("{_}: {ip} failed to authenticate as '{user}'", FAILURE),
    ("{_}: {ip} tried to authenticate with nonexistent user '{user}'", FAILURE),
    ("{_}SIP auth failure ({method}) on sofia profile '{profile}' for [{user}] from ip {ip}", FAILURE),
    ("{_}SIP auth challenge ({method}) on sofia profile '{profile}' for [{user}] from ip {ip}", NONE),
    ("{_}Can't find user [{user}] from {ip}", FAILURE),
    ("IP {ip} Rejected by {_}", FAILURE),
];

/// macOS' screen sharing.
pub(super) const SCREEN_SHARING: &[Pattern] = &[
    ("Authentication: FAILED :: User Name: {user} :: Viewer Address: {ip} :: Type: {method}", FAILURE),
    ("Authentication: SUCCEEDED :: User Name: {user} :: Viewer Address: {ip} :: Type: {method}", SUCCESS),
];

/// phpMyAdmin, which names its reason behind the user.
pub(super) const PHPMYADMIN: &[Pattern] =
    &[("user denied: {user} ({reason}) from {ip}", FAILURE), ("user authenticated: {user} from {ip}", SUCCESS)];

/// Drupal's messages of users, by which their records are read.
pub(super) const DRUPAL: &[Pattern] = &[
    ("Login attempt failed for {user}.", FAILURE),
    ("Login attempt failed from {ip}.", FAILURE),
    ("Session opened for {user}.", SUCCESS),
    ("Session closed for {user}.", NONE),
];

/// Mosquitto.
pub(super) const MQTT: &[Pattern] = &[
    ("New client connected from {ip} as {client} ({_}u'{user}')", SUCCESS),
    ("New client connected from {ip} as {client} ({_}", NONE),
    // It tells syslog its time as well.
    ("{_}: New client connected from {ip} as {client} ({_}u'{user}')", SUCCESS),
    ("{_}: New client connected from {ip} as {client} ({_}", NONE),
    ("New connection from {ip} on port {_}", NONE),
];

/// Game servers: Minecraft's players, and those of Valve's.
#[rustfmt::skip]
pub(super) const GAMES: &[Pattern] = &[
    ("{user}[/{ip}] logged in with entity id {_}", SUCCESS),
    ("{_}name={login},{_} (/{ip}) lost connection{_}", NONE),
    ("Disconnecting {user} (/{ip}): {_}", NONE),
    ("{user} (/{ip}) lost connection{_}", NONE),
    ("UUID of player {user} is {_}", NONE),
    ("\"{user}<{_}><{_}><{_}>\" connected, address \"{ip}\"", NONE),
    ("Bad Rcon: {*} from \"{ip}\"", FAILURE),
    ("Rcon: {*} from \"{ip}\"", NONE),
];

/// Monitorix' own web server: the outcome, the client and what was asked for.
pub(super) const MONITORIX: &[Pattern] = &[
    ("- AUTHERR - [{ip}] {_}", FAILURE),
    ("- NOTALLOWED - [{ip}] {_}", FAILURE),
    ("- NOTEXIST - [{ip}] {_}", NONE),
    ("- OK - [{ip}] {_}", NONE),
];

/// DirectAdmin's log of logins.
pub(super) const DIRECTADMIN: &[Pattern] = &[
    ("'{ip}' {_} failed login attempt{_}. Account '{user}' via '{via}'", FAILURE),
    ("'{ip}' {_} failed login attempt{_}ccount '{user}'", FAILURE),
    ("'{ip}' successful login to '{user}' after {_}", SUCCESS),
    ("'{ip}' successful login to '{user}' via '{via}' after {_}", SUCCESS),
];
/// TeamSpeak's server.
pub(super) const TEAMSPEAK: &[Pattern] =
    &[("query from {_} {ip} attempted to login with account \"{user}\" and failed!", FAILURE)];

/// LemonLDAP::NG, whose level or name may stand before its words.
pub(super) const LEMONLDAP: &[Pattern] = &[
    ("[{_}] {login} was not found in {_} ({ip})", FAILURE),
    ("Lemonldap::NG : {login} was not found in {_} ({ip})", FAILURE),
];

/// Jellyfin, which may write time and level before its words.
pub(super) const JELLYFIN: &[Pattern] = &[
    ("{_}uthentication request for {user} has been denied (IP: {ip})", FAILURE),
    ("{_}uthentication request for {user} has succeeded{_}", SUCCESS),
];

/// The web interface of the list server Sympa.
pub(super) const SYMPA: &[Pattern] = &[
    ("{_}[session {session}] [client {ip}] [user {login}]{_}", NONE),
    ("{_}[session {session}] [client {ip}]{_}", NONE),
];

/// Nextcloud and ownCloud.
pub(super) const NEXTCLOUD: &[Pattern] =
    &[("Login failed: '{user}' (Remote IP: '{ip}'{_}", FAILURE), ("Login failed: {user} (Remote IP: {ip})", FAILURE)];

/// Proxmox VE, whose users have a realm.
pub(super) const PROXMOX: &[Pattern] = &[
    ("authentication failure; rhost={ip} user={user}@{realm} msg={_}", FAILURE),
    ("authentication failure; rhost={ip} user={user} msg={_}", FAILURE),
    ("{_}successful auth for user '{user}@{realm}'", SUCCESS),
];

/// VMware's ESXi and vCenter.
pub(super) const VMWARE: &[Pattern] = &[
    ("{_}User {user}@{ip} logged in as {_}", SUCCESS),
    ("{_}User {user}@{ip} logged out{_}", NONE),
    ("{_}Cannot login {user}@{ip}", FAILURE),
];

/// Synology's disk stations.
pub(super) const SYNOLOGY: &[Pattern] = &[
    ("User [{user}] from [{ip}] failed to {_}", FAILURE),
    ("User [{user}] from [{ip}] signed in to {_}", SUCCESS),
    ("User [{user}] from [{ip}] logged in{_}", SUCCESS),
    ("User [{user}] from [{ip}]{_}", NONE),
    ("Event: {event}, Path: {path}, File/Folder: {_}, User: {user}, IP: {ip}", NONE),
];

/// PHP's guard Suhosin, by itself or through a web server.
pub(super) const WEB: &[Pattern] =
    &[("ALERT - {_} (attacker '{ip}'{_}", FAILURE), ("{_}ALERT - {_} (attacker '{ip}'{_}", FAILURE)];

/// Monit's web interface, of now and of before version 5.
pub(super) const MONIT: &[Pattern] = &[
    ("{_}access denied -- client {ip}: wrong password for user '{user}'", FAILURE),
    ("{_}access denied -- client {ip}: unknown user '{user}'", FAILURE),
    ("{_}access denied -- client {ip}: {_}", FAILURE),
    ("{_}Client '{ip}' supplied wrong password for user '{user}' {_}", FAILURE),
    ("{_}Client '{ip}' supplied unknown user '{user}' {_}", FAILURE),
];

/// Samba's log of authentications.
#[rustfmt::skip]
pub(super) const SAMBA: &[Pattern] = &[
    ("{_}Auth: [{service}] user [{domain}]\\[{user}] at [{_}] with [{_}] status [NT_STATUS_OK] workstation [{workstation}] remote host [ipv4:{ip}]", SUCCESS),
    ("{_}Auth: [{service}] user [{domain}]\\[{user}] at [{_}] with [{_}] status [{status}] workstation [{workstation}] remote host [ipv4:{ip}]", FAILURE),
];

/// Samba's audit of files, unless its prefix is told otherwise.
pub(super) const SAMBA_AUDIT: &[Pattern] = &[("{login}|{ip}|{_}", NONE)];

/// Webmin and Usermin.
pub(super) const WEBMIN: &[Pattern] = &[
    ("Invalid login as {user} from {ip}", FAILURE),
    ("Non-existent login as {user} from {ip}", FAILURE),
    ("Successful login as {user} from {ip}", SUCCESS),
    ("Logout by {user} from {ip}", NONE),
    ("Security alert: Host {ip} blocked after {_}", FAILURE),
];

/// The sessions of xrdp.
pub(super) const XRDP: &[Pattern] = &[("{_}AUTHFAIL: user={user} ip={ip} time={_}", FAILURE)];

/// rsync's server: what is asked for is the client's own text, so that the last words of the line count.
pub(super) const RSYNC: &[Pattern] = &[
    ("connect from {_} ({ip})", NONE),
    ("rsync on {*} from {user}@{_} ({ip})", SUCCESS),
    ("rsync to {*} from {user}@{_} ({ip})", SUCCESS),
    ("rsync on {*} from {_} ({ip})", NONE),
    ("rsync to {*} from {_} ({ip})", NONE),
    ("rsync allowed access on module {module} from {_} ({ip})", NONE),
    ("rsync denied on module {module} from {_} ({ip})", FAILURE),
    ("unknown module '{*}' tried from {_} ({ip})", NONE),
    ("auth failed on module {module} from {_} ({ip}) for {user}: ", FAILURE),
    ("auth failed on module {module} from {_} ({ip})", FAILURE),
    ("send {_} [{ip}] ", NONE),
    ("recv {_} [{ip}] ", NONE),
];

/// Gin, a web framework: status, duration, client, method and path between bars.
pub(super) const GIN: &[Pattern] = &[
    ("[GIN] {_} | {status} | {latency} | {ip} | {method} \"{path}\"", NONE),
    ("| {status} | {latency} | {ip} | {method} \"{path}\"", NONE),
];

/// cPanel's login log.
pub(super) const CPANEL: &[Pattern] = &[
    ("info [{service}] {ip} - {user} \"{_}FAILED LOGIN {_}", FAILURE),
    ("info [{service}] {ip} - {user} \"{_}SUCCESS LOGIN {_}", SUCCESS),
    ("info [{service}] {ip} - {user} \"{_}", NONE),
];

/// Firefly III's audit log: the client, and the user if one is logged in, stand behind the text.
pub(super) const FIREFLY: &[Pattern] =
    &[("AUDIT: {_} ({ip} ({user}) -> {method}:{url})", NONE), ("AUDIT: {_} ({ip} -> {method}:{url})", NONE)];

/// SABnzbd, whose web interface warns of logins only, in many languages.
pub(super) const SABNZBD: &[Pattern] = &[
    ("::WARNING::[interface:{_}] {_} (X-Forwarded-For: {ip})", FAILURE),
    ("::WARNING::[interface:{_}] {_} {ip} [", FAILURE),
];

/// What Hadoop's servers say of whom they let in.
pub(super) const HADOOP: &[Pattern] = &[("Auth successful for {login} (auth:{method}) from {ip}", SUCCESS)];

/// Lines that begin with what differs from one to the next: PAM's, access logs whose time is not in English, 3proxy's log as it is
/// by default, and the logs of logins of Webmin and HestiaCP.
pub(super) const LISTS: &[Pattern] = &[
    ("{_}authentication failure; logname={*} rhost={ip}  user={user}", FAILURE),
    ("{_}authentication failure; logname={_} ruser={user} rhost={ip}", FAILURE),
    ("{_} {service} {code} {login} {ip} {_} CONNECT {_}", NONE),
    ("{_}] {login} - {ip} global miniserv.pl \"failed\"{_}", FAILURE),
    ("{_}] {login} - {ip} global miniserv.pl \"{_}", NONE),
    ("{ip} - {login} [{_}] \"{method} {path} {protocol}\" {status}", NONE),
    ("{login} {ip} failed to login{_}", FAILURE),
    // ZNC's log of administration.
    ("[{login}] failed to login from {ip}", FAILURE),
    ("[{login}] connected to ZNC from {ip}", NONE),
    ("[{login}] disconnected from ZNC from {ip}", NONE),
];
