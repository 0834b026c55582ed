//! What the message of any program says of a login: "Failed login attempt for user bob@example.com from 192.0.2.7".
//!
//! Only messages that speak of a login, a password, an authentication or a denial are read; in these the first address
//! that is not said to be the server's own is the one that matters.

mod addresses;
mod names;

use std::borrow::Cow;

use memchr::memmem;

use crate::find::AnyOf;
use crate::{Context, LogEvent, address, mentions, plain, programs};

/// Only the beginning of a long message is searched.
const SEARCHED_BYTES_MAX: usize = 1024;

/// What a message that speaks of a login holds, without the first letter, which may be a capital; and the same of a denial, which in the logs of
/// clusters and the like is often something else.
#[rustfmt::skip]
const WORDS: &[&[u8]] = &[
    b"ogin", b"OGIN", b"uth", b"UTH", b"assword", b"enied", b"oken", b"ign-in", b"ogged in", b"ogged on",
    b"ailed", b"ailure", b"eject", b"efused", b"nvalid", b"locked",
];
static LOGIN_MARKS: AnyOf = AnyOf::new(WORDS.split_at(10).0);
static LOGIN_AND_DENIAL_MARKS: AnyOf = AnyOf::new(WORDS);

/// Words that say that somebody was not let in, in lower case.
const FAILURES: [&str; 17] = [
    "fail",
    "denied",
    "invalid",
    "incorrect",
    "wrong",
    "reject",
    "refused",
    "mismatch",
    "doesn't match",
    "unsuccessful",
    "blocked",
    "unknown user",
    "not allowed",
    "nonexistent",
    "bad password",
    "badlogin",
    "authentication error",
];

/// Words that say that somebody was.
const SUCCESSES: [&str; 5] = ["succe", "accepted", "logged in", "log in ok", "login ok"];

/// Fills the address and the user of `event` from its message, where they are empty: those that it states plainly, and where it
/// speaks of a login or a denial, those that it only holds.
///
/// In the latter case the attribute `outcome` is `success` or `failure` where the words say so.
pub(crate) fn complete(event: &mut LogEvent<'_>) {
    if may_name(event) {
        complete_named(event, speaks_of_login_or_denial);
    }
}

fn speaks_of_login_or_denial(text: &[u8]) -> bool {
    LOGIN_AND_DENIAL_MARKS.is_in(text)
}

/// As [`complete`], for the message of a program that speaks mostly of other things. How it begins may show by whom it is.
pub(crate) fn complete_from_app(event: &mut LogEvent<'_>) {
    if !may_name(event) {
        return;
    }
    if let Cow::Borrowed(message) = event.message {
        fill_from_beginning(event, message);
        event.ip = event.ip.or_else(|| client_of_request(message));
    }
    complete_named(event, |text| LOGIN_MARKS.is_in(text));
}

/// The client that eventlet's server names before a request, and the proxies between behind it:
/// `192.0.2.7,192.0.2.1 "GET / HTTP/1.1" status: 200`.
fn client_of_request(message: &[u8]) -> Option<std::net::IpAddr> {
    let quote = memchr::memchr(b'"', message.get(..128).unwrap_or(message))?;
    let (clients, request) = message.split_at_checked(quote)?;
    let word = clients.strip_suffix(b" ").filter(|word| !word.contains(&b' '))?;
    let client = std::str::from_utf8(word.split(|b| *b == b',').next()?).ok()?;
    let method = request.get(1..)?.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let is_request = method > 0 && request.get(method + 1..)?.starts_with(b" /");
    address::parse(client).filter(|_| is_request).map(|found| found.ip)
}

/// As [`complete`], for the message of a device: what it says of denials is mostly of packets, whose addresses have their own words.
pub(crate) fn complete_from_device(event: &mut LogEvent<'_>) {
    if may_name(event) {
        complete_named(event, |text| LOGIN_MARKS.is_in(text));
    }
}

