//! Mail servers.

use super::{FAILURE, NONE, Pattern, SUCCESS};

/// Postfix' servers.
pub(super) const POSTFIX: &[Pattern] = &[
    ("warning: {_}[{ip}]: SASL {method} authentication failed: {_}, sasl_username={user}", FAILURE),
    ("warning: {_}[{ip}]: SASL {method} authentication failed{_}", FAILURE),
    ("warning: {_}[{ip}]: SASL authentication failure{_}", FAILURE),
    ("NOQUEUE: reject: {_} from {_}[{ip}]:{_} from=<{from}> to=<{to}>{_}", FAILURE),
    ("NOQUEUE: reject: {_} from {_}[{ip}]{_}", FAILURE),
    ("NOQUEUE: milter-reject: {_} from {_}[{ip}]{_}", FAILURE),
    ("NOQUEUE: {_} from {_}[{ip}]{_}", NONE),
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
    ("BLACKLISTED [{ip}]:{port}", FAILURE),
    ("DENYLISTED [{ip}]:{port}", FAILURE),
    ("WHITELISTED [{ip}]:{port}", NONE),
    ("ALLOWLISTED [{ip}]:{port}", NONE),
    ("warning: non-SMTP command from {_}[{ip}]: {_}", FAILURE),
    ("warning: Connection {_} limit exceeded: {_} from {_}[{ip}] for {_}", FAILURE),
    ("warning: hostname {_} does not resolve to address {ip}", NONE),
    ("warning: {_} from {_}[{ip}]{_}", NONE),
    ("SSL_accept error from {_}[{ip}]", FAILURE),
    ("{_} TLS connection established from {_}[{ip}]", NONE),
    ("{_} TLS connection established to {_}[{ip}]", NONE),
    ("statistics: max {_} for ({_}:{ip}) at {_}", NONE),
    ("{_}: client={_}[{ip}], sasl_method={method}, sasl_username={user}", SUCCESS),
    ("{_}: client={_}[{ip}]", NONE),
];

/// Exim's authenticators, by whose name a line begins.
pub(super) const EXIM_AUTHENTICATORS: &[Pattern] = &[
    ("{_} authenticator failed for {_} [{ip}]{_}(set_id={user})", FAILURE),
    ("{_} authenticator failed for [{ip}]{_}(set_id={user})", FAILURE),
    ("{_} authenticator failed for {_} [{ip}]", FAILURE),
    ("{_} authenticator failed for [{ip}]", FAILURE),
];

/// Exim, of connections without a message.
pub(super) const EXIM: &[Pattern] = &[
    ("{_} authenticator failed for {_} [{ip}]{_}(set_id={user})", FAILURE),
    ("{_} authenticator failed for {_} [{ip}]", FAILURE),
    ("{_} authenticator failed for [{ip}]", FAILURE),
    ("SMTP protocol {_} H={_} [{ip}]", FAILURE),
    ("SMTP protocol {_} H=[{ip}]", FAILURE),
    ("SMTP call from {_} [{ip}]", NONE),
    ("SMTP call from [{ip}]", NONE),
    ("SMTP connection from {_} [{ip}]", NONE),
    ("SMTP connection from [{ip}]", NONE),
    ("no MAIL in SMTP connection from {_} [{ip}]", NONE),
    ("no MAIL in SMTP connection from [{ip}]", NONE),
    ("TLS error on connection from {_} [{ip}]", NONE),
    ("TLS error on connection from [{ip}]", NONE),
];

/// Perdition, which hands mail clients on to the servers behind it.
#[rustfmt::skip]
pub(super) const PERDITION: &[Pattern] = &[
    ("Auth: {ip}->{_} authentication_id=\"{login}\" {_} status=\"ok\"", SUCCESS),
    ("Auth: {ip}->{_} authentication_id=\"{login}\" {_} status=\"failed{_}", FAILURE),
    ("Fatal {_} from client {ip}->{_}", NONE),
    ("{_}: {ip}->{_}", NONE),
];

