//! Logins to a system, and the tools that change its accounts.

use super::{FAILURE, NONE, Pattern, SUCCESS};

/// OpenSSH and Dropbear.
pub(super) const SSH: &[Pattern] = &[
    ("Accepted {method} for {user} from {ip} port {port}", SUCCESS),
    // What the method has to say stands behind a colon, and is the client's.
    ("Failed {method} for invalid user {user} from {ip} port {port} ssh2: from {_}", FAILURE),
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
    ("Access denied for user {user} by PAM account configuration", FAILURE),
    // PAM's module for one-time passwords, whose name stands behind the program's.
    ("Invalid verification code for {user}", FAILURE),
    ("Accepted google_authenticator for {user}", SUCCESS),
    ("maximum authentication attempts exceeded for invalid user {user} from {ip} port {port}", FAILURE),
    ("maximum authentication attempts exceeded for {user} from {ip} port {port}", FAILURE),
    ("Disconnecting invalid user {user} {ip} port {port}", FAILURE),
    ("Disconnecting authenticating user {user} {ip} port {port}", FAILURE),
    ("PAM: {reason} for illegal user {user} from {ip}", FAILURE),
    ("PAM: {reason} for invalid user {user} from {ip}", FAILURE),
    ("PAM: {reason} for {user} from {ip}", FAILURE),
    ("Connection closed by authenticating user {user} {ip} port {port}", NONE),
    ("Connection closed by invalid user {user} {ip} port {port}", FAILURE),
    ("Connection reset by authenticating user {user} {ip} port {port}", NONE),
    ("Connection reset by invalid user {user} {ip} port {port}", FAILURE),
    ("Disconnected from authenticating user {user} {ip} port {port}", NONE),
    ("Disconnected from invalid user {user} {ip} port {port}", FAILURE),
    ("Disconnected from user {user} {ip} port {port}", NONE),
    ("Starting session: {_} for {user} from {ip} port {port}", NONE),
    ("Close session: user {user} from {ip} port {port}", NONE),
    ("{login} LOGIN REFUSED FROM {ip}", FAILURE),
    ("refused connect from {_} ({ip})", FAILURE),
    ("refused connect from {ip}", FAILURE),
    ("Received disconnect from {ip} port {port}", NONE),
    ("Received disconnect from {ip}: {_}", NONE),
    ("Connection from {ip} port {port}", NONE),
    ("Connection closed by {ip}", NONE),
    ("Connection reset by {ip}", NONE),
    ("Disconnected from {ip}", NONE),
    ("Did not receive identification string from {ip}", NONE),
    ("Unable to negotiate with {ip} port {port}", FAILURE),
    ("Unable to negotiate with {ip}: {_}", FAILURE),
    ("Read error from remote host {ip} port {port}", NONE),
    ("Read error from remote host {ip}: {_}", NONE),
    ("subsystem request for {subsystem} by user {login} failed, {_}", FAILURE),
    ("subsystem request for {subsystem} by user {user}", NONE),
    ("Nasty PTR record \"{_}\" is set up for {ip}, {_}", NONE),
    // Sun's.
    ("User {user}, coming from {ip}, authenticated.", SUCCESS),
    ("Bad protocol version identification '{*}' from {ip}", FAILURE),
    ("input_userauth_request: invalid user {user} [preauth]", FAILURE),
    ("input_userauth_request: illegal user {user}", FAILURE),
    ("input_userauth_request: invalid user {user}", FAILURE),
    ("Disconnecting: Too many authentication failures for {user} [preauth]", FAILURE),
    // High-performance SSH's record of what it agreed on with the client.
    ("SSH: Server;Ltype: Authname;Remote: {ip}-{port};Name: {user} [preauth]", NONE),
    ("SSH: Server;Ltype: Authname;Remote: {ip}-{port};Name: {user}", NONE),
    ("SSH: Server;Ltype: {_};Remote: {ip}-{port};{_}", NONE),
    ("banner exchange: Connection from {ip} port {port}", FAILURE),
    ("reverse mapping checking getaddrinfo for {_} [{ip}]", NONE),
    ("Address {ip} maps to {_}", NONE),
    ("{_}: Too many authentication failures for {user} from {ip} port {port}", FAILURE),
    ("Authentication tried for {user} with correct key but not from a permitted host (host={_}, ip={ip},", FAILURE),
    ("Protocol major versions differ for {ip} port {port}: {_}", FAILURE),
    ("Protocol major versions differ for {ip}: {_}", FAILURE),
    ("Could not get shadow information for {user}", FAILURE),
    ("Timeout before authentication for connection from {ip} to {_}", NONE),
    ("Timeout before authentication for {ip} port {port}", NONE),
    ("Timeout before authentication for {ip}", NONE),
    ("drop connection #{_} from [{ip}]:{port} on {_}", FAILURE),
    // Dropbear; older ones begin with a small letter.
    ("Password auth succeeded for '{user}' from {ip}", SUCCESS),
    ("Pubkey auth succeeded for '{user}' with {_} from {ip}", SUCCESS),
    ("Bad password attempt for '{user}' from {ip}", FAILURE),
    ("Bad PAM password attempt for '{user}' from {ip}", FAILURE),
    ("Login attempt for nonexistent user '{user}' from {ip}", FAILURE),
    ("Login attempt for nonexistent user from {ip}", FAILURE),
    ("Login attempt with wrong user {user} from {ip}", FAILURE),
    ("Child connection from {ip}", NONE),
    ("bad password attempt for '{user}' from {ip}", FAILURE),
    ("login attempt for nonexistent user '{user}' from {ip}", FAILURE),
    ("login attempt for nonexistent user from {ip}", FAILURE),
    ("Exit before auth from <{ip}>: (user '{user}', {_}", FAILURE),
    ("Exit before auth (user '{user}', {_} from {ip}", FAILURE),
    ("Exit before auth from <{ip}>", NONE),
    ("Exit before auth (user '{user}', {_}", FAILURE),
];

