//! The messages of each program, the more special before the more general.

use super::template::Pattern;

const FAILURE: &str = "failure";
const SUCCESS: &str = "success";
const NONE: &str = "";

/// OpenSSH and Dropbear.
pub(super) const SSH: &[Pattern] = &[
    ("Accepted {method} for {user} from {ip} port {port}", SUCCESS),
    ("Failed {method} for invalid user {user} from {ip} port {port}", FAILURE),
    ("Failed {method} for invalid user {user} from {ip}", FAILURE),
    ("Failed {method} for illegal user {user} from {ip}", FAILURE),
    ("Failed {method} for {user} from {ip} port {port}", FAILURE),
    ("Failed {method} for {user} from {ip}", FAILURE),
    ("Invalid user {user} from {ip} port {port}", FAILURE),
    ("Invalid user {user} from {ip}", FAILURE),
    ("Illegal user {user} from {ip}", FAILURE),
    ("Postponed {method} for invalid user {user} from {ip} port {port}", NONE),
    ("Postponed {method} for {user} from {ip} port {port}", NONE),
    ("User {user} from {ip} not allowed because {_}", FAILURE),
    ("User {user} not allowed because {_}", FAILURE),
    ("error: maximum authentication attempts exceeded for invalid user {user} from {ip} port {port}", FAILURE),
    ("error: maximum authentication attempts exceeded for {user} from {ip} port {port}", FAILURE),
    ("Disconnecting invalid user {user} {ip} port {port}", FAILURE),
    ("Disconnecting authenticating user {user} {ip} port {port}", FAILURE),
    ("error: PAM: {reason} for illegal user {user} from {ip}", FAILURE),
    ("error: PAM: {reason} for invalid user {user} from {ip}", FAILURE),
    ("error: PAM: {reason} for {user} from {ip}", FAILURE),
    ("PAM: {reason} for {user} from {ip}", FAILURE),
    ("Connection closed by authenticating user {user} {ip} port {port}", NONE),
    ("Connection closed by invalid user {user} {ip} port {port}", FAILURE),
    ("Connection reset by authenticating user {user} {ip} port {port}", NONE),
    ("Connection reset by invalid user {user} {ip} port {port}", FAILURE),
    ("Disconnected from authenticating user {user} {ip} port {port}", NONE),
    ("Disconnected from invalid user {user} {ip} port {port}", FAILURE),
    ("Disconnected from user {user} {ip} port {port}", NONE),
    ("Starting session: {_} for {user} from {ip} port {port}", NONE),
    ("ROOT LOGIN REFUSED FROM {ip}", FAILURE),
    ("refused connect from {_} ({ip})", FAILURE),
    ("refused connect from {ip}", FAILURE),
    ("error: Received disconnect from {ip}: {_}", NONE),
    ("Received disconnect from {ip} port {port}", NONE),
    ("Received disconnect from {ip}: {_}", NONE),
    ("Connection from {ip} port {port}", NONE),
    ("Connection closed by {ip}", NONE),
    ("Connection reset by {ip}", NONE),
    ("Disconnected from {ip}", NONE),
    ("Did not receive identification string from {ip}", NONE),
    ("Unable to negotiate with {ip} port {port}", FAILURE),
    ("Bad protocol version identification '{_}' from {ip}", FAILURE),
    ("banner exchange: Connection from {ip} port {port}", FAILURE),
    ("reverse mapping checking getaddrinfo for {_} [{ip}]", NONE),
    ("Address {ip} maps to {_}", NONE),
    // Dropbear.
    ("Password auth succeeded for '{user}' from {ip}", SUCCESS),
    ("Pubkey auth succeeded for '{user}' with key {_} from {ip}", SUCCESS),
    ("Bad password attempt for '{user}' from {ip}", FAILURE),
    ("Bad PAM password attempt for '{user}' from {ip}", FAILURE),
    ("Login attempt for nonexistent user '{user}' from {ip}", FAILURE),
    ("Login attempt for nonexistent user from {ip}", FAILURE),
    ("Login attempt with wrong user {user} from {ip}", FAILURE),
    ("Child connection from {ip}", NONE),
    ("Exit before auth from <{ip}>: (user '{user}', {_}", FAILURE),
    ("Exit before auth from <{ip}>", NONE),
    ("Exit before auth (user '{user}', {_}", FAILURE),
];

/// su of util-linux, shadow and BSD.
pub(super) const SU: &[Pattern] = &[
    ("FAILED SU (to {target}) {user} on {tty}", FAILURE),
    ("(to {target}) {user} on {tty}", SUCCESS),
    ("Successful su for {target} by {user}", SUCCESS),
    ("FAILED su for {target} by {user}", FAILURE),
    ("BAD SU {user} to {target} on {tty}", FAILURE),
    ("+ {tty} {user}:{target}", SUCCESS),
    ("- {tty} {user}:{target}", FAILURE),
];

/// The cron daemons.
pub(super) const CRON: &[Pattern] = &[
    ("({user}) CMD ({_}", NONE),
    ("({user}) CMDOUT ({_}", NONE),
    ("({user}) CMDEND ({_}", NONE),
    ("({user}) RELOAD ({_}", NONE),
    ("({user}) LIST ({_}", NONE),
    ("({user}) REPLACE ({_}", NONE),
    ("({user}) BEGIN EDIT ({_}", NONE),
    ("({user}) END EDIT ({_}", NONE),
    ("({user}) AUTH ({_}", FAILURE),
];

