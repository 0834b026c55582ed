//! What programs that log people in say in their messages: who, from where, and with which outcome.
//!
//! The program's name chooses the patterns, so that the messages of all other programs cost one look at their name.

mod dovecot;
mod drupal;
mod pairs;
mod patterns;
mod template;
mod words;

use std::borrow::Cow;

use crate::{Attributes, Context, Level, LogEvent, level_names, logins, mikrotik};

/// Never a record's own format: a message stands within one of another.
const FORMAT: &str = "program";

/// What a message says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Found<'a> {
    user: &'a str,
    ip: &'a str,
    /// `success`, `failure`, or empty.
    outcome: &'static str,
    /// The level that stands in the message, where the line has no other.
    level: Level,
    /// The host, the program and its process, where a line without a header names them.
    origin: Origin<'a>,
    /// Other fields, by the program's own names.
    fields: Vec<(&'static str, &'a str)>,
}

/// Who wrote a line that has no header.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Origin<'a> {
    host: &'a str,
    app: &'a str,
    proc_id: &'a str,
}

impl Found<'_> {
    /// Fills the fields of `event` that are empty, and adds the attributes.
    pub(crate) fn fill(&self, event: &mut LogEvent<'_>) {
        // A peer may call itself by its address, which is nobody's name.
        let is_unnamed = self.ip.is_empty() && self.user.parse::<std::net::IpAddr>().is_ok();
        let (stated, user) = if is_unnamed { (self.user, "") } else { (self.ip, self.user) };
        let ip = template::address_of(stated);
        if ip.is_none() && !matches!(self.ip, "" | "?" | "-") && !is_hardware_address(self.ip) {
            // A host's name in the place of an address.
            event.attributes.push("rhost", self.ip);
        }
        event.ip = event.ip.or(ip);
        if event.level == Level::Unknown {
            event.level = self.level;
        }
        let Origin { host, app, proc_id } = self.origin;
        for (field, value) in [(&mut event.host, host), (&mut event.app, app), (&mut event.proc_id, proc_id)] {
            if field.is_empty() && !value.is_empty() {
                *field = Cow::Owned(value.to_owned());
            }
        }
        // login has a word for what nobody is called.
        if event.user_name.is_empty() && !matches!(user, "-" | "UNKNOWN") {
            event.user_name = Cow::Owned(user.to_owned());
        }
        let outcome = (!self.outcome.is_empty()).then_some(("outcome", self.outcome));
        if event.attributes.is_empty() {
            let all = || outcome.iter().chain(&self.fields);
            let bytes = all().map(|(name, value)| name.len() + value.len()).sum();
            event.attributes = Attributes::with_capacity(bytes, all().count());
        }
        if let Some((name, value)) = outcome.filter(|(name, _)| event.attributes.get(name).is_none()) {
            event.attributes.push(name, value);
        }
        for (name, value) in &self.fields {
            if !matches!(*value, "" | "-") && event.attributes.get(name).is_none() {
                event.attributes.push(name, value);
            }
        }
    }
}

/// Whether `text` is six bytes in hex, which switches may write before the address.
fn is_hardware_address(text: &str) -> bool {
    text.len() == 17
        && text.split(['-', ':']).all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Reads the message of the program `app`; `None` where it is none that is known.
///
/// The attributes are `outcome` (`success` or `failure`) where the message states one, and the parts that the program
/// names. The message is kept.
pub(crate) fn read<'a>(app: &str, message: &'a [u8], _cx: &Context) -> Option<LogEvent<'a>> {
    let text = || std::str::from_utf8(message).ok().map(str::trim);
    let may_be_labelled = app == "dovecot" || dovecot::is_process(app);
    let label = may_be_labelled.then(text).flatten().and_then(dovecot::labelled);
    let is_pam = || message.starts_with(b"pam_") || message.starts_with(b"PAM ");
    let is_dovecots = || label.is_some().then_some(Program::Dovecot);
    let by_message = || {
        if is_pam() { Some(Program::Templates(&[])) } else { drupal::may_be(message).then_some(Program::Drupal) }
    };
    let program = program(app).or_else(is_dovecots).or_else(by_message)?;
    let text = text()?;
    let headed = solaris_number(text).or_else(|| (app == "named").then(|| words::bind_head(text))?);
    let (headed, text) = headed.unwrap_or((Level::Unknown, text));
    let mut event = LogEvent { message: Cow::Borrowed(message), format: FORMAT, ..LogEvent::default() };
    match program.read(unrepeated(text)) {
        Some(found) => found.fill(&mut event),
        None => logins::complete(&mut event),
    }
    let stated = mikrotik::level_of_topics(app).or(label.map(|(level, _)| level));
    event.level = stated.unwrap_or(headed);
    let is_known = event.level != Level::Unknown
        || event.ip.is_some()
        || !event.user_name.is_empty()
        || !event.attributes.is_empty();
    is_known.then_some(event)
}

/// Completes `event`, whose message is known to be one of the program `app`, by what its patterns say.
pub(crate) fn complete(event: &mut LogEvent<'_>, app: &str) {
    let Cow::Borrowed(message) = event.message else { return };
    let found = program(app).zip(std::str::from_utf8(message).ok()).and_then(|(program, text)| program.read(text));
    if let Some(found) = found {
        found.fill(event);
    }
}