/// Roundcube: "IMAP Error: Login failed for bob from 192.0.2.7. AUTHENTICATE PLAIN: …". What a proxy says of its client counts before.
#[rustfmt::skip]
pub(super) const ROUNDCUBE: &[Pattern] = &[
    ("{_}ogin failed for {user} against {_} from {_}X-Forwarded-For: {ip}", FAILURE),
    ("{_}ogin failed for {user} from {_}X-Forwarded-For: {ip}", FAILURE),
    ("{_}ogin failed for {user} against {_} from {ip}. {_}", FAILURE),
    ("{_}ogin failed for {user} from {ip}. {_}", FAILURE),
    ("{_}ogin failed for {user} against {_} from {ip}", FAILURE),
    ("{_}ogin failed for {user} from {ip}", FAILURE),
    ("{_}MAP Error: Authentication for {user} failed ({_}", FAILURE),
    ("{_}ailed login for {user} from {ip} in session {_}", FAILURE),
    ("{_}AILED login for {user} from {ip}", FAILURE),
    // What programs of one's own say so, too.
    ("{_}ailed login for user '{user}' from {ip}", FAILURE),
    ("{_}ailed login for user \"{user}\" from {ip}", FAILURE),
    ("{_}ailed login for user: {user} from {ip}", FAILURE),
    ("{_}ailed login for user {user} from {ip}", FAILURE),
    ("{_}ailed login for username: {user} from {ip}", FAILURE),
    ("{_}ailed login for username {user} from {ip}", FAILURE),
    ("{_}ailed login for account {user} from {ip}", FAILURE),
    ("{_}ailed login for email {user} from {ip}", FAILURE),
    ("{_}ailed login for '{user}' from {ip}", FAILURE),
    ("{_}ailed login for \"{user}\" from {ip}", FAILURE),
    ("{_}ailed login for {user} from {ip}", FAILURE),
    ("{_}uccessful login for {user} (ID: {_}) from {ip} in session {_}", SUCCESS),
];

/// SquirrelMail's logger: the event, the user and the domain of the mail.
pub(super) const SQUIRRELMAIL: &[Pattern] = &[
    ("[LOGIN_ERROR] {user} ({_}) from {ip}: {_}", FAILURE),
    ("[LOGIN] {user} ({_}) from {ip}", SUCCESS),
    ("[LOGOUT] {user} ({_}) from {ip}", NONE),
];

/// Kerio Connect: "IMAP: User bob@example.com doesn't exist. Attempt from IP address 192.0.2.7".
pub(super) const KERIO: &[Pattern] = &[("{_}: User {user} doesn't exist. Attempt from IP address {ip}", FAILURE)];

/// Axigen, of its sessions.
pub(super) const AXIGEN: &[Pattern] = &[
    ("[{_}] connection accepted from [{ip}]", NONE),
    ("Authentication error for user '{user}'{_}", FAILURE),
    ("User [{user}] successfully authorized{_}", SUCCESS),
    ("Remote address updated from '{_}' to '{ip}'", NONE),
    // Its webmail names the session, and who has it.
    ("<{_}> {method} {path} HTTP/{_} u={user} code={status} {_}", NONE),
    ("SSL alert remote {ip}, {_}", NONE),
    ("{_} connected from <{ip}>", NONE),
    ("{_} from [{ip}]", NONE),
];

/// amavis: behind the client that sent the mail stands where it came from at first.
pub(super) const AMAVIS: &[Pattern] = &[
    ("({_}) Blocked {category} {_}, [{_}]:{port} [{ip}] <{from}> -> <{to}>{_}", FAILURE),
    ("({_}) Passed {category} {_}, [{_}]:{port} [{ip}] <{from}> -> <{to}>{_}", NONE),
    ("({_}) Blocked {category} {_}, [{ip}]:{port} <{from}> -> <{to}>{_}", FAILURE),
    ("({_}) Passed {category} {_}, [{ip}]:{port} <{from}> -> <{to}>{_}", NONE),
];

/// Sendmail.
pub(super) const SENDMAIL: &[Pattern] = &[
    ("{_}: AUTH failure ({method}): {_}, user={user}, relay={_}[{ip}]", FAILURE),
    ("{_}ruleset={ruleset}, arg1={arg1}, {_}relay={_}[{ip}]", FAILURE),
    ("{_}: AUTH={role}, relay={_}[{ip}]{_} authid={user}, {_}", SUCCESS),
    ("{_}: rejecting commands from {_}[{ip}]", FAILURE),
    ("{_}: from={from}, {_}relay={_}[{ip}]", NONE),
    ("{_}: {_}[{ip}]{_}: possible SMTP attack: command={command},", FAILURE),
    ("{_}: {_}[{ip}]{_} did not issue {_}", NONE),
    ("{_}: {_}[{ip}]: {command} {_} [rejected]", FAILURE),
    ("STARTTLS={role}, relay={_}[{ip}]", NONE),
    ("{_}: timeout waiting for input from {_}[{ip}]", NONE),
    ("{_}: lost input channel from {_}[{ip}]", NONE),
];

/// Cyrus' saslauthd, which knows the service but not the client.
#[rustfmt::skip]
pub(super) const SASLAUTHD: &[Pattern] = &[
    ("{_}auth failure: [user={user}] [service={service}] [realm={realm}] [mech={method}] [reason={reason}]", FAILURE),
    ("{_}auth success: [user={user}] [service={service}] [realm={realm}] [mech={method}]", SUCCESS),
    // Plesk's own.
    ("failed mail authentication attempt for user '{user}' {_}", FAILURE),
];