/// OpenSSH's server of files.
pub(super) const SFTP: &[Pattern] = &[
    ("session opened for local user {user} from [{ip}]", NONE),
    ("session closed for local user {user} from [{ip}]", NONE),
];

/// su of util-linux, shadow and BSD.
pub(super) const SU: &[Pattern] = &[
    ("FAILED SU (to {target}) {user} on {tty}", FAILURE),
    ("(to {target}) {user} on {tty}", SUCCESS),
    ("Successful su for {target} by {user}", SUCCESS),
    ("FAILED su for {target} by {user}", FAILURE),
    ("BAD SU {user} to {target} on {tty}", FAILURE),
    ("failed: {tty} changing from {login} to {target}", FAILURE),
    ("succeeded: {tty} changing from {login} to {target}", SUCCESS),
    ("'su {target}' failed for {user} on {tty}", FAILURE),
    ("'su {target}' succeeded for {user} on {tty}", SUCCESS),
    ("+ {tty} {user}:{target}", SUCCESS),
    ("- {tty} {user}:{target}", FAILURE),
    ("+ {tty} {user}-{target}", SUCCESS),
    ("- {tty} {user}-{target}", FAILURE),
    // AIX'.
    ("BAD SU from {login} to {target} at {tty}", FAILURE),
    ("from {login} to {target} at {tty}", SUCCESS),
    ("{login} to {target} on {tty}", SUCCESS),
];

/// OpenBSD's doas. The user is the one who asked.
#[rustfmt::skip]
pub(super) const DOAS: &[Pattern] = &[
    ("{login} ran command as {target}: {_}", SUCCESS),
    ("{login} ran command {COMMAND} as {USER} from {PWD}", SUCCESS),
    ("command not permitted for {login}: {_}", FAILURE),
    ("failed command for {login}: {_}", FAILURE),
    ("failed auth for {user}", FAILURE),
];