/// What a line that names no program in a header says; `body` is what stands behind its time.
///
/// A program may be named in it all the same: `web1 proftpd[7] text`.
pub(crate) fn read_line(body: &str) -> Option<Found<'_>> {
    let body = without_idle_share(body);
    if let Some((origin, message)) = tag(body) {
        return Some(Found { origin, ..program(origin.app)?.read(unrepeated(message))? });
    }
    let by_list = |patterns: &'static [template::Pattern]| template::first_with_address(patterns, body);
    let found = patterns::beginning_as(body).find_map(by_list).or_else(|| {
        let may_be_any = patterns::MARKS.is_in(body.as_bytes());
        may_be_any.then(|| patterns::ANY.into_iter().find_map(by_list))?
    });
    found.or_else(|| words::openvpn_line(body)).or_else(|| dovecot::line(body))
}

/// The name of a program with its process id at the front of `text`, or behind the name of a host; and what follows.
fn tag(text: &str) -> Option<(Origin<'_>, &str)> {
    let near = text.get(..NAME_BYTES_MAX).unwrap_or(text);
    let (before, _) = near.split_once('[')?;
    let name = before.rsplit(' ').next().filter(|name| !name.is_empty() && before.split(' ').count() <= 2)?;
    let (id, message) = text.get(before.len() + 1..)?.split_once(']')?;
    let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    let message = message.strip_prefix(':').unwrap_or(message).strip_prefix(' ')?;
    let host = before.get(..before.len() - name.len())?.trim_end();
    // The first word may be a level as well.
    let host = if level_names::from_word(host).is_some() { "" } else { host };
    (is_id && program(name).is_some()).then_some((Origin { host, app: name, proc_id: id }, message))
}

/// `text` without the share of time that the processors idle, `98.23% `, with which FreeSWITCH's lines begin since version 1.10.7.
fn without_idle_share(text: &str) -> &str {
    let number = text.bytes().take(6).take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    text.get(number..).filter(|_| number > 3).and_then(|rest| rest.strip_prefix("% ")).unwrap_or(text)
}

/// Within so many bytes stands a program's name.
const NAME_BYTES_MAX: usize = 96;

/// Solaris' syslog numbers messages, `[ID 800047 auth.info] text`: the level of what it states, and the text.
fn solaris_number(text: &str) -> Option<(Level, &str)> {
    let (number, text) = text.strip_prefix("[ID ")?.split_once("] ")?;
    let (id, priority) = number.split_once(' ')?;
    let (_, severity) = priority.split_once('.').filter(|_| id.bytes().all(|b| b.is_ascii_digit()))?;
    Some((Level::from_severity(level_names::severity_keyword(severity)?), text))
}

/// The level that a message states as Solaris' syslog does.
pub(crate) fn level_of_solaris(message: &[u8]) -> Level {
    let near = message.get(..64).unwrap_or(message);
    let near = near.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    solaris_number(near).map_or(Level::Unknown, |(level, _)| level)
}

/// Syslog daemons count repetitions: `message repeated 3 times: [ Failed password … ]`.
fn unrepeated(text: &str) -> &str {
    match text.strip_prefix("message repeated ").and_then(|rest| rest.split_once(": [ ")) {
        Some((_, inner)) => inner.strip_suffix(']').unwrap_or(inner).trim(),
        None => text,
    }
}

/// OpenSSH's text without the mark of its severity.
fn unmarked(text: &str) -> &str {
    text.strip_prefix("error: ").or_else(|| text.strip_prefix("fatal: ")).unwrap_or(text)
}

enum Program {
    Ssh,
    Sudo,
    Dovecot,
    Drupal,
    Openvpn,
    Postfix,
    Unbound,
    Templates(&'static [template::Pattern]),
}

impl Program {
    fn read<'a>(&self, text: &'a str) -> Option<Found<'a>> {
        match self {
            Self::Ssh => template::first(patterns::of("sshd")?, unmarked(text)).or_else(|| pairs::pam(text)),
            Self::Sudo => pairs::pam(text).or_else(|| pairs::sudo(text)),
            Self::Dovecot => pairs::pam(text).or_else(|| dovecot::read(text)),
            Self::Drupal => drupal::read(text),
            Self::Openvpn => template::first(patterns::of("openvpn")?, text).or_else(|| words::openvpn(text)),
            Self::Postfix => words::postfix(text, patterns::of("smtpd").and_then(|known| template::first(known, text))),
            Self::Unbound => words::unbound(text).or_else(|| template::first(patterns::of("named")?, text)),
            Self::Templates(patterns) => template::first(patterns, text).or_else(|| pairs::pam(text)),
        }
    }
}

/// The program that `app` names: `sshd-session`, `postfix/smtpd`, `su(pam_unix)`, `CRON`.
fn program(app: &str) -> Option<Program> {
    let begin = app.bytes().rposition(|byte| byte == b'/').map_or(0, |slash| slash + 1);
    let name = app.get(begin..).unwrap_or(app);
    let end = name.bytes().position(|byte| matches!(byte, b'(' | b':')).unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(name);
    Some(match name {
        "sshd" | "sshd-session" | "sshd-auth" => Program::Ssh,
        "sudo" | "sudo-rs" => Program::Sudo,
        "dovecot" | "imap-login" | "pop3-login" | "managesieve-login" | "submission-login" | "auth-worker" => {
            Program::Dovecot
        }
        "drupal" => Program::Drupal,
        "openvpn" | "ovpn-server" => Program::Openvpn,
        "unbound" => Program::Unbound,
        _ if mikrotik::level_of_topics(app).is_some() => Program::Templates(patterns::of("routeros")?),
        _ if app.starts_with("postfix") => Program::Postfix,
        _ if name.starts_with("fail2ban.") => Program::Templates(patterns::of("fail2ban")?),
        // What login makes of its name while it asks for a password.
        _ if app.starts_with("-- ") => Program::Templates(patterns::of("login")?),
        _ if name.starts_with("perdition") => Program::Templates(patterns::of("perdition")?),
        name => Program::Templates(patterns::of(name)?),
    })
}

#[cfg(test)]
mod tests;