/// login, logind and display managers.
pub(super) const LOGIN: &[Pattern] = &[
    ("FAILED LOGIN {_} FROM {ip} FOR {user}, {_}", FAILURE),
    ("FAILED LOGIN {_} on '{tty}' FOR '{user}', {_}", FAILURE),
    ("FAILED LOGIN SESSION FROM {ip} FOR {user}, {_}", FAILURE),
    ("LOGIN ON {tty} BY {user} FROM {ip}", SUCCESS),
    ("LOGIN ON {tty} BY {user}", SUCCESS),
    ("ROOT LOGIN ON {tty} FROM {ip}", SUCCESS),
    ("New session '{session}' of user '{user}' with class {_}", SUCCESS),
    ("New session {session} of user {user}.", SUCCESS),
    ("Started Session {session} of user {user}.", SUCCESS),
    ("Started Session {session} of User {user}.", SUCCESS),
];

/// The tools that change accounts.
pub(super) const ACCOUNTS: &[Pattern] = &[
    ("new user: name={user}, UID={uid}, {_}", NONE),
    ("new group: name={group}, GID={gid}", NONE),
    ("failed adding user '{user}', {_}", FAILURE),
    ("failed adding user '{user}'{_}", FAILURE),
    ("add '{user}' to group '{group}'", NONE),
    ("add '{user}' to shadow group '{group}'", NONE),
    ("delete user '{user}'", NONE),
    ("delete '{user}' from group '{group}'", NONE),
    ("removed group '{group}' owned by '{user}'", NONE),
    ("change user '{user}' {_}", NONE),
    ("change user name '{user}' to '{_}'", NONE),
    ("lock user '{user}' password", NONE),
    ("unlock user '{user}' password", NONE),
    ("password for '{user}' changed by '{_}'", SUCCESS),
    ("password changed for {user}", SUCCESS),
    ("changed password expiry for {user}", NONE),
    ("changed user '{user}' {_}", NONE),
    ("user {user} added by {_} to group {group}", NONE),
    ("user {user} removed by {_} from group {group}", NONE),
    ("can't view or modify password information for {user}", FAILURE),
];

/// Postfix' servers.
pub(super) const POSTFIX: &[Pattern] = &[
    ("warning: {_}[{ip}]: SASL {method} authentication failed: {_}, sasl_username={user}", FAILURE),
    ("warning: {_}[{ip}]: SASL {method} authentication failed{_}", FAILURE),
    ("warning: {_}[{ip}]: SASL authentication failure{_}", FAILURE),
    ("NOQUEUE: reject: {_} from {_}[{ip}]:{_} from=<{from}> to=<{to}>{_}", FAILURE),
    ("NOQUEUE: reject: {_} from {_}[{ip}]{_}", FAILURE),
    ("NOQUEUE: milter-reject: {_} from {_}[{ip}]{_}", FAILURE),
    ("improper command pipelining after {_} from {_}[{ip}]", FAILURE),
    ("lost connection after {_} from {_}[{ip}]", NONE),
    ("timeout after {_} from {_}[{ip}]", NONE),
    ("too many errors after {_} from {_}[{ip}]", FAILURE),
    ("connect from {_}[{ip}]", NONE),
    ("disconnect from {_}[{ip}]", NONE),
    ("CONNECT from [{ip}]:{port}", NONE),
    ("DISCONNECT [{ip}]:{port}", NONE),
    ("PREGREET {_} from [{ip}]:{_}", FAILURE),
    ("DNSBL rank {_} for [{ip}]:{port}", FAILURE),
    ("PASS NEW [{ip}]:{port}", NONE),
    ("PASS OLD [{ip}]:{port}", NONE),
    ("HANGUP after {_} from [{ip}]:{_}", NONE),
    ("{_}: client={_}[{ip}], sasl_method={method}, sasl_username={user}", SUCCESS),
    ("{_}: client={_}[{ip}]", NONE),
];

/// FTP servers.
pub(super) const FTP: &[Pattern] = &[
    ("[pid {_}] [{user}] FAIL LOGIN: Client {ip}", FAILURE),
    ("[pid {_}] [{user}] OK LOGIN: Client {ip}", SUCCESS),
    ("[{user}] FAIL LOGIN: Client {ip}", FAILURE),
    ("[{user}] OK LOGIN: Client {ip}", SUCCESS),
    ("CONNECT: Client {ip}", NONE),
    // Pure-FTPd: "(?@192.0.2.7) [WARNING] Authentication failed for user [bob]".
    ("(?@{ip}) [WARNING] Authentication failed for user [{user}]", FAILURE),
    ("({_}@{ip}) [INFO] {user} is now logged in", SUCCESS),
    // ProFTPD: "web1 (client[192.0.2.7]): USER bob (Login failed): …".
    ("{_}[{ip}]){_}USER {user} (Login failed){_}", FAILURE),
    ("{_}[{ip}]){_}USER {user}: no such user found{_}", FAILURE),
    ("{_}[{ip}]){_}USER {user}: Login successful{_}", SUCCESS),
    ("{_}[{ip}]){_}SECURITY VIOLATION: {user} login attempted{_}", FAILURE),
    ("{_}[{ip}])", NONE),
    ("FTP LOGIN FAILED FROM {ip}, {user}", FAILURE),
    ("FTP LOGIN FROM {ip} as {user}", SUCCESS),
];

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