/// What PAM's modules say besides their pairs: conditions, winbind's, sssd's, Kerberos', access lists.
#[rustfmt::skip]
pub(in crate::programs) const PAM: &[Pattern] = &[
    ("auth could not identify password for [{login}]", FAILURE),
    ("error retrieving information about user {login}", FAILURE),
    ("account {login} has expired (", FAILURE),
    ("expired password for user {login} (", NONE),
    ("could not identify user (from getpwnam({login}))", FAILURE),
    ("bad username [{login}]", FAILURE),
    ("requirement \"{_}\" not met by user \"{login}\"", FAILURE),
    ("requirement \"{_}\" was met by user \"{login}\"", NONE),
    ("Access denied for user {login}: {reason} ({_}", FAILURE),
    ("access denied for user `{login}' from `{ip}'", FAILURE),
    ("access denied for user '{login}' from '{ip}'", FAILURE),
    ("Refused user {login} for service {service}", FAILURE),
    ("user '{login}' granted access", SUCCESS),
    ("user '{login}' denied access (", FAILURE),
    ("user {login} authenticated as {principal}", SUCCESS),
];

/// Who checks a password for PAM.
pub(super) const CHECKED_PASSWORD: &[Pattern] = &[("password check failed for user ({user})", FAILURE)];

/// The audit daemon of Solaris, whose records say who is logged in and as whom.
pub(super) const SOLARIS_AUDIT: &[Pattern] = &[
    ("{_} failed session {session} by {_} as {login}:{_} from {ip}", FAILURE),
    ("{_} ok session {session} by {_} as {login}:{_} from {ip}", SUCCESS),
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
    ("({user}) FAILED to {_}", FAILURE),
    ("({user}) PAM ERROR ({_}", FAILURE),
];

/// PolicyKit: who asked is the user, and who that would be the target. pkexec writes as sudo does.
#[rustfmt::skip]
pub(super) const POLKIT: &[Pattern] = &[
    ("Operator of {_} successfully authenticated as unix-user:{target} to gain {_} authorization for action {action} for {_} (owned by unix-user:{user})", SUCCESS),
    ("Operator of {_} FAILED to authenticate to gain authorization for action {action} for {_} (owned by unix-user:{user})", FAILURE),
    ("{user}: Executing command [USER={USER}] [TTY={TTY}] [CWD={CWD}] [COMMAND={COMMAND}]", SUCCESS),
    ("{user}: Error executing command as another user: {_}", FAILURE),
    ("{login}: {reason} [USER={USER}] [TTY={TTY}] [CWD={CWD}] [COMMAND={COMMAND}]", FAILURE),
];

/// login, logind and display managers.
pub(super) const LOGIN: &[Pattern] = &[
    ("FAILED LOGIN {_} FROM {ip} FOR {user}, {_}", FAILURE),
    ("FAILED LOGIN {_} on '{tty}' FOR '{user}', {_}", FAILURE),
    ("FAILED LOGIN SESSION FROM {ip} FOR {user}, {_}", FAILURE),
    ("LOGIN ON {tty} BY {user} FROM {ip}", SUCCESS),
    ("LOGIN ON {tty} BY {user}", SUCCESS),
    ("{login} LOGIN ON {tty} FROM {ip}", SUCCESS),
    ("{login} LOGIN ON {tty}", SUCCESS),
    ("ROOT LOGIN ({user}) ON {tty} FROM {ip}", SUCCESS),
    ("ROOT LOGIN ({user}) ON {tty}", SUCCESS),
    ("Login failure on {tty} from {ip}, {user}", FAILURE),
    ("REPEATED LOGIN FAILURES ON {tty} FROM {ip}, {user}", FAILURE),
    ("REPEATED LOGIN FAILURES ON {tty}, {user}", FAILURE),
    ("{_} LOGIN FAILURE ON {tty}, {user}", FAILURE),
    ("{_} LOGIN FAILURES ON {tty}, {user}", FAILURE),
    ("{_} LOGIN FAILURE FROM {ip}, {user}", FAILURE),
    ("{_} LOGIN FAILURES FROM {ip}, {user}", FAILURE),
    ("New session '{session}' of user '{user}' with class {_}", SUCCESS),
    ("New session {session} of user {user}.", SUCCESS),
    ("Started Session {session} of user {user}.", SUCCESS),
    ("Started Session {session} of User {user}.", SUCCESS),
    ("Started session-{_}.scope - Session {session} of User {user}.", SUCCESS),
];