/// As [`complete`], for a line without a header. How it begins behind its time may show by whom it is.
pub(crate) fn complete_from_line(event: &mut LogEvent<'_>, cx: &Context) {
    if !may_name(event) {
        return;
    }
    if let Cow::Borrowed(message) = event.message {
        fill_from_beginning(event, plain::body(message, cx));
    }
    complete_named(event, speaks_of_login_or_denial);
}

/// As [`complete_from_line`], where only the words of the message are looked at.
pub(crate) fn complete_from_words(event: &mut LogEvent<'_>) {
    if may_name(event) {
        complete_named(event, speaks_of_login_or_denial);
    }
}

/// As [`complete_from_line`], for a line that begins with a date and a time in ISO 8601: these hold no address, and need not be searched.
pub(crate) fn complete_from_dated_line(event: &mut LogEvent<'_>, cx: &Context) {
    // The last digit of the second, so that what stands behind it is seen as what it is; without seconds the whole line is searched.
    const LAST_DIGIT: usize = 18;
    let from = if event.message.get(16) == Some(&b':') { LAST_DIGIT } else { 0 };
    if event.ip.is_some() || event.message.get(from..).is_some_and(addresses::may_hold_one) {
        complete_from_line(event, cx);
    }
}

/// Fills the user of `event`, whose address is known, where its message is one of a web server's about a password.
pub(crate) fn complete_user(event: &mut LogEvent<'_>) {
    let message: &[u8] = &event.message;
    if event.user_name.is_empty() && memmem::find(message, b"user").is_some() && may_name(event) {
        complete_named(event, |text| {
            text.starts_with(b"user ") || LOGIN_MARKS.is_in(text) || memmem::find(text, b"retrieve user ").is_some()
        });
    }
}

fn fill_from_beginning(event: &mut LogEvent<'_>, body: &[u8]) {
    if let Some(found) = programs::read_line(searched(body).trim_ascii()) {
        found.fill(event);
    }
}

/// Whether the message may say whom it is about: it holds an address, or that is known already.
fn may_name(event: &LogEvent<'_>) -> bool {
    event.ip.is_some() || addresses::may_hold_one(event.message.get(..SEARCHED_BYTES_MAX).unwrap_or(&event.message))
}

fn searched(message: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(message.get(..SEARCHED_BYTES_MAX).unwrap_or(message))
}

/// Completes `event`, whose message [may name](may_name) somebody.
fn complete_named(event: &mut LogEvent<'_>, speaks_of_login: impl Fn(&[u8]) -> bool) {
    mentions::complete(event);
    if !speaks_of_login(event.message.get(..SEARCHED_BYTES_MAX).unwrap_or(&event.message)) {
        return;
    }
    let text = searched(&event.message);
    let lower = text.to_ascii_lowercase();
    let ip = if event.ip.is_none() { addresses::first(&text) } else { None };
    let user = if event.user_name.is_empty() { names::user(&text, &lower).map(str::to_owned) } else { None };
    let user = user.map(|user| without_address(&user).to_owned());
    let outcome = outcome(&lower);
    drop(text);
    event.ip = event.ip.or(ip);
    if let Some(user) = user {
        event.user_name = Cow::Owned(user);
    }
    let is_about_someone = event.ip.is_some() || !event.user_name.is_empty();
    if is_about_someone && !outcome.is_empty() && event.attributes.get("outcome").is_none() {
        event.attributes.push("outcome", outcome);
    }
}

/// `user` without the address that it is said to come from: `bob@192.0.2.7`.
fn without_address(user: &str) -> &str {
    match user.rsplit_once('@') {
        Some((name, place)) if !name.is_empty() && address::parse(place).is_some() => name,
        _ => user,
    }
}