/// Courier's SMTP and login daemons.
pub(super) const COURIER: &[Pattern] = &[
    ("error,relay={ip},{_}from=<{from}>,to=<{to}>: {_}", FAILURE),
    ("error,relay={ip},{_}", FAILURE),
    ("LOGIN FAILED, user={user}, ip=[{ip}]", FAILURE),
    ("LOGIN FAILED, method={method}, ip=[{ip}]", FAILURE),
    ("LOGIN, user={user}, ip=[{ip}]", SUCCESS),
    ("LOGOUT, user={user}, ip=[{ip}]", NONE),
];

/// Cyrus, the University of Washington's daemons, Courier's and Solid's, which have their names in common.
pub(super) const MAILBOXES: &[Pattern] = &[
    ("badlogin: {_}[{ip}] {method} {user} SASL({_}", FAILURE),
    ("badlogin: {_}[{ip}] {method} {_}", FAILURE),
    ("login: {_}[{ip}] {user} {method} User logged in{_}", SUCCESS),
    ("Login failed user={user} auth={_}[{ip}]", FAILURE),
    ("Login excessive login failures user={user} auth={_}[{ip}]", FAILURE),
    ("Login disabled user={user} auth={_}[{ip}]", FAILURE),
    ("Failed {_} override of user={user} host={_}[{ip}]", FAILURE),
    ("Authenticated user={user} host={_}[{ip}]", SUCCESS),
    ("Login user={user} host={_}[{ip}]", SUCCESS),
    ("Logout user={user} host={_}[{ip}]", NONE),
    ("LOGIN FAILED, user={user}, ip=[{ip}]", FAILURE),
    ("LOGIN FAILED, method={method}, ip=[{ip}]", FAILURE),
    ("LOGIN, user={user}, ip=[{ip}]", SUCCESS),
    ("LOGOUT, user={user}, ip=[{ip}]", NONE),
    ("authentication failed: {reason}: {user} - {ip}", FAILURE),
];

/// qmail with rblsmtpd and vpopmail.
pub(super) const QMAIL: &[Pattern] = &[
    ("{_}rblsmtpd: {ip} pid {pid}: {_}", FAILURE),
    ("{ip} pid {pid}: {_}", FAILURE),
    ("vchkpw-{service}: vpopmail user not found {user}:{ip}", FAILURE),
    ("vchkpw-{service}: password fail (pass: '{*}') {user}:{ip}", FAILURE),
    ("vchkpw-{service}: password fail {user}:{ip}", FAILURE),
    ("vchkpw-{service}: ({method}) login success {user}:{ip}", SUCCESS),
    ("vchkpw-{service}: login success {user}:{ip}", SUCCESS),
    ("vchkpw-{service}: null password given {user}:{ip}", FAILURE),
    ("tcpserver: ok {pid} {_} {_}:{ip}:{_}", NONE),
    ("tcpserver: deny {pid} {_} {_}:{ip}:{_}", FAILURE),
    ("tcpserver: pid {pid} from {ip}", NONE),
];

/// HCL Domino's console, which names the service first.
pub(super) const DOMINO: &[Pattern] = &[
    ("{service}: {user} [{ip}] authentication failure{_}", FAILURE),
    ("{_}uthentication failed for user {user} ; connecting host {ip}", FAILURE),
];

/// Microsoft Exchange's protocol logs of SMTP, and of IMAP and POP, behind the time.
pub(super) const EXCHANGE: &[Pattern] = &[
    (",{connector-id},{session-id},{sequence-number},{local-endpoint},{ip},{_},535 {_}", FAILURE),
    (",{connector-id},{session-id},{sequence-number},{local-endpoint},{ip},{_}", NONE),
    (",{sessionId},{seqNumber},{sIp},{ip},{login},{_}AuthFailed{_}", FAILURE),
    (",{sessionId},{seqNumber},{sIp},{ip},{login},{_}", NONE),
];

/// Oracle Communications Messaging Server's connection log, behind the time in its first attribute.
pub(super) const ORACLE: &[Pattern] = &[
    ("\" pi={_}ac=\"U\"{_}tr=\"{_}|{_}|{_}|{ip}|{_}us=\"{login}\"", FAILURE),
    ("\" pi={_}tr=\"{_}|{_}|{_}|{ip}|{_}", NONE),
];

/// Open WebMail.
pub(super) const OPENWEBMAIL: &[Pattern] =
    &[("- [{pid}] ({ip}) {login} - {_} error - {_}", FAILURE), ("- [{pid}] ({ip}) {login} - {_}", NONE)];