/// The tools that change accounts.
pub(super) const ACCOUNTS: &[Pattern] = &[
    ("new user: name={user}, UID={uid}, {_}", NONE),
    ("new group: name={group}, GID={gid}", NONE),
    ("group added to {_}: name={group}", NONE),
    ("failed adding user '{user}', {_}", FAILURE),
    ("failed adding user '{user}'{_}", FAILURE),
    ("add '{user}' to group '{group}'", NONE),
    ("add '{user}' to shadow group '{group}'", NONE),
    ("delete user '{user}'", NONE),
    ("delete '{user}' from group '{group}'", NONE),
    ("delete '{user}' from shadow group '{group}'", NONE),
    ("removed group '{group}' owned by '{user}'", NONE),
    ("removed shadow group '{group}' owned by '{user}'", NONE),
    ("group '{group}' removed", NONE),
    ("remove group '{group}'", NONE),
    ("change user '{login}' {_}", NONE),
    ("change user name '{login}' to '{_}'", NONE),
    ("lock user '{user}' password", NONE),
    ("unlock user '{user}' password", NONE),
    ("password for '{user}' changed by '{_}'", SUCCESS),
    ("password changed for {user}", SUCCESS),
    ("changed password expiry for {user}", NONE),
    ("changed user '{login}' {_}", NONE),
    ("user {user} added by {_} to group {group}", NONE),
    ("user {user} removed by {_} from group {group}", NONE),
    ("can't view or modify password information for {user}", FAILURE),
    // NetBSD's and OpenBSD's.
    ("new user added: name={login}, uid={uid}, {_}", NONE),
    ("user information modified: name={login}, {_}", NONE),
    ("user removed: name={user}", NONE),
    ("new group added: name={group}, gid={gid}", NONE),
    ("group deleted: name={group}", NONE),
];

/// MIT's Kerberos: what a client asked for, and its administration.
#[rustfmt::skip]
pub(super) const KERBEROS: &[Pattern] = &[
    ("{_}_REQ ({_}) {ip}: ISSUE: {_}}, {login} for {service}", SUCCESS),
    ("{_}_REQ ({_}) {ip}: NEEDED_PREAUTH: {login} for {service}, {_}", NONE),
    ("{_}_REQ ({_}) {ip}: {reason}: {login} for {service}, {_}", FAILURE),
    ("{_}equest: {action}, {_}, success, client={login}, {_}addr={ip},", SUCCESS),
    ("{_}equest: {action}, {_}, client={login}, {_}addr={ip},", FAILURE),
];

/// OPNsense's record of logins, beside what its pages say in words.
pub(super) const OPNSENSE: &[Pattern] = &[
    ("user {user} authenticated successfully for {service} [{_}", SUCCESS),
    ("user {user} could not authenticate for {service}. [{_}", FAILURE),
];

/// FreeRADIUS: behind the user may stand the password, or in angle brackets why there is none; behind the server that asked, the station
/// that called.
#[rustfmt::skip]
pub(super) const RADIUS: &[Pattern] = &[
    ("{_}Login incorrect{_}: [{user}/<{_}>] (from client {_} cli {ip})", FAILURE),
    ("{_}Login incorrect{_}: [{user}/<{_}>] (from client {client} port {_}", FAILURE),
    ("{_}Login incorrect{_}: [{login}/{_}] (from client {_} cli {ip})", FAILURE),
    ("{_}Login incorrect{_}: [{login}/{_}] (from client {client} port {_}", FAILURE),
    ("{_}Login incorrect{_}: [{user}] (from client {_} cli {ip})", FAILURE),
    ("{_}Login incorrect{_}: [{user}] (from client {client} port {_}", FAILURE),
    ("{_}Login OK: [{user}/<{_}>] (from client {_} cli {ip})", SUCCESS),
    ("{_}Login OK: [{user}/<{_}>] (from client {client} port {_}", SUCCESS),
    ("{_}Login OK: [{login}/{_}] (from client {_} cli {ip})", SUCCESS),
    ("{_}Login OK: [{login}/{_}] (from client {client} port {_}", SUCCESS),
    ("{_}Login OK: [{user}] (from client {_} cli {ip})", SUCCESS),
    ("{_}Login OK: [{user}] (from client {client} port {_}", SUCCESS),
];