/// What the words of a message, in lower case, say of its outcome.
fn outcome(lower: &str) -> &'static str {
    let holds = |words: &[&str]| words.iter().any(|word| memmem::find(lower.as_bytes(), word.as_bytes()).is_some());
    match () {
        () if holds(&FAILURES) => "failure",
        () if holds(&SUCCESSES) => "success",
        () => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(message: &str) -> (String, String) {
        let mut event = LogEvent { message: Cow::Borrowed(message.as_bytes()), ..LogEvent::default() };
        complete(&mut event);
        (event.ip.map(|ip| ip.to_string()).unwrap_or_default(), event.user_name.into_owned())
    }

    #[test]
    fn hadoops_address_stands_before_the_name() {
        for (message, ip, user) in [
            ("Auth failed for 192.0.2.7:44444:null (GSS initiate failed)", "192.0.2.7", ""),
            ("Auth failed for 192.0.2.7:44444:bob (GSS initiate failed)", "192.0.2.7", "bob"),
            ("Auth failed for 192.0.2.7:44444:bob", "192.0.2.7", "bob"),
            ("Auth failed for 192.0.2.7:44444", "192.0.2.7", ""),
            ("Auth failed for 2001:db8::7", "2001:db8::7", ""),
            ("Auth failed for shop:bob from 192.0.2.7", "192.0.2.7", "shop:bob"),
        ] {
            assert_eq!(found(message), (ip.to_owned(), user.to_owned()), "{message}");
        }
    }

    #[test]
    fn the_client_before_a_request_is_known() {
        for (message, ip) in [
            ("192.0.2.7 \"GET /a HTTP/1.1\" status: 200", Some("192.0.2.7")),
            ("192.0.2.7,192.0.2.1 \"OPTIONS / HTTP/1.1\" status: 404", Some("192.0.2.7")),
            ("192.0.2.7 \"a text\" of", None),
            ("from 192.0.2.7 \"GET /a\"", None),
            ("192.0.2.7 \"", None),
        ] {
            assert_eq!(client_of_request(message.as_bytes()), ip.and_then(|ip| ip.parse().ok()), "{message}");
        }
    }

    #[test]
    fn the_address_and_the_user_of_a_login_are_found() {
        for (message, ip, user) in [
            ("Failed login attempt for user bob@example.com from ip address 192.0.2.7", "192.0.2.7", "bob@example.com"),
            ("Failed authentication attempt for bob from 192.0.2.7:3952: no such user", "192.0.2.7", "bob"),
            ("Bad password for bob (192.0.2.7)", "192.0.2.7", "bob"),
            ("Access denied for user 'bob'@'192.0.2.7' (using password: YES)", "192.0.2.7", "bob"),
            ("login failed on 192.0.2.1 for user [bob] from 192.0.2.7", "192.0.2.7", "bob"),
            ("authenticator failed for (x) [2001:db8::7]:55: 535 Incorrect data (set_id=bob)", "2001:db8::7", "bob"),
            ("login failed for x ([192.0.2.1]) [192.0.2.7]", "192.0.2.7", "x"),
            ("LOGIN FAILED, user=bob, ip=[::ffff:192.0.2.7]", "192.0.2.7", "bob"),
            ("GET /login: ::1: wrong password", "::1", ""),
            ("login failed, IP: 2001:db8:1:2:3:4:5:6, username: bob", "2001:db8:1:2:3:4:5:6", "bob"),
            ("Login failed for db:shop login:bob from 192.0.2.7", "192.0.2.7", "bob"),
            ("Registration from 'x' failed for '192.0.2.7' - Wrong password", "192.0.2.7", ""),
            (
                "bad login {\"account\":{\"ip\":\"192.0.2.7\",\"email\":\"bob@example.com\"}}",
                "192.0.2.7",
                "bob@example.com",
            ),
            ("user bob not found: /x, denied to 192.0.2.1 from 192.0.2.7", "192.0.2.7", "bob"),
            ("failed to authenticate user:bob, user agent=\"x/1\", client 192.0.2.7", "192.0.2.7", "bob"),
            ("GET /login?user=eve denied to 192.0.2.7", "", ""),
            ("Failed Login Attempt - username:bob ip:192.0.2.7 url:/login.php", "192.0.2.7", "bob"),
            ("[identity.not-found] no user found: user not found, auth from 192.0.2.7", "192.0.2.7", ""),
            ("Digest: user `bob' in realm `x' not found, auth from 192.0.2.7", "192.0.2.7", "bob"),
            ("user username: authorization failure for \"/\" from 192.0.2.7", "192.0.2.7", "username"),
            ("Digest: user username: password mismatch: /, from 192.0.2.7", "192.0.2.7", "username"),
            ("Login failed for user ''. An attempt to login using SQL failed. [CLIENT: 192.0.2.7]", "192.0.2.7", ""),
            ("Controller::login::106 Login with username bob from 192.0.2.7 failed", "192.0.2.7", "bob"),
            (
                "User authentication failed. The user name that has been provided was \"bob\", from 192.0.2.7.",
                "192.0.2.7",
                "bob",
            ),
            ("x authenticator failed for mail.example [192.0.2.7]: 535 no (set_id=bob)", "192.0.2.7", "bob"),
            ("Login attempt for nonexistent user from 192.0.2.7:5", "192.0.2.7", ""),
            ("x authenticator failed for H=mail.example (a) [192.0.2.7]: 535 no", "192.0.2.7", ""),
            ("digest: auth failed for  bob : wrong password, IP: 192.0.2.7", "192.0.2.7", "bob"),
            ("Login failed for  from 192.0.2.7", "192.0.2.7", ""),
            ("authentication timeout for connection from 192.0.2.7", "192.0.2.7", ""),
            ("disconnect from 192.0.2.7: 11: Closed due to user request. [preauth]", "192.0.2.7", ""),
            ("login: the user could not be found, from 192.0.2.7", "192.0.2.7", ""),
            ("user (name stripped-out) authentication failure for X, 192.0.2.7", "192.0.2.7", "(name stripped-out)"),
        ] {
            assert_eq!(found(message), (ip.to_owned(), user.to_owned()), "{message}");
        }
    }

    #[test]
    fn the_words_say_how_it_went() {
        for (message, outcome) in [
            ("Login failed for user bob from 192.0.2.7", Some("failure")),
            ("Incorrect password for user bob, IP=192.0.2.7", Some("failure")),
            ("password doesn't match for /x username: bob, IP: 192.0.2.7", Some("failure")),
            ("Successful login by user 'bob' from 192.0.2.7", Some("success")),
            ("login attempt from 192.0.2.7", None),
            ("transfer from 192.0.2.7 of 5 bytes was a success", None),
        ] {
            let mut event = LogEvent { message: Cow::Borrowed(message.as_bytes()), ..LogEvent::default() };
            complete(&mut event);
            assert_eq!(event.attributes.get("outcome"), outcome, "{message}");
        }
    }

    #[test]
    fn a_program_that_speaks_of_other_things_is_believed_only_about_logins() {
        for (message, ip) in [
            ("Failed to connect, node 192.0.2.7 is down", None),
            ("password of admin was wrong, 192.0.2.7", "192.0.2.7".parse().ok()),
        ] {
            let mut event = LogEvent { message: Cow::Borrowed(message.as_bytes()), ..LogEvent::default() };
            complete_from_app(&mut event);
            assert_eq!(event.ip, ip, "{message}");
        }
    }

    #[test]
    fn what_does_not_speak_of_a_login_is_left_alone() {
        for message in [
            "",
            "connected to 192.0.2.7",
            "user bob says hello",
            "login at 10:11:12",
            "auth module v1.2.3.4 loaded",
            "authenticated at 10:11:12:13 o'clock",
            "login to 192.0.2.1",
        ] {
            assert_eq!(found(message), (String::new(), String::new()), "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_survived(message: Vec<u8>, text in "(login |for user |::1|192\\.0\\.2\\.7|\\[|\\]|'|\"|é|from |:|\\.){0,40}") {
            let mut event = LogEvent { message: Cow::Owned(message), ..LogEvent::default() };
            complete(&mut event);
            let _ = found(&text);
        }
    }
}
